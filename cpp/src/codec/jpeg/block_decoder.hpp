// SPDX-License-Identifier: Apache-2.0
/// Entropy decoding of one block of a sequential scan, T.81 F.2.2.
#pragma once

#include <cstdint>
#include <cstring>

#include "codec/jpeg/huffman.hpp"

namespace radpix::jpeg {

/// 64 coefficients in natural order, and slots for what corrupt streams put behind them.
struct alignas(32) Block {
    std::int16_t values[80];
};

/// What one code stands for; `skip` as in CoefficientTable.
struct Coefficient {
    int value;
    unsigned skip;
};

/// Long codes and undefined ones; consumes the code. `valid` turns false for an undefined one.
[[nodiscard]] int long_dc_difference(BitReader &reader, const CoefficientTable &table, bool &valid) noexcept;
[[nodiscard]] Coefficient long_coefficient(BitReader &reader, const CoefficientTable &table,
                                           bool &valid) noexcept;

inline int next_dc_difference(BitReader &reader, const CoefficientTable &table, bool &valid) noexcept {
    const unsigned window = reader.peek(CoefficientTable::lookup_bits);
    const unsigned length = table.lookup.lengths[window];
    if (length == 0) [[unlikely]] {
        BitReader copy = reader; // whose address may be taken, so that `reader` itself stays in registers
        const int difference = long_dc_difference(copy, table, valid);
        reader = copy;
        return difference;
    }
    const std::uint64_t bits = reader.bits;
    reader.consume(length);
    return table.lookup.entries[window].value(bits);
}

inline Coefficient next_coefficient(BitReader &reader, const CoefficientTable &table, bool &valid) noexcept {
    const unsigned window = reader.peek(CoefficientTable::lookup_bits);
    const unsigned length = table.lookup.lengths[window];
    if (length == 0) [[unlikely]] {
        BitReader copy = reader;
        const Coefficient coefficient = long_coefficient(copy, table, valid);
        reader = copy;
        return coefficient;
    }
    const std::uint64_t bits = reader.bits;
    reader.consume(length);
    return {table.lookup.entries[window].value(bits), table.skips[window]};
}

/// Which coefficients of a block may be other than 0.
enum class Extent : std::uint8_t { dc, first_4x4, all };

/// By the number of coefficients up to the last one in zig-zag order: the first ten lie in 4 rows and
/// columns.
inline Extent extent_of(unsigned coefficients) noexcept {
    return coefficients <= 10 ? Extent::first_4x4 : Extent::all;
}

/// All of `block` is written unless its extent is `dc`.
inline Extent decode_block(BitReader &reader, const CoefficientTable &dc, const CoefficientTable &ac,
                           std::int16_t &prediction, Block &block, bool &valid) noexcept {
    static_assert(2 * CoefficientTable::longest <= 56);
    reader.refill(); // 56 bits: a DC and an AC look-up
    prediction = static_cast<std::int16_t>(prediction + next_dc_difference(reader, dc, valid));
    Coefficient next = next_coefficient(reader, ac, valid);
    if (next.skip >= CoefficientTable::end_of_block) {
        block.values[0] = prediction;
        return Extent::dc;
    }
    std::memset(block.values, 0, 64 * sizeof block.values[0]);
    block.values[0] = prediction;
    unsigned k = 1;
    for (;;) {
        // An end of block at k writes its zero into a slot past the block and leaves k + 65.
        k += next.skip;
        block.values[natural_order[k++]] = static_cast<std::int16_t>(next.value);
        if (k >= 64) {
            break;
        }
        reader.refill(); // then two AC look-ups
        next = next_coefficient(reader, ac, valid);
        k += next.skip;
        block.values[natural_order[k++]] = static_cast<std::int16_t>(next.value);
        if (k >= 64) {
            break;
        }
        next = next_coefficient(reader, ac, valid);
    }
    return k < 65 ? Extent::all : extent_of(k - 65);
}

} // namespace radpix::jpeg
