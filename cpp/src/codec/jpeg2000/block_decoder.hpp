// SPDX-License-Identifier: Apache-2.0
/// Code-blocks: from the segments of a block to coefficients in the tile-component's buffer.
#pragma once

#include "codec/jpeg2000/block_kernels.hpp"
#include "codec/jpeg2000/ht_block_decoder.hpp"
#include "codec/jpeg2000/tile.hpp"

namespace radpix::jpeg2000 {

/// What a code-block takes over from its sub-band.
struct BlockTraits {
    int orientation = 0;
    int planes = 0; ///< Mb, without those of a region of interest
    int roi_shift = 0;
    unsigned style = 0;
    bool reversible = true;
    float step = 1;
};

/// A coefficient: int32 of the reversible path, float32 of the irreversible one.
union Coefficient {
    std::int32_t integer;
    float real;
};
static_assert(sizeof(Coefficient) == 4);

/// Decodes one block after the other on one thread; holds the scratch.
class BlockDecoder {
public:
    BlockDecoder() noexcept(false);

    /// Writes width x height coefficients from `target` on. A block without passes is left as it is.
    void decode(const Tile &tile, const CodeBlock &block, const BlockTraits &traits, Coefficient *target,
                Index stride);

private:
    const std::uint8_t *gather(const Tile &tile, std::uint32_t segment, std::vector<std::uint8_t> &bytes);
    void decode_ht(const Tile &tile, const CodeBlock &block, const BlockTraits &traits, int planes);
    void decode_part_1(const Tile &tile, const CodeBlock &block, const BlockTraits &traits, int planes);
    void write(const CodeBlock &block, const BlockTraits &traits, Coefficient *target, Index stride);
    void write_ht(const CodeBlock &block, const BlockTraits &traits, Coefficient *target, Index stride);

    const BlockKernels &kernels_;
    BlockState state_;
    std::vector<Flags> flags_;
    std::vector<std::uint32_t> magnitudes_;
    std::vector<std::uint8_t> bytes_, refinement_bytes_;
    HtBlockDecoder ht_;
};

} // namespace radpix::jpeg2000
