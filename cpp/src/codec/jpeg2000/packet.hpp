// SPDX-License-Identifier: Apache-2.0
/// Tier 2: packets (ISO/IEC 15444-1 B.9, B.10), from the tile's data to the segments of its code-blocks.
#pragma once

#include "codec/jpeg2000/tile.hpp"

namespace radpix::jpeg2000 {

class PacketReader {
public:
    /// `headers`: the packed packet headers (PPM, PPT), empty where the packets hold their own.
    /// Layers from `layers` on are read and left out. `needed`: how many packets of the others are asked for.
    PacketReader(Tile &tile, Bytes headers, bool are_packed, int layers, std::size_t needed) noexcept
        : tile_(tile), headers_(headers), are_packed_(are_packed), layers_(layers), needed_(needed) {}

    [[nodiscard]] bool has_all_needed() const noexcept { return needed_ == 0; }

    /// Whether another packet may follow and one that is needed is still to come.
    [[nodiscard]] bool goes_on() const noexcept {
        return needed_ > 0 && (are_packed_ ? header_at_ < headers_.size() : body_at_ < tile_.data.size());
    }

    /// How many were read as a whole.
    [[nodiscard]] std::size_t packets() const noexcept { return packets_; }

    /// Reads one packet. Throws Error(truncated, jpeg2000_packet); what earlier packets gave stays usable.
    /// `is_needed`: whether its precinct is asked for.
    void read(const CodingStyle &style, Precinct &precinct, int layer, bool is_needed);

private:
    struct Contribution {
        CodeBlock *block;
        std::uint32_t segment; ///< none in a packet that is left out
        std::uint32_t length;
        unsigned passes;
    };

    void skip_marker(std::size_t &at, Bytes bytes, unsigned low_byte, std::size_t length) const noexcept;
    void read_header(PacketBits &bits, const CodingStyle &style, Precinct &precinct, int layer);
    void read_block(PacketBits &bits, unsigned block_style, CodeBlock &block);
    void read_part_1_lengths(PacketBits &bits, unsigned block_style, CodeBlock &block, unsigned passes);
    void read_ht_lengths(PacketBits &bits, CodeBlock &block, unsigned passes);
    void decide_coder(PacketBits &bits, unsigned block_style, CodeBlock &block, unsigned passes);
    std::uint32_t open_segment(CodeBlock &block, unsigned max_passes);
    void contribute(CodeBlock &block, std::uint32_t segment, unsigned passes, std::uint32_t length);
    void read_body();
    void add_chunk(Segment &segment, std::uint32_t length);
    void drop_from(std::size_t first, bool has_part) noexcept;

    Tile &tile_;
    Bytes headers_;
    bool are_packed_;
    int layers_;
    bool is_used_ = true; ///< the packet that is read
    std::size_t header_at_ = 0, body_at_ = 0, packets_ = 0;
    std::size_t needed_; ///< packets still to come
    std::vector<Contribution> contributions_;
};

} // namespace radpix::jpeg2000
