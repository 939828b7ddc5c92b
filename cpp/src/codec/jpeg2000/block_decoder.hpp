// SPDX-License-Identifier: Apache-2.0
/// Code-blocks: from the segments of a block to coefficients in the tile-component's buffer.
#pragma once

#include <span>

#include "codec/jpeg2000/block_kernels.hpp"
#include "codec/jpeg2000/ht_block_decoder.hpp"
#include "codec/jpeg2000/idwt/level_rows.hpp"
#include "codec/jpeg2000/part_1_block_decoder.hpp"
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

/// A code-block with where a part of its coefficients goes.
struct BlockTask {
    const CodeBlock *block;
    BlockTraits traits;
    Rect part; ///< in the block
    Coefficient *target;
    Index stride;
    Index last_row; ///< of the part in its sub-band
};

/// Adds the code-blocks of a resolution that its window needs; `plane` holds its sub-bands. Blocks without
/// data have to be filled with zeros unless the plane `is_clean`.
void add_block_tasks(const Tile &tile, const TileComponent &component, std::size_t resolution,
                     const std::vector<ResolutionWindow> &windows, const LevelPlane &plane, bool is_clean,
                     std::vector<BlockTask> &tasks);

/// Decodes blocks on one thread; holds the scratch.
class BlockDecoder {
public:
    BlockDecoder() noexcept(false);

    /// Two alike at once, where one follows the other.
    void run(const Tile &tile, std::span<const BlockTask> tasks);

private:
    /// An HT block while it is decoded.
    struct HtBlock {
        HtBlockDecoder decoder;
        std::vector<std::uint8_t> bytes, refinement_bytes;
    };

    void begin_ht(const Tile &tile, const BlockTask &task, HtBlock &ht);
    void finish_ht(const BlockTask &task, HtBlock &ht);
    /// One block, or two at once.
    void run_part_1(const Tile &tile, std::span<const BlockTask> tasks);
    void write_part_1(const BlockTask &task, Part1BlockDecoder &block);

    const BlockKernels &kernels_;
    std::array<Part1BlockDecoder, 2> part_1_;
    std::array<HtBlock, 2> ht_;
};

} // namespace radpix::jpeg2000
