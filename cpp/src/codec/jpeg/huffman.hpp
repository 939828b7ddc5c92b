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

/// What the extra bits after a code mean (T.81 F.2.2.1 EXTEND), where the code and the first extra bit, the
/// sign, are known: the bits up to the last extra one as a number, and a constant.
class Extended {
public:
    Extended() = default;
    /// `known` are all bits before the extra ones; `length` is of both.
    static Extended after(unsigned known, unsigned length, unsigned category, bool positive) noexcept {
        const int most = static_cast<int>((1U << category) - 1);
        const int constant = -static_cast<int>(known << category) - (positive ? 0 : most);
        return Extended(constant * 64 + static_cast<int>(64 - length));
    }
    /// The same behind `before`, the first `width` bits.
    [[nodiscard]] Extended behind(unsigned before, unsigned width, unsigned length) const noexcept {
        const int constant = (packed_ >> 6) - static_cast<int>(before << length);
        return Extended(constant * 64 + static_cast<int>(64 - width - length));
    }
    /// `bits` begin with the code, or with what it was put behind.
    [[nodiscard]] int value(std::uint64_t bits) const noexcept {
        return static_cast<int>(bits >> (packed_ & 63)) + (packed_ >> 6);
    }
    static constexpr unsigned longest = 25; ///< with more bits the constant does not fit

private:
    explicit Extended(int packed) noexcept : packed_(packed) {}
    std::int32_t packed_ = 0; ///< the constant, and a shift in the low 6 bits
};

/// By the next `Bits` bits. The lengths lie apart because the chain from one look-up to the next is what the
/// loops wait for: a byte indexed by the bits is there two cycles sooner than a member of an entry.
template <class Entry, unsigned Bits>
struct LookUp {
    std::array<std::uint8_t, std::size_t{1} << Bits> lengths{}; ///< with extra bits; 0: not in the look-up
    std::array<Entry, std::size_t{1} << Bits> entries{};
};

/// Differences of a lossless scan (T.81 H.1.2.2): `SSSS` and its extra bits. Three look-ups serve different
/// data.
///
/// `whole` gives a difference at once where code and extra bits together are short. `one` knows the code and
/// the sign; the difference is computed off the chain from one look-up to the next, without a branch to
/// mispredict. `two` does so for two differences, where the second's code and sign are in sight.
struct DifferenceTable {
    using Whole = std::int16_t; ///< the difference modulo 2^16
    using One = Extended;
    /// Two differences, or one as the second and 0 as the first.
    struct Two {
        Extended second;
        std::int16_t first;
        std::uint16_t count;
    };
    /// 12 KiB; with 11 or 13 bits lossless scans are slower.
    static constexpr unsigned whole_bits = 12;
    static constexpr unsigned code_bits = 11;           ///< of `one` and `two`: 10 and 18 KiB
    static constexpr unsigned longest = code_bits + 14; ///< the sign is one of 15 extra bits

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
    void fill_one_and_two(const HuffmanSpec &spec);
};

/// DC differences (T.81 F.1.2.1) and AC coefficients (F.1.2.2, G.1.2.2): runs, categories and their extra
/// bits. The value is computed from the extra bits: with the values in the table, 12-bit images miss it too
/// often.
struct CoefficientTable {
    static constexpr unsigned lookup_bits = 11;
    static constexpr unsigned longest = lookup_bits + 14;
    static constexpr unsigned end_of_block = 64;

    LookUp<Extended, lookup_bits> lookup;
    /// AC: zero coefficients before the value; 64 + r for EOBr, 15 and value 0 for ZRL.
    std::array<std::uint8_t, std::size_t{1} << lookup_bits> skips{};
    CanonicalCode code;

    enum class Kind : std::uint8_t { dc, ac };
    CoefficientTable(const HuffmanSpec &spec, Index offset, Kind kind);
};

/// T.81 K.3 to K.6: what abbreviated streams (Motion JPEG) leave out. `is_ac`, `chrominance` choose one.
[[nodiscard]] HuffmanSpec standard_table(bool is_ac, bool chrominance);

} // namespace radpix::jpeg
