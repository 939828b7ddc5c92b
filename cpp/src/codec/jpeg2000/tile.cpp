// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/tile.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

/// B-15: the sub-band of `levels` decompositions, high-pass in the directions of `orientation`.
Rect band_rect(const Rect &component, int levels, int orientation) noexcept {
    const Index half = levels > 0 ? Index{1} << (levels - 1) : 0;
    const Index x = (orientation & 1) != 0 ? half : 0;
    const Index y = (orientation & 2) != 0 ? half : 0;
    return {ceil_shift(component.x0 - x, levels), ceil_shift(component.y0 - y, levels),
            ceil_shift(component.x1 - x, levels), ceil_shift(component.y1 - y, levels)};
}

QuantizationStep step_of(const Quantization &quantization, int resolution, int orientation) {
    if (quantization.is_derived) { // E-5
        const int levels_less = resolution == 0 ? 0 : resolution - 1;
        return {std::max(0, quantization.steps[0].exponent - levels_less), quantization.steps[0].mantissa};
    }
    const int index = resolution == 0 ? 0 : 3 * (resolution - 1) + orientation;
    if (index >= quantization.count) {
        throw_error(Errc::jpeg2000_header, "quantization is given for " + std::to_string(quantization.count) +
                                               " sub-bands, the image has more (A.6.4)");
    }
    return quantization.steps[static_cast<std::size_t>(index)];
}

Band make_band(const TileComponent &component, const ComponentSize &size, int resolution, int orientation) {
    const CodingStyle &style = component.parameters.style;
    const Quantization &quantization = component.parameters.quantization;
    Band band;
    const int levels = resolution == 0 ? style.levels : style.levels - resolution + 1;
    band.rect = band_rect(component.rect, levels, orientation);
    band.orientation = orientation;
    const QuantizationStep step = step_of(quantization, resolution, orientation);
    band.planes = quantization.guard_bits + step.exponent - 1;
    if (!style.reversible && quantization.has_mantissa) {
        const int gain = (orientation & 1) + (orientation >> 1); // table E.1
        band.step = std::ldexp(1.0F + static_cast<float>(step.mantissa) / 2048.0F,
                               size.precision + gain - step.exponent);
    }
    return band;
}

void lay_out_resolution(TileComponent &component, const ComponentSize &size, int r, Index &precincts_left) {
    const CodingStyle &style = component.parameters.style;
    Resolution resolution;
    resolution.rect = band_rect(component.rect, style.levels - r, 0);
    const auto at = static_cast<std::size_t>(r);
    resolution.precinct_width_log2 = style.precinct_width_log2[at];
    resolution.precinct_height_log2 = style.precinct_height_log2[at];
    const int halved = r > 0 ? 1 : 0;
    resolution.block_width_log2 = std::min(style.block_width_log2, resolution.precinct_width_log2 - halved);
    resolution.block_height_log2 =
        std::min(style.block_height_log2, resolution.precinct_height_log2 - halved);
    const Rect &rect = resolution.rect;
    if (!rect.empty()) { // B-16
        resolution.precincts_across =
            ceil_shift(rect.x1, resolution.precinct_width_log2) - (rect.x0 >> resolution.precinct_width_log2);
        resolution.precincts_down = ceil_shift(rect.y1, resolution.precinct_height_log2) -
                                    (rect.y0 >> resolution.precinct_height_log2);
    }
    if (resolution.precincts_down > 0 &&
        resolution.precincts_across > precincts_left / resolution.precincts_down) {
        throw_error(Errc::jpeg2000_header, "far more precincts than the codestream has bytes for");
    }
    const Index precincts = resolution.precincts_across * resolution.precincts_down;
    precincts_left -= precincts;
    resolution.precincts.resize(static_cast<std::size_t>(precincts));
    for (int orientation = halved; orientation <= 3 * halved; ++orientation) {
        resolution.bands.push_back(make_band(component, size, r, orientation));
    }
    component.resolutions.push_back(std::move(resolution));
}

void check_parameters(const ComponentParameters &parameters) {
    if (parameters.style_rank == 0 || parameters.quantization_rank == 0) {
        throw_error(Errc::jpeg2000_header, parameters.style_rank == 0
                                               ? "no COD describes the coding style of a component"
                                               : "no QCD describes the quantization of a component");
    }
}

} // namespace

Rect tile_rect(const ImageSize &size, Index index) noexcept {
    const Index x = size.tile_x0 + index % size.tiles_across * size.tile_width;
    const Index y = size.tile_y0 + index / size.tiles_across * size.tile_height;
    return {std::max(x, size.image.x0), std::max(y, size.image.y0),
            std::min(x + size.tile_width, size.image.x1), std::min(y + size.tile_height, size.image.y1)};
}

Rect component_rect(const Rect &area, const ComponentSize &component, int reduce) noexcept {
    const Rect full{ceil_div(area.x0, component.dx), ceil_div(area.y0, component.dy),
                    ceil_div(area.x1, component.dx), ceil_div(area.y1, component.dy)};
    return {ceil_shift(full.x0, reduce), ceil_shift(full.y0, reduce), ceil_shift(full.x1, reduce),
            ceil_shift(full.y1, reduce)};
}

