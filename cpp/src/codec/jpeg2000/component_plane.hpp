// SPDX-License-Identifier: Apache-2.0
/// Memory for the coefficients of a tile-component, resolution by resolution.
#pragma once

#include "codec/jpeg2000/block_decoder.hpp"
#include "codec/jpeg2000/plane_memory.hpp"

namespace radpix::jpeg2000 {

/// Which levels go through memory in strips; smaller ones are in the cache anyway. Tests lower both.
struct StripLimits {
    Index least_rows = 64;                     ///< of a sub-band in a strip, a power of two from 8 on
    Index least_coefficients = Index{1} << 20; ///< of the level
};

/// The sub-bands of one resolution. Those of a large one go through memory in strips of code-block rows,
/// which stay in the cache from block decoding to wavelet synthesis: as a whole, the three components of a
/// photo took 107 MB, and a third of the time went into their page faults.
struct ComponentLevel {
    LevelPlane plane;
    Index strip_rows = 0;         ///< rows of each sub-band in a strip; 0: no strips
    bool has_gaps = false;        ///< needed precincts without a packet, whose coefficients nobody writes
    std::vector<BlockTask> tasks; ///< of strips, from the first to the last
};

struct ComponentPlane {
    PlaneMemory memory;    ///< kept from tile to tile
    bool is_clean = false; ///< holds nothing but zeros before blocks are decoded
    bool is_zero = false;  ///< and after: no block has data
    std::vector<ResolutionWindow> windows;
    std::vector<ComponentLevel>
        levels; ///< by resolution; LL of resolution 0 lies in the first that is lifted

    /// Makes room for the windows. `strips_last`: whether the last level may be one of strips.
    void lay_out(const TileComponent &component, const StripLimits &limits, int threads, bool strips_last);
    /// Adds the blocks of levels without strips to `tasks`; the others' wait in their levels.
    void add_tasks(const Tile &tile, const TileComponent &component, std::vector<BlockTask> &tasks);
};

} // namespace radpix::jpeg2000
