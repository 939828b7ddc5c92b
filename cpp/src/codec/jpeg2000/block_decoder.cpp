// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/block_decoder.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

/// Magnitudes are kept times two in 32 bits.
constexpr int max_planes = 31;

std::uint32_t scaled_back(std::uint32_t doubled, int roi_shift) noexcept {
    // H.1: what reaches 2^s belongs to the region of interest
    return roi_shift > 0 && doubled >> 1U >= std::uint32_t{1} << roi_shift ? doubled >> roi_shift : doubled;
}

int planes_of(const CodeBlock &block, const BlockTraits &traits) {
    const int planes = traits.planes + traits.roi_shift - block.zero_planes;
    if (planes > max_planes || traits.roi_shift > max_planes) {
        throw_error(Errc::jpeg2000_unsupported, "a code-block of " + std::to_string(planes) +
                                                    " bit-planes; this build decodes up to " +
                                                    std::to_string(max_planes));
    }
    if (planes <= 0) {
        throw_error(Errc::jpeg2000_code_block, "a code-block with passes but without bit-planes");
    }
    return planes;
}

/// Asks for the cache lines that a block goes to, which are there when it is decoded: its rows lie too far
/// apart for the processor to see a pattern.
void prefetch([[maybe_unused]] const BlockTask &task) noexcept {
#if defined(__GNUC__)
    constexpr Index line = 64 / sizeof(Coefficient);
    for (Index y = 0; y < task.part.height(); ++y) {
        for (Index x = 0; x < task.part.width(); x += line) {
            __builtin_prefetch(task.target + y * task.stride + x, 1, 2);
        }
    }
#endif
}

void fill_with_zeros(const BlockTask &task) noexcept {
    for (Index y = 0; y < task.part.height(); ++y) {
        std::memset(task.target + y * task.stride, 0,
                    static_cast<std::size_t>(task.part.width()) * sizeof(Coefficient));
    }
}

/// Whether two Part 1 blocks can be decoded at once.
bool are_like(const Tile &tile, const BlockTask &first, const BlockTask &second) noexcept {
    return second.block->coder != BlockCoder::high_throughput && tile.has_passes(*second.block) &&
           first.traits.style == second.traits.style;
}

bool are_decoded_at_once(const Tile &tile, const CodeBlock &first, const CodeBlock &second) noexcept {
    return second.coder == BlockCoder::high_throughput && tile.has_passes(second) &&
           first.width == second.width;
}

} // namespace

BlockDecoder::BlockDecoder() noexcept(false)
    : kernels_(block_kernels()), part_1_{Part1BlockDecoder(kernels_), Part1BlockDecoder(kernels_)},
      ht_{HtBlock{HtBlockDecoder(kernels_), {}, {}}, //
          HtBlock{HtBlockDecoder(kernels_), {}, {}}} {}

void BlockDecoder::run(const Tile &tile, std::span<const BlockTask> tasks) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const BlockTask &task = tasks[i];
        const CodeBlock &block = *task.block;
        if (!tile.has_passes(block)) {
            fill_with_zeros(task);
        } else if (block.coder != BlockCoder::high_throughput) {
            const bool two = i + 1 < tasks.size() && are_like(tile, task, tasks[i + 1]);
            run_part_1(tile, tasks.subspan(i, two ? 2 : 1));
            i += two ? 1 : 0;
        } else if (i + 1 < tasks.size() && are_decoded_at_once(tile, block, *tasks[i + 1].block)) {
            begin_ht(tile, task, ht_[0]);
            begin_ht(tile, tasks[++i], ht_[1]);
            kernels_.read_ht_quads_of_two(ht_[0].decoder.quad_task(), ht_[1].decoder.quad_task());
            finish_ht(task, ht_[0]);
            finish_ht(tasks[i], ht_[1]);
        } else {
            begin_ht(tile, task, ht_[0]);
            kernels_.read_ht_quads(ht_[0].decoder.quad_task());
            finish_ht(task, ht_[0]);
        }
    }
}

