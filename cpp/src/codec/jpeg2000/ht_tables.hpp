// SPDX-License-Identifier: Apache-2.0
/// Look-up tables of the HT block decoder (ISO/IEC 15444-15 annex C).
#pragma once

#include "codec/jpeg2000/ht_codewords.hpp"

namespace radpix::jpeg2000 {

/// A decoded CxtVLC codeword: bits 0-2 its length, bit 3 u_off, bits 4-7 the significance of the quad's
/// samples, 8-11 e_k, 12-15 e_1. 0 where no codeword begins with these bits.
using HtEntry = std::uint16_t;

/// An entry in the upper half; below it the length once more, in the six bits that a shift looks at, and from
/// bit 7 on what the quad adds to the context of the next in its row (7.3.5).
using HtLookup = std::uint32_t;

consteval unsigned make_ht_context(unsigned significance, bool first_row) {
    const unsigned any_right = (significance >> 2U | significance >> 3U) & 1U;
    return first_row ? ((significance | significance >> 1U) & 1U) | (significance >> 1U & 6U)
                     : any_right << 1U;
}

/// By context x 128 + the next 7 bits.
template <std::size_t count>
consteval std::array<HtLookup, 1024> make_ht_lookup(const std::array<HtCodeword, count> &codewords,
                                                    bool first_row) {
    std::array<HtLookup, 1024> table{};
    for (const HtCodeword &codeword : codewords) {
        for (unsigned rest = 0; rest < 128U >> codeword.length; ++rest) {
            const unsigned entry = codeword.length | unsigned{codeword.has_u} << 3U |
                                   unsigned{codeword.significance} << 4U | unsigned{codeword.e_k} << 8U |
                                   unsigned{codeword.e_1} << 12U;
            table[codeword.context * 128U + (codeword.bits | rest << codeword.length)] =
                entry << 16U | make_ht_context(codeword.significance, first_row) << 7U | codeword.length;
        }
    }
    return table;
}

inline constexpr std::array<HtLookup, 1024> ht_first_row_lookup =
    make_ht_lookup(ht_first_row_codewords, true);
inline constexpr std::array<HtLookup, 1024> ht_lookup = make_ht_lookup(ht_codewords, false);

/// The prefix of a u value (table 3), by the next three bits.
struct HtPrefix {
    std::uint8_t length, value, suffix_length;
};

/// By the next three bits, for a quad whose u_off is 1; without it nothing is read.
inline constexpr std::array<HtPrefix, 8> ht_prefixes{
    {{3, 5, 5}, {1, 1, 0}, {2, 2, 0}, {1, 1, 0}, {3, 3, 1}, {1, 1, 0}, {2, 2, 0}, {1, 1, 0}}};

/// The prefixes of a pair of quads: bits 0-5 how many bits they and the suffixes take, 6-9 the prefixes
/// alone, 10-12 and 13-15 the suffixes, 16-19 and 20-23 the values without them.
using HtPrefixPair = std::uint32_t;

/// What says of a pair which prefixes follow: bit 0 and 1 u_off of the quads. In the first row of quads two
/// that both have a u say more by the MEL code (7.3.6).
enum HtPairKind : unsigned { both_have_u = 3, both_above_2 = 4, not_both_above_2 = 5 };

consteval HtPrefixPair make_ht_prefix_pair(unsigned kind, unsigned bits) {
    constexpr HtPrefix nothing{0, 0, 0};
    const unsigned more = kind == both_above_2 ? 2 : 0;
    const HtPrefix a = kind == 0 || kind == 2 ? nothing : ht_prefixes[bits & 7U];
    HtPrefix b = kind < 2 ? nothing : ht_prefixes[bits >> a.length & 7U];
    if (kind == not_both_above_2 && a.length == 3) { // so the second is 1 or 2: one bit
        b = {1, static_cast<std::uint8_t>(1U + (bits >> 3U & 1U)), 0};
    }
    const unsigned prefixes = unsigned{a.length} + b.length,
                   all = prefixes + a.suffix_length + b.suffix_length;
    return all | prefixes << 6U | unsigned{a.suffix_length} << 10U | unsigned{b.suffix_length} << 13U |
           (a.value + more) << 16U | (b.value + more) << 20U;
}

/// By kind x 64 + the next six bits.
consteval std::array<HtPrefixPair, 384> make_ht_prefix_pairs() {
    std::array<HtPrefixPair, 384> table{};
    for (unsigned i = 0; i < 384; ++i) {
        table[i] = make_ht_prefix_pair(i / 64, i % 64);
    }
    return table;
}

inline constexpr std::array<HtPrefixPair, 384> ht_prefix_pairs = make_ht_prefix_pairs();

/// Exponents of the MEL code's 13 states (table 2).
inline constexpr std::array<std::uint8_t, 13> mel_exponents{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5};

} // namespace radpix::jpeg2000
