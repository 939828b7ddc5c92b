// SPDX-License-Identifier: Apache-2.0
/// The geometry of one tile (ISO/IEC 15444-1 Annex B): tile-components, resolutions, sub-bands, precincts,
/// code-blocks. Precincts come into being when their first packet is met, so a header alone costs little.
#pragma once

#include <memory>

#include "codec/jpeg2000/codestream.hpp"
#include "codec/jpeg2000/tag_tree.hpp"

namespace radpix::jpeg2000 {

inline constexpr std::uint32_t none = 0xFFFFFFFFU;

/// Bytes of one packet that belong to one codeword segment.
struct Chunk {
    std::size_t offset = 0; ///< into the tile's packet data
    std::uint32_t length = 0;
    std::uint32_t next = none;
};

/// Coding passes that share one terminated run of bytes.
struct Segment {
    std::uint32_t passes = 0, max_passes = 0;
    std::uint32_t used_passes = 0, used_length = 0; ///< of the layers wanted
    std::uint32_t first_chunk = none, last_chunk = none;
    std::uint32_t next = none;
};

enum class BlockCoder : std::uint8_t { part_1, high_throughput, undecided };

struct CodeBlock {
    std::uint32_t x = 0, y = 0; ///< in its sub-band, counted from the sub-band's first coefficient
    std::uint16_t width = 0, height = 0;
    std::uint8_t band = 0; ///< in its resolution
    BlockCoder coder = BlockCoder::part_1;
    bool is_included = false;
    std::uint8_t zero_planes = 0;
    std::uint8_t length_bits = 3; ///< Lblock (B.10.7.1)
    std::uint8_t ht_set = 0;      ///< which HT set the segments are of, ISO/IEC 15444-15
    std::uint16_t passes = 0;
    std::uint32_t first_segment = none, last_segment = none;
};

struct Precinct {
    struct Part { ///< its share of one sub-band
        Index across = 0, down = 0;
        std::size_t first_block = 0;
        TagTree inclusion, zero_planes;
    };
    int next_layer = 0;
    std::vector<Part> parts;
    std::vector<CodeBlock> blocks;
};

/// LL, HL, LH, HH: bit 0 high-pass across, bit 1 high-pass down.
struct Band {
    Rect rect;
    int orientation = 0;
    int planes = 0; ///< Mb (E-2)
    float step = 1; ///< Delta b (E-3); 1 for the reversible path
};

struct Resolution {
    Rect rect;
    int precinct_width_log2 = 0, precinct_height_log2 = 0;
    int block_width_log2 = 0, block_height_log2 = 0;
    Index precincts_across = 0, precincts_down = 0;
    std::vector<Band> bands;
    std::vector<std::unique_ptr<Precinct>> precincts;
    Rect needed; ///< columns and rows of the precincts that hold coefficients asked for

    [[nodiscard]] bool needs(std::size_t index) const noexcept {
        const auto number = static_cast<Index>(index);
        const Index x = number % precincts_across, y = number / precincts_across;
        return x >= needed.x0 && x < needed.x1 && y >= needed.y0 && y < needed.y1;
    }
};

struct TileComponent {
    Rect rect;        ///< at full resolution
    Rect output_rect; ///< what is wanted of it, at the resolution that is decoded
    int shown_resolutions = 0;
    ComponentParameters parameters;
    std::vector<Resolution> resolutions;
};

struct Tile {
    Rect rect; ///< on the reference grid
    TileParameters parameters;
    std::vector<TileComponent> components;
    std::vector<Segment> segments;
    std::vector<Chunk> chunks;
    std::vector<std::byte> joined; ///< packets, where several tile-parts hold them
    Bytes data;

    [[nodiscard]] bool has_passes(const CodeBlock &block) const noexcept {
        return block.first_segment != none && segments[block.first_segment].used_passes > 0;
    }
};

/// The part of the reference grid that tile `index` covers (B.3).
[[nodiscard]] Rect tile_rect(const ImageSize &size, Index index) noexcept;

/// The samples of component `component` in `area` of the reference grid (B-12), `reduce` levels down.
[[nodiscard]] Rect component_rect(const Rect &area, const ComponentSize &component, int reduce) noexcept;

/// What is asked for of an image.
struct Wanted {
    Rect area;      ///< of the reference grid
    int reduce = 0; ///< resolution levels left out
    int layers = 0; ///< quality layers used, 0: all
};

/// The samples of a component that are wanted. The first of a sub-sampled one lies before the area where the
/// area begins between two of them.
[[nodiscard]] Rect wanted_rect(const ImageSize &size, std::size_t component, const Wanted &wanted) noexcept;

/// Lays the tile out. `parameters` are complete. Throws Error(jpeg2000_header), also for more than
/// `most_precincts`.
[[nodiscard]] Tile make_tile(const ImageSize &size, Index index, TileParameters parameters,
                             const Wanted &wanted, Index most_precincts);

/// The precinct, made when asked for the first time.
Precinct &precinct_at(TileComponent &component, Resolution &resolution, std::size_t index);

} // namespace radpix::jpeg2000
