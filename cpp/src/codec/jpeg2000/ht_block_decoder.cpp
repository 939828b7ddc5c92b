// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/ht_block_decoder.hpp"

#include <string>

#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

constexpr std::uint32_t sign_bit = 0x80000000U;

[[noreturn]] void bad_block(const char *text) {
    throw_error(Errc::jpeg2000_code_block, text);
}

} // namespace

void HtBlockDecoder::begin(const HtSegments &segments, Index width, Index height, int plane) {
    segments_ = segments;
    width_ = width;
    height_ = height;
    plane_ = plane;
    quad_task_.across = (width + 1) / 2;
    quad_task_.down = (height + 1) / 2;
    open_cleanup();
    lay_out_quads();
}

void HtBlockDecoder::finish_into_rows(HtOutput output, void *rows, Index stride, float half_step) {
    read_samples(output, rows, stride, half_step);
}

void HtBlockDecoder::finish(bool is_causal) {
    stride_ = (quad_task_.across + 1) / 2 * 4; // whole pairs of quads
    samples_.resize(static_cast<std::size_t>(stride_ * 2 * quad_task_.down));
    read_samples(HtOutput::sign_magnitude, samples_.data(), stride_, 0);
    if (segments_.refinement_passes == 0) {
        return;
    }
    if (plane_ < 1) {
        bad_block("refinement passes of an HT code-block below its last bit-plane");
    }
    significance_propagation(plane_ - 1, is_causal);
    if (segments_.refinement_passes > 1) {
        magnitude_refinement(plane_ - 1);
    }
}

/// Finds the three streams of the cleanup segment (7.1.1).
void HtBlockDecoder::open_cleanup() {
    constexpr std::size_t most_suffix = 4079;
    const std::size_t length = segments_.cleanup_length;
    if (length < 2) {
        bad_block("an HT cleanup segment of less than two bytes");
    }
    const std::uint8_t *const bytes = segments_.cleanup;
    const std::size_t suffix =
        static_cast<std::size_t>(bytes[length - 1]) << 4U | (bytes[length - 2] & 15U); // Scup
    if (suffix < 2 || suffix > length || suffix > most_suffix) {
        bad_block("an HT cleanup segment whose MEL and VLC bytes are more than it has");
    }
    magnitude_bits_.assign_forward(bytes, length - suffix, 0xFF);
    quad_task_.mel = bytes + (length - suffix);
    quad_task_.mel_size = suffix - 1;
    const unsigned first = bytes[length - 2];
    const unsigned nibble = first >> 4U;
    const bool stuffed = (nibble & 7U) == 7U;
    vlc_bits_.assign_backward(bytes + length - 3, suffix - 2, (first | 0x0FU) > 0x8F,
                              stuffed ? nibble & 7U : nibble, stuffed ? 3 : 4);
    quad_task_.vlc = vlc_bits_.bits();
}

void HtBlockDecoder::lay_out_quads() {
    const Index stride = quad_task_.across + 3;
    quads_.assign(static_cast<std::size_t>(stride * (quad_task_.down + 1) + ht_spare), HtQuad{});
    quad_task_.quads = quads_.data() + stride + 1;
    quad_task_.quad_stride = stride;
}

void HtBlockDecoder::read_samples(HtOutput output, void *samples, Index stride, float half_step) {
    const auto scratch = static_cast<std::size_t>(ht_scratch(quad_task_.across));
    if (scratch_.size() < scratch) {
        scratch_.resize(scratch);
    }
    HtSampleTask task;
    task.quads = quad_task_.quads;
    task.quad_stride = quad_task_.quad_stride;
    task.across = quad_task_.across;
    task.down = quad_task_.down;
    task.plane = plane_;
    task.magnitudes = magnitude_bits_.bits();
    task.output = output;
    task.half_step = half_step;
    task.samples = samples;
    task.stride = stride;
    task.scratch = scratch_.data();
    if (!kernels_.read_ht_samples(task)) {
        bad_block("an HT code-block whose magnitudes exceed its bit-planes");
    }
}

/// 7.4: in stripes of four rows, by groups of four columns; the signs of a group follow its significance
/// bits.
void HtBlockDecoder::significance_propagation(int plane, bool is_causal) {
    refinement_bits_.assign_forward(segments_.refinement, segments_.refinement_length, 0);
    significance_stride_ = width_ + 2;
    significance_.assign(static_cast<std::size_t>(significance_stride_ * (height_ + 2)), 0);
    for (Index y = 0; y < height_; ++y) {
        for (Index x = 0; x < width_; ++x) {
            const bool significant = samples_[static_cast<std::size_t>(y * stride_ + x)] != 0;
            significance_[static_cast<std::size_t>((y + 1) * significance_stride_ + x + 1)] =
                significant ? 1 : 0;
        }
    }
    std::size_t at = 0;
    const std::uint32_t value = 3U << plane;
    for (Index y = 0; y < height_; y += 4) {
        const Index y1 = std::min(y + 4, height_);
        for (Index x = 0; x < width_; x += 4) {
            propagate_group(x, std::min(x + 4, width_), y, y1, is_causal ? y1 - 1 : height_, value, at);
        }
    }
}

void HtBlockDecoder::propagate_group(Index x0, Index x1, Index y0, Index y1, Index last_row,
                                     std::uint32_t value, std::size_t &at) {
    std::array<std::uint32_t *, 16> found{};
    std::size_t count = 0;
    for (Index x = x0; x < x1; ++x) {
        for (Index y = y0; y < y1; ++y) {
            std::uint8_t *const here = significance_.data() + (y + 1) * significance_stride_ + x + 1;
            const std::uint8_t *const north = here - significance_stride_;
            const std::uint8_t *const south = here + significance_stride_;
            unsigned around = north[-1] | north[0] | north[1] | here[-1] | here[1];
            if (y < last_row) {
                around |= static_cast<unsigned>(south[-1] | south[0] | south[1]);
            }
            if (*here == 0 && around != 0 && refinement_bits_.bit(at++) != 0) {
                *here = 2;
                found[count++] = samples_.data() + y * stride_ + x;
            }
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        *found[i] = value | (refinement_bits_.bit(at++) != 0 ? sign_bit : 0);
    }
}

void HtBlockDecoder::magnitude_refinement(int plane) {
    const std::size_t length = segments_.refinement_length;
    refinement_bits_.assign_backward(segments_.refinement + length - (length == 0 ? 0 : 1), length, true, 0,
                                     0);
    const std::uint32_t half = std::uint32_t{1} << plane;
    std::size_t at = 0;
    for (Index y0 = 0; y0 < height_; y0 += 4) {
        for (Index x = 0; x < width_; ++x) {
            for (Index y = y0; y < std::min(y0 + 4, height_); ++y) {
                if (significance_[static_cast<std::size_t>((y + 1) * significance_stride_ + x + 1)] == 1) {
                    const unsigned bit = refinement_bits_.bit(at++);
                    samples_[static_cast<std::size_t>(y * stride_ + x)] ^= (bit ^ 1U) * 2U * half | half;
                }
            }
        }
    }
}

} // namespace radpix::jpeg2000
