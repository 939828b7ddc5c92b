// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "codec/jpeg2000/block_decoder.hpp"

namespace radpix::jpeg2000 {
namespace {

BlockTraits traits_of(const ComponentParameters &parameters, const Band &band, double gain) noexcept {
    const bool reversible = parameters.style.reversible;
    return {
        band.orientation,     band.planes,
        parameters.roi_shift, parameters.style.block_style,
        reversible,           reversible ? 1.0F : static_cast<float>(static_cast<double>(band.step) * gain)};
}

/// The part of a code-block inside `clip` of its sub-band, in the block's own coordinates.
Rect part_of(const CodeBlock &block, const Band &band, const Rect &clip) noexcept {
    const Index x = band.rect.x0 + block.x, y = band.rect.y0 + block.y;
    return {std::max<Index>(clip.x0 - x, 0), std::max<Index>(clip.y0 - y, 0),
            std::min<Index>(clip.x1 - x, block.width), std::min<Index>(clip.y1 - y, block.height)};
}

} // namespace

void add_block_tasks(const Tile &tile, const TileComponent &component, std::size_t resolution,
                     const std::vector<ResolutionWindow> &windows, const LevelPlane &plane, bool is_clean,
                     std::vector<BlockTask> &tasks) {
    const Resolution &source = component.resolutions[resolution];
    const ResolutionWindow &window = windows[resolution];
    std::vector<BlockTraits> traits;
    for (const Band &band : source.bands) {
        traits.push_back(
            traits_of(component.parameters, band, synthesis_gain(windows, resolution, band.orientation)));
    }
    for (const auto &precinct : source.precincts) {
        if (precinct == nullptr) {
            continue;
        }
        for (const CodeBlock &block : precinct->blocks) {
            const Band &band = source.bands[block.band];
            const Rect &clip = window.bands[static_cast<std::size_t>(band.orientation)];
            const Rect part = part_of(block, band, clip);
            if (part.empty() || (is_clean && !tile.has_passes(block))) {
                continue;
            }
            const CoefficientRows &rows = plane.bands[static_cast<std::size_t>(band.orientation)];
            const Index x = band.rect.x0 + block.x + part.x0 - clip.x0;
            const Index y = band.rect.y0 + block.y + part.y0;
            tasks.push_back(
                {&block, traits[block.band], part, rows.row(y) + x, rows.stride, y + part.height() - 1});
        }
    }
}

} // namespace radpix::jpeg2000
