// SPDX-License-Identifier: Apache-2.0
/// Many frames of one object: who decodes which, on which thread.
#include <algorithm>
#include <atomic>
#include <iterator>
#include <string>
#include <tuple>

#include "radpix/codec.hpp"
#include "radpix/error.hpp"
#include "radpix/parallel.hpp"

namespace radpix {
namespace {

ArrayView frame_of(const ArrayView &frames, Index index) {
    ArrayView frame;
    frame.type = frames.type;
    frame.rank = frames.rank - 1;
    std::copy(frames.shape.begin() + 1, frames.shape.end(), frame.shape.begin());
    std::copy(frames.strides.begin() + 1, frames.strides.end(), frame.strides.begin());
    frame.data = static_cast<std::byte *>(frames.data) + index * frames.strides[0] * size_of(frames.type);
    return frame;
}

/// One call of decode_frames.
class FrameJob {
public:
    FrameJob(const TransferSyntax &syntax, std::span<const Bytes> codestreams, const FrameLayout &layout,
             const DecodeOptions &options, const ArrayView &out)
        : syntax_(syntax), codestreams_(codestreams), layout_(layout), options_(options), out_(out),
          deviations_(codestreams.size()), first_failed_(count()) {}

    void run(int threads) {
        // More threads than that leave half of them idle unless they share a frame.
        if (2 * count() > threads) {
            const bool in_pairs = syntax_.decode_pair != nullptr && count() >= 2 * Index{threads};
            options_.threads = 1;
            parallel_for(0, count(), grain(in_pairs), threads,
                         [&](Index first, Index last) { decode_range(first, last, in_pairs); });
        } else {
            options_.threads = threads;
            decode_range(0, count(), false);
        }
    }

    [[nodiscard]] std::vector<Deviation> deviations() {
        std::vector<Deviation> all;
        for (std::size_t frame = 0; frame < deviations_.size(); ++frame) {
            for (Deviation &deviation : deviations_[frame]) {
                deviation.frame = static_cast<Index>(frame);
            }
            std::move(deviations_[frame].begin(), deviations_[frame].end(), std::back_inserter(all));
        }
        return all;
    }

    /// The frame whose error run() threw.
    [[nodiscard]] Index first_failed() const noexcept { return first_failed_.load(); }

private:
    [[nodiscard]] Index count() const noexcept { return static_cast<Index>(codestreams_.size()); }

    /// Frames a thread takes at once: 64 Ki pixels, so that tiny frames do not cost a hand-over each.
    [[nodiscard]] Index grain(bool in_pairs) const noexcept {
        const Index enough = (Index{1} << 16) / (layout_.rows * layout_.columns);
        return in_pairs ? std::max<Index>(2, enough / 2 * 2) : std::max<Index>(1, enough);
    }

    void decode_range(Index first, Index last, bool in_pairs) {
        Index frame = first;
        for (; in_pairs && frame + 2 <= last; frame += 2) {
            if (!decode_pair(frame)) {
                break; // one by one, so that the error is that of the frame at fault
            }
        }
        for (; frame < last; ++frame) {
            decode_one(frame);
        }
    }

    bool decode_pair(Index frame) {
        const auto at = static_cast<std::size_t>(frame);
        try {
            syntax_.decode_pair(codestreams_[at], codestreams_[at + 1], layout_, options_,
                                frame_of(out_, frame), frame_of(out_, frame + 1), deviations_[at],
                                deviations_[at + 1]);
            return true;
        } catch (const Error &) {
            deviations_[at].clear();
            deviations_[at + 1].clear();
            return false;
        }
    }

    void decode_one(Index frame) {
        const auto at = static_cast<std::size_t>(frame);
        try {
            syntax_.decode(codestreams_[at], layout_, options_, frame_of(out_, frame), deviations_[at]);
        } catch (...) {
            Index earlier = first_failed_.load();
            while (frame < earlier && !first_failed_.compare_exchange_weak(earlier, frame)) {
            }
            throw;
        }
    }

