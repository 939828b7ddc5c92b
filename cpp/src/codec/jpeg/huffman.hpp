// SPDX-License-Identifier: Apache-2.0
/// Huffman decoding tables, T.81 Annex C and F.2.2.3: a look-up of code and extra bits together for what is
/// short, the canonical code otherwise.
#pragma once

#include <array>
#include <cstdint>

#include "codec/jpeg/bit_reader.hpp"
#include "codec/jpeg/markers.hpp"
#include "radpix/error.hpp"

namespace radpix::jpeg {

/// The canonical code alone.
struct CanonicalCode {
    /// Codes of at most this length are below `limit[length]`, left-aligned to 16 bits (T.81 F.16 MAXCODE).
    std::array<std::uint32_t, 18> limit{};
    /// Add a code of `length` bits for the index of its symbol.
    std::array<std::int32_t, 17> symbol_offset{};
    std::array<std::uint8_t, 256> symbols{};

    /// Throws Error(jpeg_huffman_table) for an over-full code.
    explicit CanonicalCode(const HuffmanSpec &spec, Index offset);
    CanonicalCode() = default;

    static constexpr int no_symbol = -1;
    /// Consumes a code and returns its symbol, or `no_symbol` having consumed nothing.
    int decode(BitReader &reader) const noexcept {
        const std::uint32_t window = reader.peek(16);
        unsigned length = 1;
        while (length <= 16 && window >= limit[length]) {
            ++length;
        }
        if (length > 16) {
            return no_symbol;
        }
        const int index = static_cast<int>(window >> (16 - length)) + symbol_offset[length];
        reader.consume(length);
        return symbols[static_cast<std::size_t>(index) & 255];
    }
};

/// T.81 F.2.2.1 EXTEND of the extra bits at the top of `bits`; `shift` is 63 less their number.
inline int top_extended(std::uint64_t bits, unsigned shift) noexcept {
    const auto negative = ~(static_cast<std::int64_t>(bits) >> 63); // all ones where the first bit is 0
    const std::uint64_t magnitude = (bits ^ static_cast<std::uint64_t>(negative)) >> 1 >> shift;
    return static_cast<int>((static_cast<std::int64_t>(magnitude) ^ negative) - negative);
}

/// By the next `Bits` bits. The lengths lie apart because the chain from one look-up to the next is what the
/// loops wait for: a byte indexed by the bits is there two cycles sooner than a member of an entry.
template <class Entry, unsigned Bits>
struct LookUp {
    static constexpr unsigned bits = Bits;
    std::array<std::uint8_t, std::size_t{1} << Bits> lengths{}; ///< with extra bits; 0: not in the look-up
    std::array<Entry, std::size_t{1} << Bits> entries{};
};

/// A code and its extra bits, as shift counts: bytes to be loaded one by one, because shifts are what there
/// is most of in the loops that use them.
struct CodeEntry {
    std::uint8_t code_length; ///< of the code
    std::uint8_t shift;       ///< 63 - SSSS
    std::uint8_t skip; ///< AC: zero coefficients before the value; 64 + r for EOBr, 15 and value 0 for ZRL

    /// Of the bits that begin with the code.
    [[nodiscard]] int value(std::uint64_t bits) const noexcept {
        return top_extended(bits << code_length, shift);
    }
};

/// Differences of a lossless scan (T.81 H.1.2.2): `SSSS` and its extra bits. Three look-ups serve different
/// data.
///
/// `whole` gives a difference at once where code and extra bits together are short. `one` knows the code and
/// the length of both; the difference is computed off the chain from one look-up to the next, without a
/// branch to mispredict. `two` does so for two differences, where the second's code is in sight.
struct DifferenceTable {
    using Whole = std::int16_t; ///< the difference modulo 2^16
    using One = CodeEntry;
    /// The same for two differences.
    struct Two {
        std::uint8_t first_code;    ///< length of the first code
        std::uint8_t first_shift;   ///< 63 - SSSS of the first
        std::uint8_t before_second; ///< length of all up to the second's extra bits
        std::uint8_t second_shift;  ///< 63 - SSSS of the second
        std::uint8_t count;         ///< differences, 1 or 2
        std::array<std::uint8_t, 3> unused;
    };
    /// 12 KiB; with 11 or 13 bits lossless scans are slower.
    static constexpr unsigned whole_bits = 12;
    static constexpr unsigned code_bits = 11; ///< of `one` and `two`: 10 and 18 KiB
    /// With two, the codes and the first's extra bits are at most `code_bits`, the second's extra bits 15.
    static constexpr unsigned longest = code_bits + 15;

    LookUp<Whole, whole_bits> whole;
    LookUp<One, code_bits> one;
    LookUp<Two, code_bits> two;
    CanonicalCode code;
    // As shares of random bits, which a good code's data look like.
    double share_not_whole = 0; ///< of differences that `whole` lacks
    double share_of_two = 0;    ///< of look-ups in `two` that find two

    DifferenceTable(const HuffmanSpec &spec, Index offset);

private:
    void fill_whole(const HuffmanSpec &spec);
    void fill_one(const HuffmanSpec &spec);
    void fill_two();
};

/// DC differences (T.81 F.1.2.1) and AC coefficients (F.1.2.2, G.1.2.2): runs, categories and their extra
/// bits. The value is computed from the extra bits without a branch: with the values in the table, 12-bit
/// images miss it too often.
struct CoefficientTable {
    using Entry = CodeEntry;
    static constexpr unsigned lookup_bits = 11;
    static constexpr unsigned longest = lookup_bits + 15;
    static constexpr unsigned end_of_block = 64;

    LookUp<Entry, lookup_bits> lookup;
    CanonicalCode code;

    enum class Kind : std::uint8_t { dc, ac };
    CoefficientTable(const HuffmanSpec &spec, Index offset, Kind kind);
};

/// T.81 K.3 to K.6: what abbreviated streams (Motion JPEG) leave out. `is_ac`, `chrominance` choose one.
[[nodiscard]] HuffmanSpec standard_table(bool is_ac, bool chrominance);

} // namespace radpix::jpeg