void BlockDecoder::run_part_1(const Tile &tile, std::span<const BlockTask> tasks) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const BlockTask &task = tasks[i];
        part_1_[i].begin(tile, *task.block, task.traits.orientation, task.traits.style,
                         planes_of(*task.block, task.traits));
    }
    while (tasks.size() == 2 && part_1_[0].has_pass() && part_1_[1].has_pass()) {
        Part1BlockDecoder::decode_pass_of_two(part_1_[0], part_1_[1]);
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        while (part_1_[i].has_pass()) {
            part_1_[i].decode_pass();
        }
        write_part_1(tasks[i], part_1_[i]);
    }
}

void BlockDecoder::begin_ht(const Tile &tile, const BlockTask &task, HtBlock &ht) {
    const CodeBlock &block = *task.block;
    const int plane = planes_of(block, task.traits) - 1 - block.ht_set;
    if (plane < 0) {
        throw_error(Errc::jpeg2000_code_block, "an HT code-block with more passes than bit-planes");
    }
    prefetch(task);
    HtSegments segments;
    segments.cleanup = find_or_gather(tile, block.first_segment, ht.bytes);
    segments.cleanup_length = tile.segments[block.first_segment].used_length;
    const std::uint32_t second = tile.segments[block.first_segment].next;
    if (second != none && tile.segments[second].used_passes > 0 && tile.segments[second].used_length > 0) {
        segments.refinement = find_or_gather(tile, second, ht.refinement_bytes);
        segments.refinement_length = tile.segments[second].used_length;
        segments.refinement_passes = static_cast<int>(tile.segments[second].used_passes);
    }
    ht.decoder.begin(segments, block.width, block.height, plane);
}

void BlockDecoder::finish_ht(const BlockTask &task, HtBlock &ht) {
    constexpr std::uint32_t sign_bit = 0x80000000U;
    const BlockTraits &traits = task.traits;
    const Index width = task.part.width();
    const bool is_whole = width == task.block->width && task.part.height() == task.block->height;
    if (is_whole && traits.roi_shift == 0 && ht.decoder.can_finish_into_rows()) {
        return ht.decoder.finish_into_rows(traits.reversible ? HtOutput::integer : HtOutput::real,
                                           task.target, task.stride, 0.5F * traits.step);
    }
    ht.decoder.finish((traits.style & vertically_causal) != 0);
    for (Index y = 0; y < task.part.height(); ++y) {
        std::uint32_t *const row = ht.decoder.row(task.part.y0 + y) + task.part.x0;
        for (Index x = 0; x < width && traits.roi_shift > 0; ++x) {
            row[x] = (row[x] & sign_bit) | scaled_back(row[x] & ~sign_bit, traits.roi_shift);
        }
        Coefficient *const out = task.target + y * task.stride;
        if (traits.reversible) {
            kernels_.to_integers(row, &out->integer, width);
        } else {
            kernels_.to_reals(row, &out->real, width, 0.5F * traits.step);
        }
    }
}

void BlockDecoder::write_part_1(const BlockTask &task, Part1BlockDecoder &block) {
    constexpr unsigned first_sign = 19;
    const BlockTraits &traits = task.traits;
    if (traits.roi_shift > 0) {
        for (std::uint32_t &doubled : block.magnitudes()) {
            doubled = scaled_back(doubled, traits.roi_shift);
        }
    }
    const Index width = task.part.width();
    for (Index y = task.part.y0; y < task.part.y1; ++y) {
        const std::uint32_t *const magnitudes = block.magnitudes(y) + 4 * task.part.x0;
        const Flags *const flags = block.flags(y) + task.part.x0;
        const unsigned sign = first_sign + static_cast<unsigned>(y % 4);
        Coefficient *const out = task.target + (y - task.part.y0) * task.stride;
        if (traits.reversible) {
            kernels_.row_to_integers(magnitudes, flags, sign, &out->integer, width);
        } else {
            kernels_.row_to_reals(magnitudes, flags, sign, &out->real, width, 0.5F * traits.step);
        }
    }
}

} // namespace radpix::jpeg2000
