// SPDX-License-Identifier: Apache-2.0
/// Two code-blocks at once have to be what each is alone, at both CPU levels; Part 1 and HT.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codec/jpeg2000/block_decoder.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace radpix::jpeg2000::testing {

class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

    unsigned number(unsigned most) noexcept {
        unsigned value = 0;
        for (unsigned i = 0; i < 2 && !bytes_.empty(); ++i, bytes_ = bytes_.subspan(1)) {
            value = value << 8U | bytes_.front();
        }
        return value % (most + 1U);
    }
    [[nodiscard]] Bytes rest() const noexcept { return std::as_bytes(bytes_); }

private:
    std::span<const std::uint8_t> bytes_;
};

/// A code-block of some segments, one after the other in the tile's data from `at` on.
inline CodeBlock make_block(Input &input, Tile &tile, bool is_ht, bool terminates) {
    CodeBlock block;
    block.width = static_cast<std::uint16_t>(1 + input.number(69));
    block.height = static_cast<std::uint16_t>(1 + input.number(std::min(4096U / block.width, 70U) - 1));
    block.coder = is_ht ? BlockCoder::high_throughput : BlockCoder::part_1;
    block.zero_planes = static_cast<std::uint8_t>(input.number(9));
    block.first_segment = static_cast<std::uint32_t>(tile.segments.size());
    const unsigned count = is_ht ? 1 + input.number(1) : 1 + input.number(terminates ? 20 : 3);
    for (unsigned i = 0; i < count; ++i) {
        Segment segment;
        const unsigned most_passes = is_ht ? i + 1 : terminates ? 1 : 24;
        segment.passes = segment.used_passes = 1 + input.number(most_passes - 1);
        segment.used_length = input.number(400);
        segment.first_chunk = segment.last_chunk = static_cast<std::uint32_t>(tile.chunks.size());
        segment.next = i + 1 < count ? static_cast<std::uint32_t>(tile.segments.size()) + 1 : none;
        tile.chunks.push_back({0, segment.used_length, none});
        tile.segments.push_back(segment);
    }
    return block;
}

/// Deals the tile's data out to its chunks, in the order in which they were made.
inline void deal(Tile &tile, Bytes data) {
    tile.data = data;
    std::size_t at = 0;
    for (Segment &segment : tile.segments) {
        Chunk &chunk = tile.chunks[segment.first_chunk];
        chunk.offset = at;
        chunk.length = segment.used_length =
            static_cast<std::uint32_t>(std::min<std::size_t>(segment.used_length, data.size() - at));
        at += chunk.length;
    }
}

/// A cleanup segment says in its last two bytes how long its suffix is (ISO/IEC 15444-15), which bytes at
/// random hardly ever do in a way that fits.
inline void make_suffix_fit(const Tile &tile, const CodeBlock &block, std::vector<std::byte> &data) {
    const std::size_t length = tile.segments[block.first_segment].used_length;
    if (length < 2) {
        return;
    }
    const std::size_t end = tile.chunks[tile.segments[block.first_segment].first_chunk].offset + length;
    const std::size_t suffix = 2 + std::to_integer<std::size_t>(data[end - 1]) % (length - 1);
    data[end - 1] = static_cast<std::byte>(suffix >> 4U);
    data[end - 2] = (data[end - 2] & std::byte{0xF0}) | static_cast<std::byte>(suffix & 15U);
}

struct Result {
    std::vector<std::int32_t> coefficients;
    bool failed = false;
    friend bool operator==(const Result &, const Result &) = default;
};

/// Each block into rows of its own; those of a failed call do not count.
inline std::array<Result, 2> decoded(const Tile &tile, const std::array<CodeBlock, 2> &blocks,
                                     BlockTraits traits, bool together) {
    std::array<Result, 2> results;
    std::vector<BlockTask> tasks;
    for (std::size_t i = 0; i < 2; ++i) {
        const CodeBlock &block = blocks[i];
        results[i].coefficients.resize(std::size_t{block.width} * block.height);
        tasks.push_back({&block, traits, Rect{0, 0, block.width, block.height},
                         reinterpret_cast<Coefficient *>(results[i].coefficients.data()), block.width,
                         block.height - 1});
    }
    BlockDecoder decoder;
    for (std::size_t first = 0; first < 2; first += together ? 2 : 1) {
        try {
            decoder.run(tile, std::span(tasks).subspan(first, together ? 2 : 1));
        } catch (const Error &) {
            for (std::size_t i = first; i < (together ? 2 : first + 1); ++i) {
                results[i] = {{}, true};
            }
        }
    }
    return results;
}

/// Whether all ways to decode the two blocks that `bytes` describe agree: first what they are, two bytes a
/// number, then their codeword segments.
[[nodiscard]] inline bool pairs_agree(std::span<const std::uint8_t> bytes) {
    Input input(bytes);
    BlockTraits traits;
    traits.style = input.number(127);
    traits.orientation = static_cast<int>(input.number(3));
    traits.planes = 1 + static_cast<int>(input.number(36));
    traits.roi_shift = static_cast<int>(input.number(12));
    traits.reversible = input.number(1) != 0;
    traits.step = 0.75F;
    const bool is_ht = (traits.style & high_throughput) != 0;
    const bool terminates = (traits.style & (terminate_each_pass | selective_bypass)) != 0;
    Tile tile;
    std::array<CodeBlock, 2> blocks{make_block(input, tile, is_ht, terminates),
                                    make_block(input, tile, is_ht, terminates)};
    if (input.number(1) != 0) {
        blocks[1].width = blocks[0].width; // what HT blocks of a pair are
        blocks[1].height = blocks[0].height;
    }
    std::vector<std::byte> data(input.rest().begin(), input.rest().end());
    deal(tile, data);
    for (const CodeBlock &block : blocks) {
        if (is_ht) {
            make_suffix_fit(tile, block, data);
        }
    }
    const std::array<Result, 2> alone = decoded(tile, blocks, traits, false);
    const std::array<Result, 2> pair = decoded(tile, blocks, traits, true);
    set_cpu_level("scalar");
    const bool same = decoded(tile, blocks, traits, false) == alone && //
                      decoded(tile, blocks, traits, true) == pair;
    set_cpu_level("auto");
    return same && (alone[0].failed || alone[1].failed ? pair[0].failed : alone == pair);
}

} // namespace radpix::jpeg2000::testing
