// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/packet.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

/// 1 + 3 x 54: more bit-planes than 38-bit samples, guard bits and a region of interest can ask for.
constexpr unsigned max_block_passes = 164;
constexpr unsigned max_zero_planes = 82;
constexpr int max_length_bits = 31;

/// Table B.4.
unsigned read_pass_count(PacketBits &bits) {
    if (bits.bit() == 0) {
        return 1;
    }
    if (bits.bit() == 0) {
        return 2;
    }
    unsigned more = bits.bits(2);
    if (more < 3) {
        return 3 + more;
    }
    more = bits.bits(5);
    return more < 31 ? 6 + more : 37 + bits.bits(7);
}

int log2_floor(unsigned value) noexcept {
    return static_cast<int>(std::bit_width(value)) - 1;
}

[[noreturn]] void bad_packet(const char *text) {
    throw_error(Errc::jpeg2000_packet, text);
}

unsigned read_length(PacketBits &bits, const CodeBlock &block, int more_bits) {
    const int count = block.length_bits + more_bits;
    if (count > max_length_bits) {
        bad_packet("a codeword segment whose length takes more than 31 bits");
    }
    return bits.bits(count);
}

/// How many passes the segment that begins with pass `pass` may hold (D.4.2, table D.9).
unsigned segment_capacity(unsigned block_style, unsigned pass) noexcept {
    constexpr unsigned first_bypassed = 10;
    if ((block_style & terminate_each_pass) != 0) {
        return 1;
    }
    if ((block_style & selective_bypass) == 0) {
        return max_block_passes;
    }
    if (pass < first_bypassed) {
        return first_bypassed - pass;
    }
    switch ((pass - first_bypassed) % 3) {
    case 0:
        return 2;
    default:
        return 1;
    }
}

} // namespace

void PacketReader::skip_marker(std::size_t &at, Bytes bytes, unsigned low_byte,
                               std::size_t length) const noexcept {
    if (bytes.size() - at >= length && bytes[at] == std::byte{0xFF} &&
        std::to_integer<unsigned>(bytes[at + 1]) == low_byte) {
        at += length;
    }
}

// SOP and EPH are looked for whether COD announces them or not: streams exist with either mistake, and
// neither a packet header nor a codeword segment can begin with FF91 or FF92.
void PacketReader::read(const CodingStyle &style, Precinct &precinct, int layer, bool is_needed) {
    constexpr unsigned sop = 0x91, eph = 0x92;
    skip_marker(body_at_, tile_.data, sop, 6);
    const Bytes bytes = are_packed_ ? headers_ : tile_.data;
    std::size_t &at = are_packed_ ? header_at_ : body_at_;
    PacketBits bits(bytes, at);
    contributions_.clear();
    is_used_ = layer < layers_;
    if (bits.bit() != 0) {
        read_header(bits, style, precinct, layer);
    }
    at = bits.end();
    skip_marker(at, bytes, eph, 2);
    read_body();
    ++packets_;
    needed_ -= is_needed && is_used_ ? 1 : 0;
}

void PacketReader::read_header(PacketBits &bits, const CodingStyle &style, Precinct &precinct, int layer) {
    for (Precinct::Part &part : precinct.parts) {
        for (Index y = 0; y < part.down; ++y) {
            for (Index x = 0; x < part.across; ++x) {
                CodeBlock &block =
                    precinct.blocks[part.first_block + static_cast<std::size_t>(y * part.across + x)];
                if (block.is_included) {
                    if (bits.bit() == 0) {
                        continue;
                    }
                } else {
                    if (!part.inclusion.is_below(bits, x, y, layer + 1)) {
                        continue;
                    }
                    block.is_included = true;
                    if (!part.zero_planes.is_below(bits, x, y, static_cast<int>(max_zero_planes) + 1)) {
                        bad_packet("a code-block with more than 82 missing bit-planes");
                    }
                    block.zero_planes = static_cast<std::uint8_t>(part.zero_planes.value(x, y));
                }
                read_block(bits, style.block_style, block);
            }
        }
    }
}

void PacketReader::read_block(PacketBits &bits, unsigned block_style, CodeBlock &block) {
    const unsigned passes = read_pass_count(bits);
    while (bits.bit() != 0) {
        if (++block.length_bits > max_length_bits) {
            bad_packet("a codeword segment whose length takes more than 31 bits");
        }
    }
    if (block.passes + passes > max_block_passes) {
        bad_packet("a code-block of more than 164 coding passes");
    }
    switch (block.coder) {
    case BlockCoder::part_1:
        return read_part_1_lengths(bits, block_style, block, passes);
    case BlockCoder::high_throughput:
        return read_ht_lengths(bits, block, passes);
    case BlockCoder::undecided:
        return decide_coder(bits, block_style, block, passes);
    }
}

std::uint32_t PacketReader::open_segment(CodeBlock &block, unsigned max_passes) {
    const auto index = static_cast<std::uint32_t>(tile_.segments.size());
    Segment segment;
    segment.max_passes = max_passes;
    tile_.segments.push_back(segment);
    if (block.last_segment == none) {
        block.first_segment = index;
    } else {
        tile_.segments[block.last_segment].next = index;
    }
    block.last_segment = index;
    return index;
}

void PacketReader::contribute(CodeBlock &block, std::uint32_t segment, unsigned passes,
                              std::uint32_t length) {
    tile_.segments[segment].passes += passes;
    tile_.segments[segment].used_passes += is_used_ ? passes : 0;
    block.passes = static_cast<std::uint16_t>(block.passes + passes);
    contributions_.push_back({&block, segment, length, passes});
}

