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
constexpr unsigned first_bypassed_pass = 10;

enum class PassKind : std::uint8_t { significance, refinement, cleanup };

/// The first bit-plane has a cleanup pass only (D.3).
PassKind kind_of_pass(unsigned index) noexcept {
    return static_cast<PassKind>((index + 2) % 3);
}

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

bool are_decoded_at_once(const Tile &tile, const CodeBlock &first, const CodeBlock &second) noexcept {
    return second.coder == BlockCoder::high_throughput && tile.has_passes(second) &&
           first.width == second.width;
}

} // namespace

BlockDecoder::BlockDecoder() noexcept(false)
    : kernels_(block_kernels()), ht_{HtBlock{HtBlockDecoder(kernels_), {}, {}}, //
                                     HtBlock{HtBlockDecoder(kernels_), {}, {}}} {}

void BlockDecoder::run(const Tile &tile, std::span<const BlockTask> tasks) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const BlockTask &task = tasks[i];
        const CodeBlock &block = *task.block;
        if (!tile.has_passes(block)) {
            fill_with_zeros(task);
        } else if (block.coder != BlockCoder::high_throughput) {
            decode_part_1(tile, block, task.traits, planes_of(block, task.traits));
            write_part_1(task);
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

/// The bytes of a segment in one piece, two bytes FF behind them.
const std::uint8_t *BlockDecoder::gather(const Tile &tile, std::uint32_t segment,
                                         std::vector<std::uint8_t> &bytes) {
    const Segment &source = tile.segments[segment];
    if (bytes.size() < source.used_length + 2U) {
        bytes.resize(source.used_length + 2U);
    }
    std::size_t at = 0;
    for (std::uint32_t c = source.first_chunk; at < source.used_length; c = tile.chunks[c].next) {
        const Chunk &chunk = tile.chunks[c];
        std::memcpy(bytes.data() + at, tile.data.data() + chunk.offset, chunk.length);
        at += chunk.length;
    }
    bytes[at] = bytes[at + 1] = 0xFF;
    return bytes.data();
}

void BlockDecoder::decode_part_1(const Tile &tile, const CodeBlock &block, const BlockTraits &traits,
                                 int planes) {
    state_.width = block.width;
    state_.height = block.height;
    state_.is_causal = (traits.style & vertically_causal) != 0;
    state_.zero_context = zero_contexts[static_cast<std::size_t>(traits.orientation)].data();
    state_.flag_stride = block.width + 2;
    flags_.assign(static_cast<std::size_t>((state_.stripes() + 2) * state_.flag_stride), 0);
    magnitudes_.assign(static_cast<std::size_t>(4 * state_.stripes() * block.width), 0);
    state_.flags = flags_.data() + state_.flag_stride + 1;
    state_.magnitudes = magnitudes_.data();
    state_.contexts = initial_contexts;

    unsigned pass = 0;
    for (std::uint32_t s = block.first_segment; s != none; s = tile.segments[s].next) {
        if (tile.segments[s].used_passes == 0) {
            break;
        }
        const std::uint8_t *const bytes = gather(tile, s, bytes_);
        MqDecoder decoder(bytes);
        RawBits bits(bytes);
        for (const unsigned end = pass + tile.segments[s].used_passes; pass < end; ++pass) {
            const int plane = planes - 1 - static_cast<int>((pass + 2) / 3);
            if (plane < 0) {
                throw_error(Errc::jpeg2000_code_block, "a code-block with more passes than bit-planes");
            }
            const bool is_raw = (traits.style & selective_bypass) != 0 && pass >= first_bypassed_pass;
            switch (kind_of_pass(pass)) {
            case PassKind::significance:
                is_raw ? kernels_.raw_significance(state_, bits, plane)
                       : kernels_.significance(state_, decoder, plane);
                break;
            case PassKind::refinement:
                is_raw ? kernels_.raw_refinement(state_, bits, plane)
                       : kernels_.refinement(state_, decoder, plane);
                break;
            case PassKind::cleanup:
                kernels_.cleanup(state_, decoder, plane);
                if ((traits.style & segmentation_symbols) != 0) { // D.5: 1010, which nothing here depends on
                    for (int i = 0; i < 4; ++i) {
                        static_cast<void>(decoder.decode(state_.contexts[uniform_context]));
                    }
                }
                break;
            }
            if ((traits.style & reset_contexts) != 0) {
                state_.contexts = initial_contexts;
            }
        }
    }
}

/// The bytes of a segment where they are, if they are in one piece.
const std::uint8_t *BlockDecoder::find_or_gather(const Tile &tile, std::uint32_t segment,
                                                 std::vector<std::uint8_t> &bytes) {
    const Segment &source = tile.segments[segment];
    if (source.first_chunk != none && tile.chunks[source.first_chunk].length >= source.used_length) {
        return reinterpret_cast<const std::uint8_t *>(tile.data.data()) +
               tile.chunks[source.first_chunk].offset;
    }
    return gather(tile, segment, bytes);
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

void BlockDecoder::write_part_1(const BlockTask &task) {
    const CodeBlock &block = *task.block;
    const BlockTraits &traits = task.traits;
    const float half_step = 0.5F * traits.step;
    for (Index y = task.part.y0; y < task.part.y1; ++y) {
        const Index stripe = y / 4, row = y % 4;
        const std::uint32_t *const magnitudes = magnitudes_.data() + 4 * stripe * block.width + row;
        const Flags *const flags = state_.flags + stripe * state_.flag_stride;
        Coefficient *const out = task.target + (y - task.part.y0) * task.stride - task.part.x0;
        for (Index x = task.part.x0; x < task.part.x1; ++x) {
            const std::uint32_t doubled = scaled_back(magnitudes[4 * x], traits.roi_shift);
            const bool negative = (flags[x] >> (19 + row) & 1U) != 0;
            if (traits.reversible) {
                const auto value = static_cast<std::int32_t>(doubled >> 1U);
                out[x].integer = negative ? -value : value;
            } else {
                const float value = static_cast<float>(doubled) * half_step;
                out[x].real = negative ? -value : value;
            }
        }
    }
}

} // namespace radpix::jpeg2000
