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

/// By the next three bits, 8 more where u_off is 1; without it nothing is read.
inline constexpr std::array<HtPrefix, 16> ht_prefixes{{{0, 0, 0},
                                                       {0, 0, 0},
                                                       {0, 0, 0},
                                                       {0, 0, 0},
                                                       {0, 0, 0},
                                                       {0, 0, 0},
                                                       {0, 0, 0},
                                                       {0, 0, 0},
                                                       {3, 5, 5},
                                                       {1, 1, 0},
                                                       {2, 2, 0},
                                                       {1, 1, 0},
                                                       {3, 3, 1},
                                                       {1, 1, 0},
                                                       {2, 2, 0},
                                                       {1, 1, 0}}};

/// Exponents of the MEL code's 13 states (table 2).
inline constexpr std::array<std::uint8_t, 13> mel_exponents{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5};

} // namespace radpix::jpeg2000
