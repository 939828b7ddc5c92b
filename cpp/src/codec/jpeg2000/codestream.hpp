// SPDX-License-Identifier: Apache-2.0
/// What the markers of a JPEG 2000 codestream say (ISO/IEC 15444-1 Annex A), in the standard's terms.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "radpix/codec.hpp"

namespace radpix::jpeg2000 {

/// Half-open: [x0, x1) x [y0, y1).
struct Rect {
    Index x0 = 0, y0 = 0, x1 = 0, y1 = 0;

    [[nodiscard]] Index width() const noexcept { return x1 - x0; }
    [[nodiscard]] Index height() const noexcept { return y1 - y0; }
    [[nodiscard]] bool empty() const noexcept { return x1 <= x0 || y1 <= y0; }
    friend bool operator==(const Rect &, const Rect &) = default;
};

[[nodiscard]] constexpr Index ceil_div(Index value, Index divisor) noexcept {
    return (value + divisor - 1) / divisor;
}

/// Ceiling of value / 2^shift; `value` may be negative.
[[nodiscard]] constexpr Index ceil_shift(Index value, int shift) noexcept {
    return (value + (Index{1} << shift) - 1) >> shift;
}

inline constexpr int max_levels = 32;
inline constexpr int max_bands = 3 * max_levels + 1;

/// Ssiz, XRsiz, YRsiz of one component (A.5.1).
struct ComponentSize {
    int precision = 0;
    bool is_signed = false;
    int dx = 1, dy = 1;
};

/// SIZ (A.5.1).
struct ImageSize {
    Rect image;
    Index tile_width = 0, tile_height = 0;
    Index tile_x0 = 0, tile_y0 = 0;
    Index tiles_across = 0, tiles_down = 0;
    std::vector<ComponentSize> components;

    [[nodiscard]] Index tiles() const noexcept { return tiles_across * tiles_down; }
};

enum class Progression : std::uint8_t { lrcp, rlcp, rpcl, pcrl, cprl };

/// Code-block style (table A.19; bits 6 and 7 are of ISO/IEC 15444-15).
enum BlockStyle : unsigned {
    selective_bypass = 1,
    reset_contexts = 2,
    terminate_each_pass = 4,
    vertically_causal = 8,
    predictable_termination = 16,
    segmentation_symbols = 32,
    high_throughput = 64,
    mixed_blocks = 128,
};

/// SPcod or SPcoc (table A.15).
struct CodingStyle {
    int levels = 0;
    int block_width_log2 = 6, block_height_log2 = 6;
    unsigned block_style = 0;
    bool reversible = true;
    std::array<std::uint8_t, max_levels + 1> precinct_width_log2{}, precinct_height_log2{};
};

/// SPqcd or SPqcc (table A.27).
struct QuantizationStep {
    int exponent = 0, mantissa = 0;
};

struct Quantization {
    int guard_bits = 0;
    bool is_derived = false; ///< only the step of the LL band is given (E.1.1)
    bool has_mantissa = false;
    int count = 0;
    std::array<QuantizationStep, max_bands> steps{};
};

/// One progression of a POC marker (A.6.6).
struct ProgressionChange {
    int first_resolution = 0, end_resolution = 0;
    int first_component = 0, end_component = 0;
    int end_layer = 0;
    Progression order = Progression::lrcp;
};

struct ComponentParameters {
    CodingStyle style;
    Quantization quantization;
    int roi_shift = 0;
    /// Where each comes from: 0 nowhere, 1 main COD, 2 main COC, 3 tile COD, 4 tile COC (A.6.1: the higher
    /// one holds).
    int style_rank = 0, quantization_rank = 0, roi_rank = 0;
};

struct TileParameters {
    Progression order = Progression::lrcp;
    int layers = 1;
    bool component_transform = false;
    std::vector<ComponentParameters> components;
    std::vector<ProgressionChange> changes;
    bool changes_are_of_main = false;
};

/// One tile-part: where its header segments and its packets lie.
struct TilePart {
    Index tile = 0;
    std::size_t header = 0, header_end = 0; ///< marker segments after SOT, before SOD
    std::size_t data = 0, data_end = 0;
    std::vector<Bytes> packed_headers; ///< this tile-part's share of PPM
};

} // namespace radpix::jpeg2000
