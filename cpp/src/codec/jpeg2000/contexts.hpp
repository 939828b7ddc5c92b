// SPDX-License-Identifier: Apache-2.0
/// The contexts of the coding passes (ISO/IEC 15444-1 tables D.1 to D.4, D.7) as tables over flag words.
#pragma once

#include <array>
#include <cstdint>

#include "codec/jpeg2000/mq_decoder.hpp"

namespace radpix::jpeg2000 {

inline constexpr unsigned context_count = 19;
inline constexpr unsigned first_sign_context = 9, first_refinement_context = 14, run_length_context = 17,
                          uniform_context = 18;

using Contexts = std::array<MqContext, context_count>;

/// Table D.7.
consteval Contexts make_initial_contexts() {
    Contexts contexts{};
    for (MqContext &context : contexts) {
        context = mq_context(0, 0);
    }
    contexts[0] = mq_context(4, 0);
    contexts[run_length_context] = mq_context(3, 0);
    contexts[uniform_context] = mq_context(46, 0);
    return contexts;
}

inline constexpr Contexts initial_contexts = make_initial_contexts();

/// Table D.1 for the LL and LH sub-bands; HL exchanges `h` and `v`.
consteval std::uint8_t zero_context(int h, int v, int d) {
    if (h == 2) {
        return 8;
    }
    if (h == 1) {
        return v >= 1 ? 7 : d >= 1 ? 6 : 5;
    }
    return v == 2 ? 4 : v == 1 ? 3 : d >= 2 ? 2 : static_cast<std::uint8_t>(d);
}

/// Table D.1 for HH.
consteval std::uint8_t zero_context_diagonal(int hv, int d) {
    if (d >= 3) {
        return 8;
    }
    if (d == 2) {
        return hv >= 1 ? 7 : 6;
    }
    const int most = hv >= 2 ? 2 : hv;
    return static_cast<std::uint8_t>(d == 1 ? 3 + most : most);
}

/// Zero coding context by the 3 x 3 neighbourhood's significance, bit 3 x row + column; by orientation.
using ZeroContexts = std::array<std::uint8_t, 512>;

consteval std::array<ZeroContexts, 4> make_zero_contexts() {
    std::array<ZeroContexts, 4> tables{};
    for (unsigned bits = 0; bits < 512; ++bits) {
        const auto at = [bits](int i) { return static_cast<int>(bits >> i & 1U); };
        const int h = at(3) + at(5), v = at(1) + at(7), d = at(0) + at(2) + at(6) + at(8);
        tables[0][bits] = zero_context(h, v, d);
        tables[1][bits] = zero_context(v, h, d);
        tables[2][bits] = zero_context(h, v, d);
        tables[3][bits] = zero_context_diagonal(h + v, d);
    }
    return tables;
}

inline constexpr std::array<ZeroContexts, 4> zero_contexts = make_zero_contexts();

/// Sign context and, in bit 7, the XOR bit (table D.3), by the significance of the north, west, east and
/// south neighbour (bits 1, 3, 5, 7) and their signs (bits 0, 2, 4, 6).
consteval std::array<std::uint8_t, 256> make_sign_contexts() {
    std::array<std::uint8_t, 256> table{};
    for (unsigned bits = 0; bits < 256; ++bits) {
        const auto signed_at = [bits](unsigned i) {
            const bool significant = (bits >> (2 * i + 1) & 1U) != 0;
            return !significant ? 0 : (bits >> (2 * i) & 1U) != 0 ? -1 : 1;
        };
        const auto contribution = [](int sum) { return sum > 0 ? 1 : sum < 0 ? -1 : 0; }; // table D.2
        int h = contribution(signed_at(1) + signed_at(2)), v = contribution(signed_at(0) + signed_at(3));
        const bool flips = h < 0 || (h == 0 && v < 0);
        if (flips) {
            h = -h;
            v = -v;
        }
        const int context = h == 1 ? 12 + v : 9 + v;
        table[bits] = static_cast<std::uint8_t>(context | (flips ? 0x80 : 0));
    }
    return table;
}

inline constexpr std::array<std::uint8_t, 256> sign_contexts = make_sign_contexts();

} // namespace radpix::jpeg2000