void PacketReader::read_part_1_lengths(PacketBits &bits, unsigned block_style, CodeBlock &block,
                                       unsigned passes) {
    while (passes > 0) {
        std::uint32_t segment = block.last_segment;
        if (segment == none || tile_.segments[segment].passes == tile_.segments[segment].max_passes) {
            segment = open_segment(block, segment_capacity(block_style, block.passes));
        }
        const Segment &current = tile_.segments[segment];
        const unsigned count = std::min(passes, current.max_passes - current.passes);
        contribute(block, segment, count, read_length(bits, block, log2_floor(count)));
        passes -= count;
    }
}

// ISO/IEC 15444-15: an HT set is a cleanup pass in a segment of its own and up to two refinement passes in
// another. A set with an empty cleanup segment is a placeholder; a later set replaces an earlier one.
void PacketReader::read_ht_lengths(PacketBits &bits, CodeBlock &block, unsigned passes) {
    while (passes > 0) {
        const unsigned position = block.passes % 3U;
        const unsigned count = position == 0 ? 1 : std::min(passes, 3 - position);
        const unsigned length = read_length(bits, block, static_cast<int>(count) - 1);
        passes -= count;
        if (!is_used_) { // must not replace the set that is
            block.passes = static_cast<std::uint16_t>(block.passes + count);
            contributions_.push_back({&block, none, length, count});
            continue;
        }
        if (position == 0 && length > 0) {
            block.first_segment = block.last_segment = none;
            block.ht_set = static_cast<std::uint8_t>(block.passes / 3U);
            contribute(block, open_segment(block, 1), 1, length);
            continue;
        }
        const bool is_of_kept_set = block.passes / 3U == block.ht_set && block.first_segment != none;
        if (position == 0 || !is_of_kept_set) {
            if (length > 0) {
                bad_packet("refinement passes of an HT set without a cleanup pass");
            }
            block.passes = static_cast<std::uint16_t>(block.passes + count);
            continue;
        }
        const std::uint32_t segment =
            block.last_segment == block.first_segment ? open_segment(block, 2) : block.last_segment;
        contribute(block, segment, count, length);
    }
}

// Until a code-block's first HT cleanup pass its lengths are coded as for Part 1, all zero, so that a decoder
// can tell which of both coders a block of a mixed stream uses.
void PacketReader::decide_coder(PacketBits &bits, unsigned block_style, CodeBlock &block, unsigned passes) {
    const unsigned after_cleanup = (block.passes + passes - 1U) % 3U;
    const bool may_be_mixed = (block_style & mixed_blocks) != 0;
    const int all_bits = log2_floor(passes);
    unsigned length = 0;
    int read_bits = all_bits;
    if (passes > after_cleanup) {
        const unsigned primary = passes - after_cleanup;
        read_bits = log2_floor(primary);
        length = read_length(bits, block, read_bits);
        const bool top_bit_is_clear = length >> (block.length_bits + read_bits - 1) == 0;
        if (length > 0 && (!may_be_mixed || (block.length_bits > 3 && length > 1 && top_bit_is_clear))) {
            block.coder = BlockCoder::high_throughput;
            block.ht_set = static_cast<std::uint8_t>((block.passes + primary - 1) / 3U);
            contribute(block, open_segment(block, 1), primary, length);
            return read_ht_lengths(bits, block, after_cleanup);
        }
        length = length << (all_bits - read_bits) | bits.bits(all_bits - read_bits);
    } else {
        length = read_length(bits, block, all_bits);
    }
    if (length == 0) {
        block.passes = static_cast<std::uint16_t>(block.passes + passes);
        return;
    }
    if (!may_be_mixed) {
        bad_packet("an HT code-block whose placeholder passes have bytes");
    }
    block.coder = BlockCoder::part_1;
    const unsigned all = block.passes + passes;
    block.passes = 0;
    const std::uint32_t segment = open_segment(block, max_block_passes);
    contribute(block, segment, all, length);
}

void PacketReader::read_body() {
    for (std::size_t i = 0; i < contributions_.size(); ++i) {
        const Contribution &contribution = contributions_[i];
        const std::size_t left = tile_.data.size() - body_at_;
        const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(contribution.length, left));
        if (is_used_ && length > 0) {
            add_chunk(tile_.segments[contribution.segment], length);
        }
        body_at_ += length;
        if (length < contribution.length) {
            drop_from(i, length > 0);
            throw_error(Errc::truncated, "the packets end inside a packet body");
        }
    }
}

void PacketReader::add_chunk(Segment &segment, std::uint32_t length) {
    const auto index = static_cast<std::uint32_t>(tile_.chunks.size());
    tile_.chunks.push_back({body_at_, length, none});
    if (segment.last_chunk == none) {
        segment.first_chunk = index;
    } else {
        tile_.chunks[segment.last_chunk].next = index;
    }
    segment.last_chunk = index;
    segment.used_length += length;
}

/// Takes back passes whose bytes are missing. Of a segment cut short, a Part 1 decoder can use what is there,
/// an HT decoder nothing.
void PacketReader::drop_from(std::size_t first, bool has_part) noexcept {
    for (std::size_t i = first; is_used_ && i < contributions_.size(); ++i) {
        const Contribution &contribution = contributions_[i];
        if (i > first || !has_part || contribution.block->coder == BlockCoder::high_throughput) {
            tile_.segments[contribution.segment].used_passes -= contribution.passes;
        }
    }
}

} // namespace radpix::jpeg2000
