// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/huffman.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "codec/jpeg/block_decoder.hpp"

namespace radpix::jpeg {
namespace {

/// Categories 0 to 15 with codes of 2 to 15 bits.
HuffmanSpec skewed_spec() {
    HuffmanSpec spec;
    spec.counts = {0, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    spec.symbol_count = 16;
    std::iota(spec.symbols.begin(), spec.symbols.begin() + 16, std::uint8_t{0});
    spec.defined = true;
    return spec;
}

/// 64 random bits at a time, at the top of a reader.
class RandomBits {
public:
    explicit RandomBits(unsigned seed) : generator_(seed) {}
    BitReader next() {
        for (std::uint8_t &byte : bytes_) {
            byte = static_cast<std::uint8_t>(generator_());
        }
        bytes_[0] =
            static_cast<std::uint8_t>(bytes_[0] | (generator_() % 3 == 0 ? 0xF0 : 0)); // long codes too
        return BitReader(bytes_.data());
    }

private:
    std::mt19937 generator_;
    std::array<std::uint8_t, 32> bytes_{};
};

TEST(huffman, over_full_codes_are_refused) {
    HuffmanSpec spec;
    spec.counts[0] = 3;
    spec.symbol_count = 3;
    EXPECT_THROW(CanonicalCode(spec, 0), Error);
    spec.counts = {1, 3};
    EXPECT_THROW(CanonicalCode(spec, 0), Error);
}

TEST(huffman, codes_that_are_not_defined_have_no_symbol) {
    HuffmanSpec spec;
    spec.counts[1] = 2; // 00 and 01
    spec.symbol_count = 2;
    const CanonicalCode code(spec, 0);
    std::array<std::uint8_t, 16> ones{};
    ones.fill(0xFF);
    BitReader reader(ones.data());
    EXPECT_EQ(code.decode(reader), CanonicalCode::no_symbol);
    EXPECT_EQ(reader.position(ones.data()), 0);
}

TEST(huffman, differences_by_look_up_are_those_of_the_code) {
    const auto table = std::make_unique<DifferenceTable>(skewed_spec(), 0);
    RandomBits bits(3);
    int short_ones = 0, pairs = 0;
    for (int i = 0; i < 20000; ++i) {
        BitReader slow = bits.next(), fast = slow;
        const int category = table->code.decode(slow);
        if (category < 0) {
            continue; // fifteen ones and more
        }
        const unsigned width = static_cast<unsigned>(category);
        const int expected = extend(slow.take(width), width);
        const unsigned whole = fast.peek(DifferenceTable::whole_bits);
        if (table->whole.lengths[whole] != 0) {
            ++short_ones;
            ASSERT_EQ(table->whole.entries[whole], expected);
            ASSERT_EQ(table->whole.lengths[whole], fast.count - slow.count);
        }
        const unsigned window = fast.peek(DifferenceTable::code_bits);
        const DifferenceTable::Two &two = table->two.entries[window];
        if (table->two.lengths[window] != 0) {
            const DifferenceTable::One one = table->one.entries[window];
            ASSERT_EQ(table->one.lengths[window], fast.count - slow.count);
            ASSERT_EQ(one.value(fast.bits), expected);
            ASSERT_EQ(two.count == 2 ? two.first : two.second.value(fast.bits), expected);
            if (two.count == 2) {
                ++pairs;
                const auto second = static_cast<unsigned>(table->code.decode(slow));
                const int value = extend(slow.take(second), second);
                ASSERT_EQ(two.second.value(fast.bits), value);
            }
            ASSERT_EQ(table->two.lengths[window], fast.count - slow.count);
        }
    }
    EXPECT_GT(short_ones, 1000);
    EXPECT_GT(pairs, 1000);
}

TEST(huffman, coefficients_by_look_up_are_those_of_the_code) {
    for (const bool chrominance : {false, true}) {
        const auto table = std::make_unique<CoefficientTable>(standard_table(true, chrominance), 0,
                                                              CoefficientTable::Kind::ac);
        RandomBits bits(4);
        for (int i = 0; i < 20000; ++i) {
            BitReader slow = bits.next(), fast = slow;
            bool valid = true;
            const Coefficient found = next_coefficient(fast, *table, valid);
            const int symbol = table->code.decode(slow);
            if (symbol < 0) {
                EXPECT_FALSE(valid);
                continue;
            }
            const auto category = static_cast<unsigned>(symbol) & 15,
                       run = static_cast<unsigned>(symbol) >> 4;
            ASSERT_EQ(found.value, extend(slow.take(category), category));
            ASSERT_EQ(found.skip, category == 0 && run != 15 ? 64 + run : run);
        }
    }
}

TEST(huffman, standard_tables_are_complete_codes_of_their_symbols) {
    EXPECT_EQ(standard_table(false, false).symbol_count, 12);
    EXPECT_EQ(standard_table(false, true).symbol_count, 12);
    for (const bool chrominance : {false, true}) {
        const HuffmanSpec spec = standard_table(true, chrominance);
        EXPECT_EQ(spec.symbol_count, 162);
        EXPECT_EQ(std::accumulate(spec.counts.begin(), spec.counts.end(), 0), 162);
    }
}

} // namespace
} // namespace radpix::jpeg
