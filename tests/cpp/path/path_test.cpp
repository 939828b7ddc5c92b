// SPDX-License-Identifier: Apache-2.0
#include "radpix/path.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "array_testing.hpp"
#include "errors_testing.hpp"

namespace radpix::path {
namespace {

// From (1, 2, 3) by (0, 0, 8), and back to the side by (6, 0, 0): a polyline.
std::vector<double> corner() {
    return {1, 2, 3, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2, 11, 6, 0, 0, 0, 0, 0, 0, 0, 0};
}

TEST(Path, IsMeasuredAlongItsChords) {
    auto segments = corner();
    std::vector<Index> counts{2, 3};
    std::vector<double> parameters(6), positions(18), lengths(6);
    measure(view(segments, {2, 4, 3}, DataType::float64), view(counts, {2}, DataType::int64),
            view(parameters, {6}, DataType::float64), view(positions, {6, 3}, DataType::float64),
            view(lengths, {6}, DataType::float64));
    EXPECT_EQ(lengths, (std::vector<double>{0, 4, 8, 10, 12, 14}));
    EXPECT_EQ(parameters[1], 0.5);
    EXPECT_EQ(parameters[5], 2.0);
    EXPECT_EQ((std::vector<double>(positions.end() - 3, positions.end())), (std::vector<double>{7, 2, 11}));
}

TEST(Path, CarriesADirectionRoundACorner) {
    auto segments = corner();
    std::vector<double> parameters{0.5, 1.5}, positions(6), tangents(6), first{1, 0, 0}, across(6),
        normals(6);
    const auto there = view(positions, {2, 3}, DataType::float64);
    const auto along = view(tangents, {2, 3}, DataType::float64);
    sample(view(segments, {2, 4, 3}, DataType::float64), view(parameters, {2}, DataType::float64), there,
           along);
    EXPECT_EQ(tangents, (std::vector<double>{0, 0, 1, 1, 0, 0}));
    ASSERT_TRUE(carry(there, along, view(first, {3}, DataType::float64), {},
                      view(across, {2, 3}, DataType::float64), view(normals, {2, 3}, DataType::float64)));
    const std::vector<double> want{1, 0, 0, 0, 0, -1}, away{0, -1, 0, 0, -1, 0};
    for (std::size_t k = 0; k < 6; ++k) {
        EXPECT_NEAR(across[k], want[k], 1e-15);
        EXPECT_NEAR(normals[k], away[k], 1e-15);
    }
}

TEST(Path, RefusesArraysThatDoNotFit) {
    auto segments = corner();
    std::vector<double> parameters(2), positions(6), tangents(3);
    EXPECT_EQ(Errc::shape_mismatch, code_thrown_by([&] {
                  sample(view(segments, {2, 4, 3}, DataType::float64),
                         view(parameters, {2}, DataType::float64), view(positions, {2, 3}, DataType::float64),
                         view(tangents, {1, 3}, DataType::float64));
              }));
}

} // namespace
} // namespace radpix::path
