// SPDX-License-Identifier: Apache-2.0
/// Look-up tables of the HT block decoder (ISO/IEC 15444-15 annex C).
#pragma once

#include "codec/jpeg2000/ht_codewords.hpp"

namespace radpix::jpeg2000 {

/// A decoded CxtVLC codeword: bits 0-2 its length, bit 3 u_off, bits 4-7 the significance of the quad's
/// samples, 8-11 e_k, 12-15 e_1. 0 where no codeword begins with these bits.
using HtEntry = std::uint16_t;

/// By context x 128 + the next 7 bits.
template <std::size_t count>
consteval std::array<HtEntry, 1024> make_ht_lookup(const std::array<HtCodeword, count> &codewords) {
    std::array<HtEntry, 1024> table{};
    for (const HtCodeword &codeword : codewords) {
        for (unsigned rest = 0; rest < 128U >> codeword.length; ++rest) {
            table[codeword.context * 128U + (codeword.bits | rest << codeword.length)] =
                static_cast<HtEntry>(codeword.length | codeword.has_u << 3U | codeword.significance << 4U |
                                     codeword.e_k << 8U | codeword.e_1 << 12U);
        }
    }
    return table;
}

inline constexpr std::array<HtEntry, 1024> ht_first_row_lookup = make_ht_lookup(ht_first_row_codewords);
inline constexpr std::array<HtEntry, 1024> ht_lookup = make_ht_lookup(ht_codewords);

/// The prefix of a u value (table 3), by the next three bits.
struct HtPrefix {
    std::uint8_t length, value, suffix_length;
};

/// By the next three bits, for a quad whose u_off is 1; without it nothing is read.
inline constexpr std::array<HtPrefix, 8> ht_prefixes{
    {{3, 5, 5}, {1, 1, 0}, {2, 2, 0}, {1, 1, 0}, {3, 3, 1}, {1, 1, 0}, {2, 2, 0}, {1, 1, 0}}};

/// The prefixes of a pair of quads: how many bits they take, how many the suffixes, and the values without
/// them.
struct HtPrefixPair {
    std::uint8_t length, suffix_a, suffix_b, value_a, value_b;
};

/// What says of a pair which prefixes follow: bit 0 and 1 u_off of the quads. In the first row of quads two
/// that both have a u say more by the MEL code (7.3.6).
enum HtPairKind : unsigned { both_have_u = 3, both_above_2 = 4, not_both_above_2 = 5 };

consteval HtPrefixPair make_ht_prefix_pair(unsigned kind, unsigned bits) {
    constexpr HtPrefix nothing{0, 0, 0};
    const HtPrefix a = kind == 0 || kind == 2 ? nothing : ht_prefixes[bits & 7U];
    if (kind == not_both_above_2 && a.length == 3) { // so the second is 1 or 2: one bit
        return {4, a.suffix_length, 0, a.value, static_cast<std::uint8_t>(1U + (bits >> 3U & 1U))};
    }
    const HtPrefix b = kind < 2 ? nothing : ht_prefixes[bits >> a.length & 7U];
    const unsigned more = kind == both_above_2 ? 2 : 0;
    return {static_cast<std::uint8_t>(a.length + b.length), a.suffix_length, b.suffix_length,
            static_cast<std::uint8_t>(a.value + more), static_cast<std::uint8_t>(b.value + more)};
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
