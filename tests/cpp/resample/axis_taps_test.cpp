// SPDX-License-Identifier: Apache-2.0
#include "resample/axis_taps.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace radpix::resample {
namespace {

constexpr double unit = 0x1p-24;

AxisMap centred(Index n, Index m, double scale) {
    return {scale, static_cast<double>(n - 1) / 2 - scale * static_cast<double>(m - 1) / 2};
}

constexpr std::array filters{Filter::linear, Filter::cubic, Filter::lanczos, Filter::bspline};

std::vector<double> window(const AxisTaps &axis, Index i) {
    const auto first = axis.weights.begin() + static_cast<std::ptrdiff_t>(i * axis.taps);
    return {first, first + static_cast<std::ptrdiff_t>(axis.taps)};
}

void expect_whole_windows(const AxisTaps &axis, Index n) {
    ASSERT_EQ(static_cast<Index>(axis.start.size()), axis.count());
    for (Index i = 0; i < axis.count(); ++i) {
        EXPECT_GE(axis.start[static_cast<std::size_t>(i)], 0);
        EXPECT_LE(axis.start[static_cast<std::size_t>(i)] + axis.taps, n);
        const auto weights = window(axis, i);
        EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0.0), 1.0);
    }
}

TEST(axis_taps, windows_lie_inside_the_axis_and_their_weights_sum_to_one_exactly) {
    for (const Index n : {1, 2, 3, 7, 50}) {
        for (const Index m : {1, 2, 5, 33, 120}) {
            for (const double scale : {0.1, 0.5, 1.0, 1.0000001, 1.7, 4.0, 1e9}) {
                for (const Filter filter : filters) {
                    for (const bool antialias : {false, true}) {
                        expect_whole_windows(make_taps(n, m, centred(n, m, scale), filter, antialias, unit),
                                             n);
                    }
                }
            }
        }
    }
}

void expect_mirrored(const AxisTaps &axis, Index n) {
    for (Index i = 0; i < axis.count() / 2; ++i) { // the middle one may have a weight of zero on one side
        const Index mirrored = axis.count() - 1 - i;
        auto reversed = window(axis, mirrored);
        std::reverse(reversed.begin(), reversed.end());
        EXPECT_EQ(window(axis, i), reversed);
        EXPECT_EQ(axis.start[static_cast<std::size_t>(i)],
                  n - axis.taps - axis.start[static_cast<std::size_t>(mirrored)]);
    }
}

TEST(axis_taps, opposite_outputs_have_reversed_windows) {
    for (const Index n : {2, 3, 8, 51}) {
        for (const Index m : {1, 2, 9, 64}) {
            for (const Filter filter : filters) {
                for (const bool antialias : {false, true}) {
                    const double scale = static_cast<double>(n) / static_cast<double>(m);
                    const AxisTaps axis = make_taps(n, m, centred(n, m, scale), filter, antialias, unit);
                    ASSERT_EQ(axis.count(), m);
                    expect_mirrored(axis, n);
                }
            }
        }
    }
}

TEST(axis_taps, whole_steps_become_copies) {
    const AxisTaps axis = make_taps(8, 4, {1.0, 2.0}, Filter::linear, true, unit);
    EXPECT_EQ(axis.taps, 1);
    EXPECT_TRUE(axis.is_shift());
    EXPECT_EQ(axis.start, (std::vector<std::int32_t>{2, 3, 4, 5}));
    const AxisTaps halved = make_taps(9, 5, {2.0, 0.0}, Filter::linear, false, unit);
    EXPECT_EQ(halved.taps, 1);
    EXPECT_FALSE(halved.is_shift());
}

TEST(axis_taps, filters_have_their_textbook_weights) {
    const AxisTaps half = make_taps(8, 1, {1.0, 3.5}, Filter::cubic, false, unit);
    EXPECT_EQ(half.start[0], 2);
    EXPECT_EQ(window(half, 0), (std::vector<double>{-0.0625, 0.5625, 0.5625, -0.0625}));
    const AxisTaps lanczos = make_taps(8, 1, {1.0, 3.5}, Filter::lanczos, false, unit);
    const double weights = 2 * (0.6079271018540267 - 0.13509491152311703 + 0.02431708407416107);
    EXPECT_NEAR(window(lanczos, 0)[2], 0.6079271018540267 / weights, 1e-7);
    EXPECT_NEAR(window(lanczos, 0)[0], 0.02431708407416107 / weights, 1e-7);
}

TEST(axis_taps, a_spline_is_mirrored_at_the_outermost_centre) {
    const AxisTaps axis = make_taps(64, 1, {1.0, 0.5}, Filter::bspline, false, 0x1p-32);
    const AxisTaps inner = make_taps(64, 1, {1.0, 30.5}, Filter::bspline, false, 0x1p-32);
    // Voxel 1 stands for itself and for voxel -1.
    EXPECT_NEAR(window(axis, 0)[1], window(inner, 0)[17] + window(inner, 0)[15], 1e-9);
    EXPECT_NEAR(window(axis, 0)[0], window(inner, 0)[16], 1e-9);
}

TEST(axis_taps, half_a_voxel_beyond_the_outermost_centres_is_inside) {
    const AxisTaps axis = make_taps(4, 100, {0.25, -1.0}, Filter::linear, false, unit);
    EXPECT_EQ(axis.first, 2);           // -0.5
    EXPECT_EQ(axis.last, 2 + 17);       // up to 3.5
    EXPECT_EQ(window(axis, 0)[0], 1.0); // clamped to the first centre
}

TEST(axis_taps, rounding_errors_of_the_offset_do_not_move_a_centred_grid) {
    const AxisMap exact = centred(512, 358, 1.0 / 0.7);
    const AxisTaps expected = make_taps(512, 358, exact, Filter::linear, false, unit);
    for (const double error : {1e-13, -1e-13}) {
        const AxisTaps axis =
            make_taps(512, 358, {exact.scale, exact.offset + error}, Filter::linear, false, unit);
        EXPECT_EQ(axis.weights, expected.weights);
        EXPECT_EQ(axis.start, expected.start);
    }
}

TEST(axis_taps, maps_beyond_all_numbers_leave_nothing_inside) {
    const double huge = std::numeric_limits<double>::max();
    EXPECT_EQ(make_taps(4, 4, {huge, huge}, Filter::linear, true, unit).count(), 0);
    EXPECT_EQ(make_taps(4, 4, {1.0, -huge}, Filter::nearest, false, unit).count(), 0);
}

TEST(axis_taps, nearest_names_the_output_between_the_two_middle_voxels) {
    EXPECT_EQ(make_taps(4, 3, centred(4, 3, 4.0 / 3), Filter::nearest, false, unit).tie, 1);
    EXPECT_EQ(make_taps(4, 4, centred(4, 4, 1.0), Filter::nearest, false, unit).tie, -1);
    EXPECT_EQ(make_taps(5, 3, centred(5, 3, 5.0 / 3), Filter::nearest, false, unit).tie, -1);
}

} // namespace
} // namespace radpix::resample
