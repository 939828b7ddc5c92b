// SPDX-License-Identifier: Apache-2.0
#include "radpix/project.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "array_testing.hpp"
#include "project/median.hpp"
#include "project/values.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace radpix::project {
namespace {

class LevelGuard {
public:
    ~LevelGuard() { set_cpu_level("auto"); }
};

TEST(project, every_level_and_thread_count_gives_the_same_bits) {
    const LevelGuard guard;
    for (Index width = 1; width <= 70; ++width) {
        std::vector<std::int16_t> voxels(static_cast<std::size_t>(5 * 3 * width));
        for (std::size_t i = 0; i < voxels.size(); ++i) {
            voxels[i] = static_cast<std::int16_t>(i * 7919);
        }
        const std::array<std::vector<Index>, 3> shapes{{{3, width}, {5, width}, {5, 3}}};
        for (int axis = 0; axis < 3; ++axis) {
            const auto &shape = shapes[static_cast<std::size_t>(axis)];
            for (const Combine combine :
                 {Combine::mean, Combine::max, Combine::min, Combine::sum, Combine::median}) {
                std::vector<std::vector<std::int16_t>> results;
                for (const char *level : {"scalar", "auto"}) {
                    for (const int threads : {1, 3}) {
                        set_cpu_level(level);
                        auto &out = results.emplace_back(static_cast<std::size_t>(shape[0] * shape[1] + 4),
                                                         std::int16_t{42});
                        apply(view(voxels, {5, 3, width}, DataType::int16), view(out, shape, DataType::int16),
                              axis, combine, threads);
                        EXPECT_EQ(out, results.front());
                        EXPECT_EQ(out.back(), 42);
                    }
                }
            }
        }
    }
}

TEST(rounded_quotient, takes_the_nearest_integer_and_halves_to_even) {
    for (const std::int64_t count : {1, 2, 3, 4, 7, 1 << 18, (1 << 18) + 2}) {
        for (std::int64_t sum = -3 * count - 3; sum <= 3 * count + 3; sum += 1 + count / 64) {
            const double exact = std::nearbyint(static_cast<double>(sum) / static_cast<double>(count));
            EXPECT_EQ(rounded_quotient(sum, count), static_cast<std::int64_t>(exact)) << sum << "/" << count;
        }
    }
    EXPECT_EQ(rounded_quotient(5, 2), 2);
    EXPECT_EQ(rounded_quotient(-5, 2), -2);
    EXPECT_EQ(rounded_quotient(-7, 2), -4);
}

TEST(median_of, the_middle_value_or_the_mean_of_two) {
    std::vector<std::int32_t> odd{3, 9, -4};
    EXPECT_EQ(median_of<std::int32_t>(odd.data(), 3), 3);
    std::vector<std::int32_t> even{2147483647, 1, 2147483646, -9};
    EXPECT_EQ(median_of<double>(even.data(), 4), 1073741823.5);
    std::vector<float> hole{1.0F, std::nanf(""), 2.0F};
    EXPECT_TRUE(std::isnan(median_of<float>(hole.data(), 3)));
}

Errc code_of(const ArrayView &voxels, const ArrayView &out, int axis) {
    try {
        apply(voxels, out, axis, Combine::max, 1);
    } catch (const Error &error) {
        return error.errc();
    }
    return Errc{};
}

TEST(project, what_does_not_fit_is_refused) {
    std::vector<std::int16_t> data(24);
    const ArrayView voxels = view(data, {2, 3, 4}, DataType::int16);
    EXPECT_EQ(code_of(voxels, view(data, {3, 3}, DataType::int16), 0), Errc::shape_mismatch);
    EXPECT_EQ(code_of(voxels, view(data, {3, 4}, DataType::uint16), 0), Errc::unsupported_type);
    EXPECT_EQ(code_of(voxels, view(data, {3, 4}, DataType::int16), 3), Errc::invalid_argument);
    EXPECT_EQ(code_of(view(data, {0, 3, 4}, DataType::int16), view(data, {3, 4}, DataType::int16), 0),
              Errc::shape_mismatch);
    EXPECT_THROW(static_cast<void>(combine_named("maximum")), Error);
}

} // namespace
} // namespace radpix::project
