// SPDX-License-Identifier: Apache-2.0
#include "codec/rle/decoder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "base/checked_math.hpp"
#include "codec/rle/header.hpp"
#include "codec/rle/kernels.hpp"
#include "codec/samples/frame_sink.hpp"
#include "codec/samples/kernels.hpp"
#include "codec/uncompressed/decoder.hpp"
#include "radpix/parallel.hpp"

namespace radpix::rle {
namespace {

using samples::FrameSink;

/// What all strips of a frame share.
struct Frame {
    Bytes codestream;
    std::vector<Bytes> segments;
    const FrameSink &sink;
    samples::StoredBits bits;
    bool to_rgb;
    Index pixels;

    [[nodiscard]] const std::byte *readable_end() const noexcept {
        return codestream.data() + codestream.size();
    }
};

/// The error is that of the first short segment, whichever strip met which one first.
[[noreturn]] void throw_short_segment(const Frame &frame) {
    for (std::size_t i = 0; i < frame.segments.size(); ++i) {
        const Bytes segment = frame.segments[i];
        Cursor cursor{segment.data(), segment.data() + segment.size()};
        const Index bytes = skip(cursor, std::numeric_limits<Index>::max());
        if (bytes < frame.pixels) {
            throw_error(Errc::truncated,
                        "RLE segment " + std::to_string(i) + " ends after " + std::to_string(bytes) + " of " +
                            std::to_string(frame.pixels) + " bytes",
                        segment.data() + segment.size() - frame.codestream.data());
        }
    }
    throw_error(Errc::truncated, "an RLE segment ends early", static_cast<Index>(frame.codestream.size()));
}

/// Decodes the pixels [first, last) of a frame. Every segment goes through a buffer of one block, from which
/// the bytes are joined to samples while they are in the L1 cache; what the last packet of a block decodes
/// beyond it moves to the front of the next.
class StripDecoder {
public:
    StripDecoder(const Frame &frame, Index first, Index last)
        : frame_(frame), first_(first), last_(last), planes_(static_cast<int>(frame.segments.size())),
          block_(std::clamp<Index>((Index{16} << 10) / planes_, 1024, 4096)),
          plane_stride_(block_ + 2 * longest_run), size_(frame.sink.sample_size()),
          buffer_(std::make_unique_for_overwrite<std::byte[]>(
              static_cast<std::size_t>(planes_ * (plane_stride_ + block_)))) {
        for (int plane = 0; plane < planes_; ++plane) {
            start(plane);
        }
    }

    void run() {
        const Index columns = frame_.sink.columns();
        for (Index pixel = first_; pixel < last_;) {
            const Index row = pixel / columns;
            const Index column = pixel % columns;
            const Index count = std::min({block_, columns - column, last_ - pixel});
            for (int plane = 0; plane < planes_; ++plane) {
                fill(plane, count);
            }
            write(row, column, count);
            for (int plane = 0; plane < planes_; ++plane) {
                drop(plane, count);
            }
            pixel += count;
        }
    }

    /// After the last strip: bytes that the segments hold beyond the frame.
    void report_long_segments(std::vector<Deviation> &deviations) {
        for (int plane = 0; plane < planes_; ++plane) {
            Cursor &cursor = cursors_[index(plane)];
            const Index offset = cursor.next - frame_.codestream.data();
            const Index extra = ready_[index(plane)] + skip(cursor, std::numeric_limits<Index>::max() / 2);
            if (extra > 0) {
                deviations.push_back({"rle-segment-long",
                                      "RLE segment " + std::to_string(plane) + " holds " +
                                          std::to_string(extra) +
                                          " bytes more than the frame has pixels; they are ignored",
                                      0, offset});
            }
        }
    }

private:
    static std::size_t index(int plane) noexcept { return static_cast<std::size_t>(plane); }
    [[nodiscard]] std::byte *plane_at(int plane) const noexcept {
        return buffer_.get() + plane * plane_stride_;
    }
    /// Joined samples, one plane for each sample of a pixel.
    [[nodiscard]] std::byte *joined_at(int sample) const noexcept {
        return buffer_.get() + planes_ * plane_stride_ + sample * block_ * size_;
    }