Rect wanted_rect(const ImageSize &size, std::size_t component, const Wanted &wanted) noexcept {
    const ComponentSize &sampling = size.components[component];
    const auto samples = [&](Index image, Index begin, Index end, int step) {
        const Index first = ceil_div(ceil_shift(image, wanted.reduce), step);
        const Index x0 = std::max(first, ceil_shift(begin, wanted.reduce) / step);
        const Index x1 = ceil_div(ceil_shift(end, wanted.reduce), step);
        return std::pair{x0, step > 1 && end > begin ? std::max(x1, x0 + 1) : x1};
    };
    const auto [x0, x1] = samples(size.image.x0, wanted.area.x0, wanted.area.x1, sampling.dx);
    const auto [y0, y1] = samples(size.image.y0, wanted.area.y0, wanted.area.y1, sampling.dy);
    return {x0, y0, x1, y1};
}

Tile make_tile(const ImageSize &size, Index index, TileParameters parameters, const Wanted &wanted,
               Index most_precincts) {
    Tile tile;
    tile.rect = tile_rect(size, index);
    tile.parameters = std::move(parameters);
    for (std::size_t c = 0; c < size.components.size(); ++c) {
        TileComponent component;
        component.parameters = tile.parameters.components[c];
        check_parameters(component.parameters);
        const int levels = component.parameters.style.levels;
        component.rect = component_rect(tile.rect, size.components[c], 0);
        const Rect whole = component_rect(tile.rect, size.components[c], wanted.reduce);
        const Rect area = wanted_rect(size, c, wanted);
        component.output_rect = {std::max(whole.x0, area.x0), std::max(whole.y0, area.y0),
                                 std::min(whole.x1, area.x1), std::min(whole.y1, area.y1)};
        if (component.output_rect.empty()) {
            component.output_rect = {whole.x0, whole.y0, whole.x0, whole.y0};
        }
        component.shown_resolutions = levels + 1 - wanted.reduce;
        if (component.shown_resolutions < 1) {
            throw_error(Errc::invalid_argument, "a component of " + std::to_string(levels) +
                                                    " decomposition levels cannot be reduced by " +
                                                    std::to_string(wanted.reduce));
        }
        for (int r = 0; r <= levels; ++r) {
            lay_out_resolution(component, size.components[c], r, most_precincts);
        }
        tile.components.push_back(std::move(component));
    }
    return tile;
}

namespace {

/// The code-blocks of one precinct in one sub-band (B.7), empty ones left out by construction.
void add_blocks(const Resolution &resolution, const Band &band, std::uint8_t band_index, const Rect &area,
                BlockCoder coder, Precinct &precinct) {
    Precinct::Part part;
    part.first_block = precinct.blocks.size();
    if (area.empty()) {
        precinct.parts.push_back(std::move(part));
        return;
    }
    const int w = resolution.block_width_log2, h = resolution.block_height_log2;
    const Index first_x = area.x0 >> w, first_y = area.y0 >> h;
    part.across = ceil_shift(area.x1, w) - first_x;
    part.down = ceil_shift(area.y1, h) - first_y;
    part.inclusion = part.zero_planes = TagTree(part.across, part.down);
    if (precinct.blocks.empty()) { // the other sub-bands have about as many
        precinct.blocks.reserve(resolution.bands.size() * static_cast<std::size_t>(part.across * part.down));
    }
    for (Index y = first_y; y < first_y + part.down; ++y) {
        for (Index x = first_x; x < first_x + part.across; ++x) {
            const Rect cell{std::max(x << w, area.x0), std::max(y << h, area.y0),
                            std::min((x + 1) << w, area.x1), std::min((y + 1) << h, area.y1)};
            CodeBlock block;
            block.x = static_cast<std::uint32_t>(cell.x0 - band.rect.x0);
            block.y = static_cast<std::uint32_t>(cell.y0 - band.rect.y0);
            block.width = static_cast<std::uint16_t>(cell.width());
            block.height = static_cast<std::uint16_t>(cell.height());
            block.band = band_index;
            block.coder = coder;
            precinct.blocks.push_back(block);
        }
    }
    precinct.parts.push_back(std::move(part));
}

} // namespace

Precinct &precinct_at(TileComponent &component, Resolution &resolution, std::size_t index) {
    std::unique_ptr<Precinct> &slot = resolution.precincts[index];
    if (slot != nullptr) {
        return *slot;
    }
    slot = std::make_unique<Precinct>();
    const auto number = static_cast<Index>(index);
    const Index x =
        (resolution.rect.x0 >> resolution.precinct_width_log2) + number % resolution.precincts_across;
    const Index y =
        (resolution.rect.y0 >> resolution.precinct_height_log2) + number / resolution.precincts_across;
    const bool is_ht = (component.parameters.style.block_style & high_throughput) != 0;
    slot->parts.reserve(resolution.bands.size());
    for (std::size_t b = 0; b < resolution.bands.size(); ++b) {
        const Band &band = resolution.bands[b];
        const int halved = band.orientation == 0 ? 0 : 1;
        const int w = resolution.precinct_width_log2 - halved, h = resolution.precinct_height_log2 - halved;
        const Rect area{std::max(x << w, band.rect.x0), std::max(y << h, band.rect.y0),
                        std::min((x + 1) << w, band.rect.x1), std::min((y + 1) << h, band.rect.y1)};
        add_blocks(resolution, band, static_cast<std::uint8_t>(b), area,
                   is_ht ? BlockCoder::undecided : BlockCoder::part_1, *slot);
    }
    return *slot;
}

} // namespace radpix::jpeg2000
