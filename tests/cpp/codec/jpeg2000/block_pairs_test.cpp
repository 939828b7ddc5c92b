// SPDX-License-Identifier: Apache-2.0
#include "block_pairs.hpp"

#include <gtest/gtest.h>

#include <random>

namespace radpix::jpeg2000::testing {
namespace {

TEST(BlockPairs, two_at_once_are_what_each_is_alone) {
    std::mt19937 random(5);
    for (int run = 0; run < 1000; ++run) {
        // Small bytes make long runs of insignificant coefficients, any others end them soon.
        std::uniform_int_distribution<int> byte(0, run % 2 == 0 ? 255 : 40);
        std::vector<std::uint8_t> bytes(200 + static_cast<std::size_t>(run) % 7 * 120);
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = static_cast<std::uint8_t>(i < 64 ? random() : byte(random));
        }
        ASSERT_TRUE(pairs_agree(bytes)) << "run " << run;
    }
}

} // namespace
} // namespace radpix::jpeg2000::testing
