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

/// What follows a prefix: the suffix and, from 28 on, an extension of four bits (table 3).
unsigned read_suffix(std::uint64_t bits, unsigned suffix_length) noexcept {
    return static_cast<unsigned>(bits) & ((1U << suffix_length) - 1U);
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
    quads_.assign(static_cast<std::size_t>(stride * (down + 1)), Quad{});
    std::size_t at = 0;
    for (Index y = 0; y < down; ++y) {
        Quad *const row = quads_.data() + (y + 1) * stride + 1;
        const Quad *const above = row - stride;
        const std::array<HtEntry, 1024> &lookup = y == 0 ? ht_first_row_lookup : ht_lookup;
        for (Index x = 0; x < across; x += 2) {
            for (Index i = x; i < std::min(x + 2, across); ++i) {
                const unsigned left = significance_of(row[i - 1].entry);
                unsigned context = 0;
                if (y == 0) {
                    context = ((left | left >> 1U) & 1U) | (left >> 1U & 6U);
                } else {
                    const unsigned north = significance_of(above[i].entry);
                    const unsigned north_west = significance_of(above[i - 1].entry);
                    const unsigned north_east = significance_of(above[i + 1].entry);
                    context = ((north_west >> 3U | north >> 1U) & 1U) |
                              ((left >> 2U | left >> 3U) & 1U) << 1U |
                              ((north >> 3U | north_east >> 1U) & 1U) << 2U;
                }
                if (context == 0 && !mel.next()) {
                    continue;
                }
                const unsigned entry = lookup[context * 128U + (vlc_bits_.peek(at) & 127U)];
                at += entry & 7U;
                row[i].entry = static_cast<HtEntry>(entry);
            }
            at = y == 0 ? read_first_row_u(mel, at, row[x], row[x + 1]) : read_u(at, row[x], row[x + 1]);
        }
    }
}

std::size_t HtBlockDecoder::read_first_row_u(MelDecoder &mel, std::size_t at, Quad &first,
                                             Quad &second) const noexcept {
    constexpr unsigned has_u = 8;
    if ((first.entry & has_u) == 0 || (second.entry & has_u) == 0) {
        return read_u(at, first, second);
    }
    if (mel.next()) { // both above 2
        at = read_u(at, first, second);
        first.u = static_cast<std::uint16_t>(first.u + 2);
        second.u = static_cast<std::uint16_t>(second.u + 2);
        return at;
    }
    const HtPrefix prefix = ht_prefixes[vlc_bits_.peek(at) & 7U];
    if (prefix.length < 3) {
        return read_u(at, first, second);
    }
    // The first is above 2, so the second is 1 or 2: one bit, before the suffix of the first.
    at += prefix.length;
    second.u = static_cast<std::uint16_t>(1 + vlc_bits_.bit(at++));
    unsigned u = prefix.value;
    const unsigned suffix = read_suffix(vlc_bits_.peek(at), prefix.suffix_length);
    at += prefix.suffix_length;
    u += suffix;
    if (suffix >= 28) {
        u += 4 * (static_cast<unsigned>(vlc_bits_.peek(at)) & 15U);
        at += 4;
    }
    first.u = static_cast<std::uint16_t>(u);
    return at;
}

std::size_t HtBlockDecoder::read_u(std::size_t at, Quad &first, Quad &second) const noexcept {
    std::array<Quad *, 2> quads{&first, &second};
    std::array<HtPrefix, 2> prefixes{};
    std::array<unsigned, 2> suffixes{};
    for (std::size_t i = 0; i < 2; ++i) {
        if ((quads[i]->entry & 8U) != 0) {
            prefixes[i] = ht_prefixes[vlc_bits_.peek(at) & 7U];
            at += prefixes[i].length;
        }
    }
    for (std::size_t i = 0; i < 2; ++i) {
        suffixes[i] = read_suffix(vlc_bits_.peek(at), prefixes[i].suffix_length);
        at += prefixes[i].suffix_length;
    }
    for (std::size_t i = 0; i < 2; ++i) {
        unsigned u = prefixes[i].value + suffixes[i];
        if (suffixes[i] >= 28) {
            u += 4 * (static_cast<unsigned>(vlc_bits_.peek(at)) & 15U);
            at += 4;
        }
        quads[i]->u = static_cast<std::uint16_t>(u);
    }
    return at;
}

/// Magnitudes and signs (7.3.7, 7.3.8). The four samples of a quad: left column first, downwards.
void HtBlockDecoder::read_samples(Index across, Index down, int plane) {
    exponents_.assign(static_cast<std::size_t>(2 * (2 * across + 4)), 0);
    std::uint8_t *above = exponents_.data() + 2, *current = above + 2 * across + 4;
    std::size_t at = 0;
    for (Index y = 0; y < down; ++y) {
        const Quad *const row = quads_.data() + (y + 1) * (across + 3) + 1;
        std::uint32_t *const top = samples_.data() + 2 * y * stride_;
        for (Index x = 0; x < across; ++x) {
            const unsigned entry = row[x].entry, significance = significance_of(entry);
            unsigned kappa = 1;
            if (y > 0 && (significance & (significance - 1U)) != 0) { // more than one significant sample
                const std::uint8_t *const e = above + 2 * x;
                const unsigned most = std::max({e[-1], e[0], e[1], e[2]});
                kappa = most > 2 ? most - 1U : 1U;
            }
            const unsigned exponent = kappa + row[x].u; // U
            if (significance != 0 && exponent + static_cast<unsigned>(plane) > 30U) {
                bad_block("an HT code-block whose magnitudes exceed its bit-planes");
            }
            std::array<std::uint32_t, 4> values{};
            current[2 * x] = current[2 * x + 1] = 0;
            for (unsigned n = 0; n < 4; ++n) {
                if ((significance >> n & 1U) == 0) {
                    continue;
                }
                const unsigned count = exponent - (entry >> (8 + n) & 1U);
                const auto bits =
                    static_cast<std::uint32_t>(magnitude_bits_.peek(at) & ((std::uint64_t{1} << count) - 1U));
                at += count;
                const std::uint32_t value = bits | (entry >> (12 + n) & 1U) << count;
                values[n] = ((value | 1U) + 2U) << plane | (value & 1U) << 31U;
                if ((n & 1U) != 0) {
                    current[2 * x + (n >> 1U)] = static_cast<std::uint8_t>(std::bit_width(value | 1U));
                }
            }
            top[2 * x] = values[0];
            top[2 * x + stride_] = values[1];
            top[2 * x + 1] = values[2];
            top[2 * x + 1 + stride_] = values[3];
        }
        std::swap(above, current);
        above[2 * across] = 0;
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
