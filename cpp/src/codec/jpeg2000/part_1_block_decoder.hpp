// SPDX-License-Identifier: Apache-2.0
/// The block decoder of Part 1 (ISO/IEC 15444-1 Annex D), one coding pass after the other.
#pragma once

#include <span>
#include <vector>

#include "codec/jpeg2000/block_kernels.hpp"
#include "codec/jpeg2000/segment_bytes.hpp"
#include "codec/jpeg2000/tile.hpp"

namespace radpix::jpeg2000 {

/// The passes of a block, so that those of two blocks can be decoded at once.
class Part1BlockDecoder {
public:
    explicit Part1BlockDecoder(const BlockKernels &kernels) noexcept : kernels_(kernels) {}

    /// Opens a block of `planes` bit-planes; `tile` and `block` stay where they are until it is finished.
    void begin(const Tile &tile, const CodeBlock &block, int orientation, unsigned style, int planes);
    /// Whether there is another pass.
    [[nodiscard]] bool has_pass() const noexcept { return segment_ != none; }
    /// Decodes the next pass. Throws Error(jpeg2000_code_block).
    void decode_pass();
    /// Decodes the next pass of two blocks of the same style that have had as many.
    static void decode_pass_of_two(Part1BlockDecoder &first, Part1BlockDecoder &second);

    /// Of all coefficients, times two, the half being the middle of what is not known.
    [[nodiscard]] std::span<std::uint32_t> magnitudes() noexcept { return magnitudes_; }
    /// Those of row y, four apart.
    [[nodiscard]] const std::uint32_t *magnitudes(Index y) const noexcept {
        return state_.magnitudes + 4 * (y / 4 * state_.width) + y % 4;
    }
    /// Of coefficient (0, y): bit 19 + y % 4 is its sign.
    [[nodiscard]] const Flags *flags(Index y) const noexcept { return state_.flags + y / 4 * state_.stride; }

private:
    void clear(const CodeBlock &block);
    void open_segment(std::uint32_t segment);
    [[nodiscard]] CodingPass next_pass();
    [[nodiscard]] bool is_raw() const noexcept;
    void end_pass();

    const BlockKernels &kernels_;
    const Tile *tile_ = nullptr;
    BlockState state_;
    MqDecoder decoder_{no_bytes.data()};
    RawBits bits_{no_bytes.data()};
    unsigned style_ = 0, pass_ = 0, segment_end_ = 0; ///< passes
    int planes_ = 0;
    std::uint32_t segment_ = none;
    std::vector<Flags> flags_;
    std::vector<ColumnGroup> groups_;
    std::vector<std::uint32_t> magnitudes_;
    std::vector<std::uint8_t> bytes_;
};

} // namespace radpix::jpeg2000
