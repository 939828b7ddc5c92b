// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/ht_block_decoder.hpp"

#include <string>

#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

constexpr std::uint32_t sign_bit = 0x80000000U;

constexpr unsigned significance_of(unsigned entry) noexcept {
    return entry >> 4U & 15U;
}

constexpr unsigned has_u = 8;

/// Bits of the VLC stream for one pair of quads: at most 38.
struct Window {
    std::uint64_t bits;
    unsigned used = 0;

    [[nodiscard]] unsigned next(unsigned count) const noexcept {
        return static_cast<unsigned>(bits) & ((1U << count) - 1U);
    }
    unsigned take(unsigned count) noexcept {
        const unsigned value = next(count);
        pass(count);
        return value;
    }
    void pass(unsigned count) noexcept {
        bits >>= count;
        used += count;
    }
};

/// A suffix and, from 28 on, an extension of four bits (table 3).
void add_extension(Window &window, HtQuad &quad, unsigned suffix) noexcept {
    if (suffix >= 28) {
        quad.u = static_cast<std::uint16_t>(quad.u + 4 * window.take(4));
    }
}

/// u of two quads: prefixes, suffixes, extensions (7.3.6).
void read_u(Window &window, HtQuad &first, HtQuad &second) noexcept {
    const HtPrefix a = ht_prefixes[(first.entry & has_u) | window.next(3)];
    window.pass(a.length);
    const HtPrefix b = ht_prefixes[(second.entry & has_u) | window.next(3)];
    window.pass(b.length);
    const unsigned suffix_a = window.take(a.suffix_length);
    const unsigned suffix_b = window.take(b.suffix_length);
    first.u = static_cast<std::uint16_t>(a.value + suffix_a);
    second.u = static_cast<std::uint16_t>(b.value + suffix_b);
    add_extension(window, first, suffix_a);
    add_extension(window, second, suffix_b);
}

/// The same in the first row of quads, where two that both have a u say more by the MEL code.
void read_first_row_u(MelDecoder &mel, Window &window, HtQuad &first, HtQuad &second) noexcept {
    if ((first.entry & second.entry & has_u) == 0) {
        return read_u(window, first, second);
    }
    if (mel.next()) { // both above 2
        read_u(window, first, second);
        first.u = static_cast<std::uint16_t>(first.u + 2);
        second.u = static_cast<std::uint16_t>(second.u + 2);
        return;
    }
    const HtPrefix prefix = ht_prefixes[has_u | window.next(3)];
    if (prefix.length < 3) {
        return read_u(window, first, second);
    }
    // The first is above 2, so the second is 1 or 2: one bit, before the suffix of the first.
    window.pass(prefix.length);
    second.u = static_cast<std::uint16_t>(1 + window.take(1));
    const unsigned suffix = window.take(prefix.suffix_length);
    first.u = static_cast<std::uint16_t>(prefix.value + suffix);
    add_extension(window, first, suffix);
}

/// The context of a quad from those before it (7.3.5): its left neighbour, in the first row.
unsigned first_row_context(unsigned left) noexcept {
    return ((left | left >> 1U) & 1U) | (left >> 1U & 6U);
}

/// And those above to the left, above, above to the right.
unsigned context_of(unsigned left, unsigned north_west, unsigned north, unsigned north_east) noexcept {
    return ((north_west >> 3U | north >> 1U) & 1U) | ((left >> 2U | left >> 3U) & 1U) << 1U |
           ((north >> 3U | north_east >> 1U) & 1U) << 2U;
}

[[noreturn]] void bad_block(const char *text) {
    throw_error(Errc::jpeg2000_code_block, text);
}

} // namespace

void HtBlockDecoder::decode(const HtSegments &segments, Index width, Index height, int plane,
                            bool is_causal) {
    const Index across = (width + 1) / 2, down = (height + 1) / 2;
    stride_ = 2 * across;
    samples_.resize(static_cast<std::size_t>(stride_ * 2 * down));
    open_cleanup(segments);
    read_quads(MelDecoder(segments.cleanup + mel_begin_, mel_size_), across, down);
    read_samples(across, down, plane);
    if (segments.refinement_passes == 0) {
        return;
    }
    if (plane < 1) {
        bad_block("refinement passes of an HT code-block below its last bit-plane");
    }
    significance_propagation(segments, width, height, plane - 1, is_causal);
    if (segments.refinement_passes > 1) {
        magnitude_refinement(segments, width, height, plane - 1);
    }
}