    const TransferSyntax &syntax_;
    std::span<const Bytes> codestreams_;
    const FrameLayout &layout_;
    DecodeOptions options_;
    const ArrayView &out_;
    std::vector<std::vector<Deviation>> deviations_;
    std::atomic<Index> first_failed_;
};

void check_frames(std::span<const Bytes> codestreams, const FrameLayout &layout,
                  const FrameSelection &selection, const ArrayView &out) {
    const auto count = static_cast<Index>(codestreams.size());
    if (out.rank < 1 || out.shape[0] != count) {
        throw_error(Errc::shape_mismatch, "the output has room for " +
                                              std::to_string(out.rank < 1 ? 0 : out.shape[0]) + " frames, " +
                                              std::to_string(count) + " codestreams were given");
    }
    FrameLayout shown = layout;
    std::tie(shown.rows, shown.columns) = selected_shape(layout, selection);
    check_layout(shown, frame_of(out, 0));
}

} // namespace

std::pair<Index, Index> selected_shape(const FrameLayout &layout, const FrameSelection &selection) {
    if (selection.is_whole()) {
        return {layout.rows, layout.columns};
    }
    constexpr int most = 32; // ISO/IEC 15444-1 table A.15
    if (selection.reduce < 0 || selection.reduce > most || selection.layers < 0) {
        throw_error(Errc::invalid_argument, "levels to leave out are from 0 to 32, layers from 1 on");
    }
    FrameSelection part = selection;
    if (part.height == 0) {
        part.height = layout.rows;
        part.width = layout.columns;
        part.row = part.column = 0;
    }
    const auto is_inside = [](Index begin, Index size, Index whole) {
        return begin >= 0 && size > 0 && begin < whole && size <= whole - begin;
    };
    if (!is_inside(part.row, part.height, layout.rows) ||
        !is_inside(part.column, part.width, layout.columns)) {
        throw_error(Errc::invalid_argument, "a region that does not lie inside the frame");
    }
    const auto reduced = [&](Index value) { return (value + (Index{1} << part.reduce) - 1) >> part.reduce; };
    return {reduced(part.row + part.height) - reduced(part.row),
            reduced(part.column + part.width) - reduced(part.column)};
}

std::vector<Deviation> decode_frames(std::string_view transfer_syntax_uid, std::span<const Bytes> codestreams,
                                     const FrameLayout &layout, const DecodeOptions &options,
                                     const ArrayView &out, Index *frame_of_error) {
    const TransferSyntax *syntax = find_transfer_syntax(transfer_syntax_uid);
    if (syntax == nullptr) {
        throw_error(Errc::unsupported_transfer_syntax,
                    "no decoder for transfer syntax " + std::string(transfer_syntax_uid));
    }
    if (options.threads < 0 || options.threads > 1024) {
        throw_error(Errc::invalid_argument,
                    "the number of threads is from 0 to 1024, not " + std::to_string(options.threads));
    }
    if (!options.selection.is_whole() && !syntax->selects) {
        throw_error(Errc::unsupported_transfer_syntax,
                    "only JPEG 2000 frames can be decoded in part, not those of transfer syntax " +
                        std::string(transfer_syntax_uid));
    }
    check_frames(codestreams, layout, options.selection, out);
    FrameJob job(*syntax, codestreams, layout, options, out);
    try {
        job.run(options.threads == 0 ? num_threads() : options.threads);
    } catch (...) {
        if (frame_of_error != nullptr && job.first_failed() < static_cast<Index>(codestreams.size())) {
            *frame_of_error = job.first_failed();
        }
        throw;
    }
    return job.deviations();
}

std::vector<std::byte> encode_frame(std::string_view transfer_syntax_uid, const ArrayView &pixels,
                                    const FrameLayout &layout, const EncodeOptions &options) {
    const TransferSyntax *syntax = find_transfer_syntax(transfer_syntax_uid);
    if (syntax == nullptr || syntax->encode == nullptr) {
        throw_error(Errc::unsupported_transfer_syntax,
                    "no encoder for transfer syntax " + std::string(transfer_syntax_uid));
    }
    return syntax->encode(pixels, layout, options);
}

} // namespace radpix
