// SPDX-License-Identifier: Apache-2.0
#include "codec/rle/decoder.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>

#include "base/checked_math.hpp"
#include "codec/rle/block_decoder.hpp"
#include "codec/uncompressed/decoder.hpp"
#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"

namespace radpix::rle {
namespace {

using samples::FrameSink;

/// Where a thread that decodes from the front of a frame and one that takes its rest meet.
class Meeting {
public:
    explicit Meeting(Index pixels) : end_(pixels) {}

    /// For the thread at the front: how many of the `count` pixels from `pixel` on are still its own.
    Index claim(Index pixel, Index count) {
        const std::lock_guard lock(mutex_);
        count = std::clamp<Index>(end_ - pixel, 0, count);
        claimed_ = pixel + count;
        return count;
    }

    [[nodiscard]] Index claimed() {
        const std::lock_guard lock(mutex_);
        return claimed_;
    }

    /// For the other one: takes what begins with `pixel`, unless that is under way already.
    bool take_from(Index pixel) {
        const std::lock_guard lock(mutex_);
        if (claimed_ > pixel) {
            return false;
        }
        end_ = pixel;
        return true;
    }

private:
    std::mutex mutex_;
    Index claimed_ = 0;
    Index end_;
};

void decode_front(const Frame &frame, Meeting &meeting, std::vector<Deviation> &deviations) {
    BlockDecoder decoder(frame, begin_of(frame), 0);
    Index pixel = 0;
    while (const Index count = meeting.claim(pixel, decoder.block_at(pixel))) {
        check_cancelled();
        decoder.decode(pixel, count);
        pixel += count;
        if (pixel == frame.pixels) {
            decoder.report_long_segments(deviations);
            return;
        }
    }
}

/// Passes over packets, which is faster than decoding them where they are long, until what is left takes as
/// long as what the thread at the front has still to do before it gets here. Segments of short packets take
/// as long to pass over as to decode: then the front thread stays ahead, and does it all.
void decode_rest(const Frame &frame, Meeting &meeting, std::vector<Deviation> &deviations) {
    constexpr Index step = Index{16} << 10;
    Positions positions = begin_of(frame);
    Index pixel = 0;
    do {
        pixel += step;
        if (pixel >= frame.pixels) {
            return;
        }
        for (std::size_t i = 0; i < frame.segments.size(); ++i) {
            positions[i].passed += skip(positions[i].cursor, pixel - positions[i].passed);
        }
        if (meeting.claimed() >= pixel) {
            return;
        }
    } while (frame.pixels - pixel > pixel - meeting.claimed());
    if (!meeting.take_from(pixel)) {
        return;
    }
    BlockDecoder decoder(frame, positions, pixel);
    for (; pixel < frame.pixels;) {
        check_cancelled();
        const Index count = decoder.block_at(pixel);
        decoder.decode(pixel, count);
        pixel += count;
    }
    decoder.report_long_segments(deviations);
}

void decode_segments(const Frame &frame, int threads, std::vector<Deviation> &deviations) {
    constexpr Index worth_sharing = Index{128} << 10; // pixels
    Meeting meeting(frame.pixels);
    const Index parts = frame.pixels < worth_sharing ? 1 : 2;
    parallel_for(0, parts, 1, threads, [&](Index first, Index last) {
        for (Index part = first; part < last; ++part) {
            if (part == 0) {
                decode_front(frame, meeting, deviations);
            } else if (meeting.claimed() < frame.pixels) {
                decode_rest(frame, meeting, deviations);
            }
        }
    });
}

/// Frames of 1 bit allocated: their packed bytes are what the one segment holds (PS3.5 8.1.1, G.2).
void decode_bits(Bytes codestream, const FrameLayout &layout, const ArrayView &out,
                 std::vector<Deviation> &deviations) {
    const Index bytes = (layout.rows * layout.columns - 1) / 8 + 1;
    const auto packed = std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(bytes));
    ArrayView row;
    row.data = packed.get();
    row.rank = 2;
    row.shape = {1, bytes};
    row.strides = {bytes, 1};
    const FrameSink packed_sink(row);
    const Frame frame{codestream, segments_of(codestream, 1, deviations), packed_sink, {}, false, bytes};
    decode_segments(frame, 1, deviations);
    uncompressed::unpack_bits({packed.get(), static_cast<std::size_t>(bytes)}, FrameSink(out));
}

int segments_expected(const FrameLayout &layout) {
    const int segments = layout.samples_per_pixel * std::max(1, layout.bits_allocated / 8);
    if (segments > max_segments || (layout.bits_allocated == 1 && segments > 1)) {
        throw_error(Errc::unsupported_layout,
                    "RLE has at most 15 segments (PS3.5 G.5); " + std::to_string(layout.samples_per_pixel) +
                        " samples of " + std::to_string(layout.bits_allocated) + " bits cannot be stored");
    }
    return segments;
}

} // namespace

void decode(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options, const ArrayView &out,
            std::vector<Deviation> &deviations) {
    check_layout(layout, out);
    const int segments = segments_expected(layout);
    if (layout.bits_allocated == 1) {
        decode_bits(codestream, layout, out, deviations);
        return;
    }
    const bool to_rgb = samples::converts_to_rgb(layout, options);
    const FrameSink sink(out);
    const Frame frame{codestream, segments_of(codestream, segments, deviations),
                      sink,       samples::stored_bits(layout),
                      to_rgb,     checked_mul(layout.rows, layout.columns)};
    decode_segments(frame, options.threads, deviations);
}

} // namespace radpix::rle