/// Finds the three streams of the cleanup segment (7.1.1).
void HtBlockDecoder::open_cleanup(const HtSegments &segments) {
    constexpr std::size_t most_suffix = 4079;
    const std::size_t length = segments.cleanup_length;
    if (length < 2) {
        bad_block("an HT cleanup segment of less than two bytes");
    }
    const std::uint8_t *const bytes = segments.cleanup;
    const std::size_t suffix =
        static_cast<std::size_t>(bytes[length - 1]) << 4U | (bytes[length - 2] & 15U); // Scup
    if (suffix < 2 || suffix > length || suffix > most_suffix) {
        bad_block("an HT cleanup segment whose MEL and VLC bytes are more than it has");
    }
    magnitude_bits_.assign_forward(bytes, length - suffix, 0xFF);
    mel_begin_ = length - suffix;
    mel_size_ = suffix - 1;
    const unsigned first = bytes[length - 2];
    const unsigned nibble = first >> 4U;
    const bool stuffed = (nibble & 7U) == 7U;
    vlc_bits_.assign_backward(bytes + length - 3, suffix - 2, (first | 0x0FU) > 0x8F,
                              stuffed ? nibble & 7U : nibble, stuffed ? 3 : 4);
}

/// Significance patterns, known exponent bits and u of all quads (7.3.5, 7.3.6), in pairs along each row.
void HtBlockDecoder::read_quads(MelDecoder mel, Index across, Index down) {
    const Index stride = across + 3;
    quads_.assign(static_cast<std::size_t>(stride * (down + 1)), HtQuad{});
    const HtBits bits = vlc_bits_.bits();
    std::size_t at = 0;
    for (Index y = 0; y < down; ++y) {
        HtQuad *const row = quads_.data() + (y + 1) * stride + 1;
        const HtQuad *const above = row - stride;
        const HtEntry *const lookup = y == 0 ? ht_first_row_lookup.data() : ht_lookup.data();
        unsigned left = 0;
        for (Index x = 0; x < across; x += 2) {
            Window window{peek_bits(bits, at)};
            const Index end = std::min(x + 2, across);
            for (Index i = x; i < end; ++i) {
                const unsigned context =
                    y == 0 ? first_row_context(left)
                           : context_of(left, significance_of(above[i - 1].entry),
                                        significance_of(above[i].entry), significance_of(above[i + 1].entry));
                unsigned entry = 0;
                if (context != 0 || mel.next()) {
                    entry = lookup[context * 128U + window.next(7)];
                    window.pass(entry & 7U);
                }
                row[i].entry = static_cast<HtEntry>(entry);
                left = significance_of(entry);
            }
            if (y == 0) {
                read_first_row_u(mel, window, row[x], row[x + 1]);
            } else {
                read_u(window, row[x], row[x + 1]);
            }
            at += window.used;
        }
    }
}

void HtBlockDecoder::read_samples(Index across, Index down, int plane) {
    const auto scratch = static_cast<std::size_t>(3 * (across + 2));
    if (scratch_.size() < scratch) {
        scratch_.resize(scratch);
    }
    HtSampleTask task;
    task.quads = quads_.data() + across + 3 + 1;
    task.quad_stride = across + 3;
    task.across = across;
    task.down = down;
    task.plane = plane;
    task.magnitudes = magnitude_bits_.bits();
    task.samples = samples_.data();
    task.stride = stride_;
    task.scratch = scratch_.data();
    if (!kernels_.read_ht_samples(task)) {
        bad_block("an HT code-block whose magnitudes exceed its bit-planes");
    }
}

/// 7.4: in stripes of four rows, by groups of four columns; the signs of a group follow its significance
/// bits.
void HtBlockDecoder::significance_propagation(const HtSegments &segments, Index width, Index height,
                                              int plane, bool is_causal) {
    refinement_bits_.assign_forward(segments.refinement, segments.refinement_length, 0);
    significance_stride_ = width + 2;
    significance_.assign(static_cast<std::size_t>(significance_stride_ * (height + 2)), 0);
    for (Index y = 0; y < height; ++y) {
        for (Index x = 0; x < width; ++x) {
            const bool significant = samples_[static_cast<std::size_t>(y * stride_ + x)] != 0;
            significance_[static_cast<std::size_t>((y + 1) * significance_stride_ + x + 1)] =
                significant ? 1 : 0;
        }
    }
    std::size_t at = 0;
    const std::uint32_t value = 3U << plane;
    for (Index y = 0; y < height; y += 4) {
        const Index y1 = std::min(y + 4, height);
        for (Index x = 0; x < width; x += 4) {
            propagate_group(x, std::min(x + 4, width), y, y1, is_causal ? y1 - 1 : height, value, at);
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

void HtBlockDecoder::magnitude_refinement(const HtSegments &segments, Index width, Index height, int plane) {
    const std::size_t length = segments.refinement_length;
    refinement_bits_.assign_backward(segments.refinement + length - (length == 0 ? 0 : 1), length, true, 0,
                                     0);
    const std::uint32_t half = std::uint32_t{1} << plane;
    std::size_t at = 0;
    for (Index y0 = 0; y0 < height; y0 += 4) {
        for (Index x = 0; x < width; ++x) {
            for (Index y = y0; y < std::min(y0 + 4, height); ++y) {
                if (significance_[static_cast<std::size_t>((y + 1) * significance_stride_ + x + 1)] == 1) {
                    const unsigned bit = refinement_bits_.bit(at++);
                    samples_[static_cast<std::size_t>(y * stride_ + x)] ^= (bit ^ 1U) * 2U * half | half;
                }
            }
        }
    }
}

} // namespace radpix::jpeg2000