    void start(int plane) {
        const Bytes segment = frame_.segments[index(plane)];
        Cursor &cursor = cursors_[index(plane)];
        cursor = {segment.data(), segment.data() + segment.size()};
        const Index before = first_ - skip(cursor, first_);
        if (before > 0) { // the packet that crosses the strip's edge
            fill(plane, before);
            drop(plane, before);
        }
    }

    void fill(int plane, Index count) {
        Index &ready = ready_[index(plane)];
        if (ready < count) {
            ready += kernels_.unpack(cursors_[index(plane)], frame_.readable_end(), plane_at(plane) + ready,
                                     count - ready);
            if (ready < count) {
                throw_short_segment(frame_);
            }
        }
    }

    void drop(int plane, Index count) noexcept {
        Index &ready = ready_[index(plane)];
        ready -= count;
        std::memmove(plane_at(plane), plane_at(plane) + count, static_cast<std::size_t>(ready));
    }

    void write(Index row, Index column, Index count) noexcept {
        const FrameSink &sink = frame_.sink;
        const auto kind = samples::size_index(size_);
        if (size_ > 1 && sink.samples() == 1 && sink.rows_are_dense()) {
            join(0, sink.at(row, column), count);
            return;
        }
        std::array<std::byte *, max_segments> samples_of_row{};
        for (int sample = 0; sample < sink.samples(); ++sample) {
            samples_of_row[index(sample)] = size_ > 1 ? joined_at(sample) : plane_at(sample);
            if (size_ > 1) {
                join(sample, joined_at(sample), count);
            } else if (!frame_.bits.are_all()) {
                row_kernels_.keep_stored_bits[kind](plane_at(sample), count, frame_.bits);
            }
        }
        if (frame_.to_rgb) {
            row_kernels_.ybr_full_to_rgb(reinterpret_cast<std::uint8_t *>(plane_at(0)),
                                         reinterpret_cast<std::uint8_t *>(plane_at(1)),
                                         reinterpret_cast<std::uint8_t *>(plane_at(2)), count);
        }
        sink.write_planes(samples_of_row.data(), row, column, count, row_kernels_);
    }

    void join(int sample, std::byte *target, Index count) noexcept {
        const auto kind = samples::size_index(size_);
        std::array<const std::byte *, 8> parts{};
        for (int part = 0; part < size_; ++part) {
            parts[index(part)] = plane_at(sample * static_cast<int>(size_) + part);
        }
        row_kernels_.join_bytes[kind](parts.data(), target, count);
        if (!frame_.bits.are_all()) {
            row_kernels_.keep_stored_bits[kind](target, count, frame_.bits);
        }
    }

    const Frame &frame_;
    Index first_, last_;
    int planes_;
    Index block_, plane_stride_, size_;
    std::unique_ptr<std::byte[]> buffer_;
    std::array<Cursor, max_segments> cursors_{};
    std::array<Index, max_segments> ready_{}; // decoded bytes at the front of each plane's buffer
    const Kernels &kernels_ = rle::kernels();
    const samples::Kernels &row_kernels_ = samples::kernels();
};

/// A thread that decodes a later strip first passes over the packets before it, at about `skip_cost` of the
/// time it takes to decode them.
Index strip_begin(Index pixels, Index strip, Index strips) noexcept {
    return pixels * strip / strips;
}

void decode_strips(const Frame &frame, int threads, std::vector<Deviation> &deviations) {
    constexpr Index least_pixels = Index{64} << 10; // below, handing work over costs more than it saves
    const Index wanted = threads == 0 ? num_threads() : threads;
    const Index strips = std::clamp<Index>(frame.pixels / least_pixels, 1, wanted);
    parallel_for(0, strips, 1, threads, [&](Index first, Index last) {
        for (Index strip = first; strip < last; ++strip) {
            StripDecoder decoder(frame, strip_begin(frame.pixels, strip, strips),
                                 strip_begin(frame.pixels, strip + 1, strips));
            decoder.run();
            if (strip + 1 == strips) {
                decoder.report_long_segments(deviations);
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
    decode_strips(frame, 1, deviations);
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
    decode_strips(frame, options.threads, deviations);
}

} // namespace radpix::rle
