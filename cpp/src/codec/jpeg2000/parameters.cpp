// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/parameters.hpp"

#include <algorithm>

namespace radpix::jpeg2000 {
namespace {

/// A decoder of DICOM frames meets at most 64; the conformance streams have up to 257.
constexpr std::size_t max_components = 1024;
constexpr std::size_t max_changes = 4096;

[[noreturn]] void bad_header(std::string text, std::size_t at) {
    throw_error(Errc::jpeg2000_header, std::move(text), static_cast<Index>(at));
}

ComponentSize read_component_size(SegmentReader &segment) {
    ComponentSize component;
    const std::size_t at = segment.position();
    const unsigned depth = segment.u8();
    component.is_signed = (depth & 0x80U) != 0;
    component.precision = static_cast<int>(depth & 0x7FU) + 1;
    component.dx = static_cast<int>(segment.u8());
    component.dy = static_cast<int>(segment.u8());
    if (component.precision > 38 || component.dx == 0 || component.dy == 0) {
        bad_header("SIZ describes a component of " + std::to_string(component.precision) +
                       " bits, sub-sampled by " + std::to_string(component.dx) + " x " +
                       std::to_string(component.dy) + "; expected 1 to 38 bits, factors 1 to 255",
                   at);
    }
    return component;
}

std::size_t component_index(SegmentReader &segment, const ImageSize &size) {
    const std::size_t at = segment.position();
    const unsigned index = size.components.size() < 257 ? segment.u8() : segment.u16();
    if (index >= size.components.size()) {
        bad_header("a marker segment speaks of component " + std::to_string(index) + " of " +
                       std::to_string(size.components.size()),
                   at);
    }
    return index;
}

void read_precincts(SegmentReader &segment, bool are_given, CodingStyle &style) {
    for (std::size_t r = 0; r <= static_cast<std::size_t>(style.levels); ++r) {
        const unsigned exponents = are_given ? segment.u8() : 0xFFU;
        style.precinct_width_log2[r] = static_cast<std::uint8_t>(exponents & 15U);
        style.precinct_height_log2[r] = static_cast<std::uint8_t>(exponents >> 4U);
        if (r > 0 && (style.precinct_width_log2[r] == 0 || style.precinct_height_log2[r] == 0)) {
            bad_header("a precinct of size 1 above resolution 0 has no code-blocks (A.6.1)",
                       segment.position());
        }
    }
}

CodingStyle read_coding_style(SegmentReader &segment, bool precincts_are_given) {
    CodingStyle style;
    const std::size_t at = segment.position();
    style.levels = static_cast<int>(segment.u8());
    style.block_width_log2 = static_cast<int>(segment.u8() & 15U) + 2;
    style.block_height_log2 = static_cast<int>(segment.u8() & 15U) + 2;
    style.block_style = segment.u8();
    const unsigned transform = segment.u8();
    if (style.levels > max_levels) {
        bad_header(std::to_string(style.levels) + " decomposition levels, at most 32 exist", at);
    }
    if (style.block_width_log2 > 10 || style.block_height_log2 > 10 ||
        style.block_width_log2 + style.block_height_log2 > 12) {
        bad_header("code-blocks of 2^" + std::to_string(style.block_width_log2) + " x 2^" +
                       std::to_string(style.block_height_log2) + "; at most 1024 a side and 4096 in all",
                   at);
    }
    if (transform > 1) {
        throw_error(Errc::jpeg2000_unsupported,
                    "wavelet transformation " + std::to_string(transform) + " of Part 2; Part 1 has 0 and 1",
                    static_cast<Index>(at));
    }
    style.reversible = transform == 1;
    read_precincts(segment, precincts_are_given, style);
    return style;
}

void set_style(ComponentParameters &component, const CodingStyle &style, int rank) {
    if (rank >= component.style_rank) {
        component.style = style;
        component.style_rank = rank;
    }
}

Progression progression_of(unsigned code, std::size_t at) {
    if (code > 4) {
        bad_header("progression order " + std::to_string(code) + ", expected 0 to 4", at);
    }
    return static_cast<Progression>(code);
}

void read_cod(SegmentReader &segment, bool in_tile, TileParameters &parameters) {
    const unsigned scod = segment.u8();
    const std::size_t at = segment.position();
    parameters.order = progression_of(segment.u8(), at);
    parameters.layers = static_cast<int>(segment.u16());
    if (parameters.layers == 0) {
        bad_header("COD announces no quality layer, expected 1 to 65535", at);
    }
    parameters.component_transform = (segment.u8() & 1U) != 0;
    const CodingStyle style = read_coding_style(segment, (scod & 1U) != 0);
    for (ComponentParameters &component : parameters.components) {
        set_style(component, style, in_tile ? 3 : 1);
    }
}

void read_coc(SegmentReader &segment, bool in_tile, const ImageSize &size, TileParameters &parameters) {
    const std::size_t index = component_index(segment, size);
    const bool precincts_are_given = (segment.u8() & 1U) != 0;
    set_style(parameters.components[index], read_coding_style(segment, precincts_are_given), in_tile ? 4 : 2);
}

Quantization read_quantization(SegmentReader &segment) {
    Quantization quantization;
    const std::size_t at = segment.position();
    const unsigned style = segment.u8();
    quantization.guard_bits = static_cast<int>(style >> 5U);
    const unsigned kind = style & 31U;
    if (kind > 2) {
        bad_header("quantization style " + std::to_string(kind) + ", expected 0 to 2", at);
    }
    quantization.has_mantissa = kind != 0;
    quantization.is_derived = kind == 1;
    const std::size_t bytes = kind == 0 ? 1 : 2;
    const std::size_t count = kind == 1 ? 1 : std::min<std::size_t>(segment.remaining() / bytes, max_bands);
    for (std::size_t i = 0; i < count; ++i) {
        const unsigned value = kind == 0 ? segment.u8() << 8U : segment.u16();
        quantization.steps[i] = {static_cast<int>(value >> 11U), static_cast<int>(value & 0x7FFU)};
    }
    quantization.count = static_cast<int>(count);
    return quantization;
}

void set_quantization(ComponentParameters &component, const Quantization &quantization, int rank) {
    if (rank >= component.quantization_rank) {
        component.quantization = quantization;
        component.quantization_rank = rank;
    }
}

void read_rgn(SegmentReader &segment, bool in_tile, const ImageSize &size, TileParameters &parameters) {
    const std::size_t index = component_index(segment, size);
    const std::size_t at = segment.position();
    const unsigned style = segment.u8();
    const int shift = static_cast<int>(segment.u8());
    if (style != 0 || shift > 37) {
        bad_header("region of interest of style " + std::to_string(style) + ", shift " +
                       std::to_string(shift) + "; expected style 0, shift 0 to 37",
                   at);
    }
    const int rank = in_tile ? 2 : 1;
    if (rank >= parameters.components[index].roi_rank) {
        parameters.components[index].roi_shift = shift;
        parameters.components[index].roi_rank = rank;
    }
}

void read_poc(SegmentReader &segment, bool in_tile, const ImageSize &size, TileParameters &parameters) {
    const bool wide = size.components.size() >= 257;
    const auto component_number = [&] { return static_cast<int>(wide ? segment.u16() : segment.u8()); };
    if (in_tile && parameters.changes_are_of_main) {
        parameters.changes.clear(); // A.6.6: the tile's own come instead
    }
    parameters.changes_are_of_main = !in_tile;
    while (segment.remaining() >= (wide ? 9U : 7U)) {
        if (parameters.changes.size() >= max_changes) {
            bad_header("more than " + std::to_string(max_changes) + " progression changes",
                       segment.position());
        }
        ProgressionChange change;
        change.first_resolution = static_cast<int>(segment.u8());
        change.first_component = component_number();
        change.end_layer = static_cast<int>(segment.u16());
        change.end_resolution = static_cast<int>(segment.u8());
        change.end_component = component_number();
        if (change.end_component == 0) {
            change.end_component = wide ? 16384 : 256; // A.6.6: 0 is read as 256 (16384)
        }
        const std::size_t at = segment.position();
        change.order = progression_of(segment.u8(), at);
        parameters.changes.push_back(change);
    }
}

} // namespace

ImageSize read_siz(SegmentReader segment) {
    ImageSize size;
    const std::size_t at = segment.position();
    segment.skip(2); // Rsiz: what a decoder has to support; the markers say it again
    size.image.x1 = segment.u32();
    size.image.y1 = segment.u32();
    size.image.x0 = segment.u32();
    size.image.y0 = segment.u32();
    size.tile_width = segment.u32();
    size.tile_height = segment.u32();
    size.tile_x0 = segment.u32();
    size.tile_y0 = segment.u32();
    const std::size_t count = segment.u16();
    if (count == 0 || count > max_components) {
        bad_header("SIZ announces " + std::to_string(count) + " components, expected 1 to " +
                       std::to_string(max_components),
                   at);
    }
    const bool tiles_cover = size.tile_width > 0 && size.tile_height > 0 && size.tile_x0 <= size.image.x0 &&
                             size.tile_y0 <= size.image.y0 &&
                             size.tile_x0 + size.tile_width > size.image.x0 &&
                             size.tile_y0 + size.tile_height > size.image.y0;
    if (size.image.empty() || !tiles_cover) {
        bad_header("SIZ describes an empty image, or a first tile that holds none of it (B.2, B.3)", at);
    }
    size.tiles_across = ceil_div(size.image.x1 - size.tile_x0, size.tile_width);
    size.tiles_down = ceil_div(size.image.y1 - size.tile_y0, size.tile_height);
    if (size.tiles_across > 65535 || size.tiles_down > 65535 || size.tiles() > 65535) {
        bad_header("SIZ describes " + std::to_string(size.tiles_across) + " x " +
                       std::to_string(size.tiles_down) + " tiles; at most 65535 have numbers",
                   at);
    }
    for (std::size_t i = 0; i < count; ++i) {
        size.components.push_back(read_component_size(segment));
    }
    return size;
}

bool read_parameters(unsigned code, SegmentReader segment, bool in_tile, const ImageSize &size,
                     TileParameters &parameters) {
    switch (code) {
    case marker::cod:
        read_cod(segment, in_tile, parameters);
        return true;
    case marker::coc:
        read_coc(segment, in_tile, size, parameters);
        return true;
    case marker::qcd: {
        const Quantization quantization = read_quantization(segment);
        for (ComponentParameters &component : parameters.components) {
            set_quantization(component, quantization, in_tile ? 3 : 1);
        }
        return true;
    }
    case marker::qcc: {
        const std::size_t index = component_index(segment, size);
        set_quantization(parameters.components[index], read_quantization(segment), in_tile ? 4 : 2);
        return true;
    }
    case marker::rgn:
        read_rgn(segment, in_tile, size, parameters);
        return true;
    case marker::poc:
        read_poc(segment, in_tile, size, parameters);
        return true;
    default:
        return false;
    }
}

} // namespace radpix::jpeg2000
