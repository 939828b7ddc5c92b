// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/part_1_block_decoder.hpp"

#include <algorithm>

#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

constexpr unsigned first_bypassed_pass = 10;

enum class PassKind : std::uint8_t { significance, refinement, cleanup };

/// The first bit-plane has a cleanup pass only (D.3).
PassKind kind_of_pass(unsigned index) noexcept {
    return static_cast<PassKind>((index + 2) % 3);
}

} // namespace

void Part1BlockDecoder::begin(const Tile &tile, const CodeBlock &block, int orientation, unsigned style,
                              int planes) {
    tile_ = &tile;
    style_ = style;
    planes_ = planes;
    pass_ = 0;
    state_.is_causal = (style & vertically_causal) != 0;
    state_.zero_context = zero_contexts[static_cast<std::size_t>(orientation)].data();
    state_.contexts = initial_contexts;
    clear(block);
    open_segment(block.first_segment);
}

void Part1BlockDecoder::clear(const CodeBlock &block) {
    state_.width = block.width;
    state_.height = block.height;
    state_.stride = block.width + 1;
    state_.group_stride = (block.width + group_columns - 1) / group_columns + 1;
    const Index stripes = state_.stripes(), columns = state_.stride, across = state_.group_stride;
    flags_.assign(static_cast<std::size_t>((stripes + 2) * columns + 1), 0);
    groups_.assign(static_cast<std::size_t>((stripes + 2) * across + 1), {});
    magnitudes_.assign(static_cast<std::size_t>(4 * stripes * block.width), 0);
    state_.flags = flags_.data() + columns + 1;
    state_.groups = groups_.data() + across + 1;
    state_.magnitudes = magnitudes_.data();
    for (Index stripe = 0; stripe < stripes; ++stripe) {
        constexpr std::uint64_t first_rows = 0x1111111111111111;
        const Index rows = std::min<Index>(block.height - 4 * stripe, 4);
        const std::uint64_t all = first_rows * ((1U << rows) - 1U);
        for (Index first = 0; first < block.width; first += group_columns) {
            const Index missing = std::max<Index>(first + group_columns - block.width, 0);
            state_.groups[stripe * across + first / group_columns].within = all >> (4 * missing);
        }
    }
}

void Part1BlockDecoder::open_segment(std::uint32_t segment) {
    segment_ = segment == none || tile_->segments[segment].used_passes == 0 ? none : segment;
    if (segment_ != none) {
        const std::uint8_t *const bytes = gather(*tile_, segment, bytes_);
        decoder_ = MqDecoder(bytes);
        bits_ = RawBits(bytes);
        segment_end_ = pass_ + tile_->segments[segment].used_passes;
    }
}

CodingPass Part1BlockDecoder::next_pass() {
    const int plane = planes_ - 1 - static_cast<int>((pass_ + 2) / 3);
    if (plane < 0) {
        throw_error(Errc::jpeg2000_code_block, "a code-block with more passes than bit-planes");
    }
    return {&state_, &decoder_, &bits_, plane};
}

bool Part1BlockDecoder::is_raw() const noexcept {
    return (style_ & selective_bypass) != 0 && pass_ >= first_bypassed_pass;
}

void Part1BlockDecoder::decode_pass() {
    const CodingPass pass = next_pass();
    switch (kind_of_pass(pass_)) {
    case PassKind::significance:
        is_raw() ? kernels_.raw_significance(pass) : kernels_.significance(pass);
        break;
    case PassKind::refinement:
        is_raw() ? kernels_.raw_refinement(pass) : kernels_.refinement(pass);
        break;
    case PassKind::cleanup:
        kernels_.cleanup(pass);
        break;
    }
    end_pass();
}

void Part1BlockDecoder::decode_pass_of_two(Part1BlockDecoder &first, Part1BlockDecoder &second) {
    const PassKind kind = kind_of_pass(first.pass_);
    if (kind != PassKind::cleanup && first.is_raw()) {
        first.decode_pass();
        second.decode_pass();
        return;
    }
    const BlockKernels &kernels = first.kernels_;
    const auto decode = kind == PassKind::significance ? kernels.significance_of_two
                        : kind == PassKind::refinement ? kernels.refinement_of_two
                                                       : kernels.cleanup_of_two;
    decode(first.next_pass(), second.next_pass());
    first.end_pass();
    second.end_pass();
}

void Part1BlockDecoder::end_pass() {
    if (kind_of_pass(pass_) == PassKind::cleanup && (style_ & segmentation_symbols) != 0) {
        MqCursor cursor(decoder_);
        for (int i = 0; i < 4; ++i) { // D.5: 1010, which nothing here depends on
            static_cast<void>(cursor.decode(state_.contexts[uniform_context]));
        }
        cursor.give_back(decoder_);
    }
    if ((style_ & reset_contexts) != 0) {
        state_.contexts = initial_contexts;
    }
    if (++pass_ == segment_end_) {
        open_segment(tile_->segments[segment_].next);
    }
}

} // namespace radpix::jpeg2000
