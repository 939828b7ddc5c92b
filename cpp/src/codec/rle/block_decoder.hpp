// SPDX-License-Identifier: Apache-2.0
/// From the segments of a frame to samples in the output, one block of pixels at a time.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <vector>

#include "codec/rle/header.hpp"
#include "codec/rle/kernels.hpp"
#include "codec/samples/frame_sink.hpp"
#include "codec/samples/kernels.hpp"

namespace radpix::rle {

inline constexpr Index all_bytes = std::numeric_limits<Index>::max() / 2;

struct Frame {
    Bytes codestream;
    std::vector<Bytes> segments;
    const samples::FrameSink &sink;
    samples::StoredBits bits;
    bool to_rgb;
    Index pixels;
};

/// How far a segment has been passed over: `cursor` is at the packet of byte `passed`.
struct Position {
    Cursor cursor;
    Index passed = 0;
};

using Positions = std::array<Position, max_segments>;

/// The beginning of every segment.
[[nodiscard]] Positions begin_of(const Frame &frame) noexcept;

/// Decodes pixels in order from `first` on. Every segment goes through a buffer of one block, from which the
/// bytes are joined to samples while they are in the L1 cache; what the last packet of a block decodes beyond
/// it moves to the front of the next.
class BlockDecoder {
public:
    /// `positions` stand at or before byte `first` of the segments, by less than one packet.
    BlockDecoder(const Frame &frame, const Positions &positions, Index first);

    /// The most pixels that one call of `decode` takes from `pixel` on.
    [[nodiscard]] Index block_at(Index pixel) const noexcept;
    /// Decodes the next `count` pixels, which begin with `pixel`. Throws Error(truncated).
    void decode(Index pixel, Index count);
    /// After the last pixel: what the segments hold beyond the frame.
    void report_long_segments(std::vector<Deviation> &deviations) const;

private:
    static std::size_t index(int plane) noexcept { return static_cast<std::size_t>(plane); }
    [[nodiscard]] std::byte *plane_at(int plane) const noexcept {
        return buffer_.get() + plane * plane_stride_;
    }
    /// Joined samples, one plane for each sample of a pixel.
    [[nodiscard]] std::byte *joined_at(int sample) const noexcept {
        return buffer_.get() + planes_ * plane_stride_ + sample * block_ * size_;
    }
    void start(int plane, const Position &position, Index first);
    void unpack(Lane *lanes, int count);
    void drop(int plane, Index count) noexcept;
    void write(Index row, Index column, Index count) noexcept;
    void join(int sample, std::byte *target, Index count) noexcept;

    const Frame &frame_;
    int planes_;
    Index block_, plane_stride_, size_;
    std::unique_ptr<std::byte[]> buffer_;
    std::array<Lane, max_segments> lanes_{};
    const Kernels &kernels_ = rle::kernels();
    const samples::Kernels &row_kernels_ = samples::kernels();
};

} // namespace radpix::rle
