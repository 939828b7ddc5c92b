// SPDX-License-Identifier: Apache-2.0
/// Which coefficients the wanted samples of a tile-component depend on, resolution by resolution.
#pragma once

#include <array>
#include <vector>

#include "codec/jpeg2000/tile.hpp"

namespace radpix::jpeg2000 {

struct ResolutionWindow {
    Rect shown;                ///< the wanted samples of this resolution
    Rect lifted;               ///< the interleaved coefficients that they depend on (F.3), of which ...
    std::array<Rect, 4> bands; ///< ... these are of each sub-band, by orientation
    bool is_lone_column = false, is_lone_row = false; ///< one sample wide or high, so not lifted (F.3.6)
};

/// By resolution, for component.output_rect. Where resolution 0 is shown itself, nothing is lifted.
[[nodiscard]] std::vector<ResolutionWindow> make_windows(const TileComponent &component);

/// Sets which precincts of each resolution are needed, and returns how many.
std::size_t mark_needed_precincts(TileComponent &component);

/// What synthesis up to the shown resolution multiplies a sub-band of the irreversible path by: the K and 1/K
/// of F.3.8.2, of its own level and those above. Folded into the quantization steps, it costs nothing.
[[nodiscard]] double synthesis_gain(const std::vector<ResolutionWindow> &windows, std::size_t resolution,
                                    int orientation) noexcept;

} // namespace radpix::jpeg2000
