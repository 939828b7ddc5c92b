// SPDX-License-Identifier: Apache-2.0
#include "base/absent.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "radpix/project.hpp"
#include "radpix/resample.hpp"
#include "radpix/reslice.hpp"

namespace radpix {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
ArrayView row_view(std::vector<T> &voxels, DataType type) {
    ArrayView view;
    view.data = voxels.data();
    view.type = type;
    view.rank = 3;
    const auto width = static_cast<Index>(voxels.size());
    view.shape = {1, 1, width};
    view.strides = {width, width, 1};
    return view;
}

std::vector<std::int16_t> resampled(std::vector<std::int16_t> voxels, std::size_t count, double scale,
                                    double offset, bool antialias) {
    std::vector<std::int16_t> out(count);
    resample::Options options;
    options.antialias = antialias;
    options.padding = -2000.0;
    resample::apply(row_view(voxels, DataType::int16), row_view(out, DataType::int16),
                    {{{1.0, 0.0}, {1.0, 0.0}, {scale, offset}}}, options);
    return out;
}

TEST(absent, no_voxel_of_an_integer_type_equals_what_the_type_does_not_hold) {
    EXPECT_FALSE(absent_of<std::int16_t>(std::nullopt));
    EXPECT_FALSE(absent_of<std::int16_t>(0.5));
    EXPECT_FALSE(absent_of<std::int16_t>(32768.0));
    EXPECT_FALSE(absent_of<std::uint8_t>(-1.0));
    EXPECT_FALSE(absent_of<std::int64_t>(0x1p63));
    EXPECT_FALSE(absent_of<std::int32_t>(nan));
    EXPECT_FALSE(absent_of<std::int32_t>(-infinity));
    EXPECT_FALSE(absent_of<float>(1e39));
    EXPECT_EQ(absent_of<std::int64_t>(-0x1p63)->value, std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(absent_of<std::uint16_t>(65535.0)->value, 65535);
}

TEST(absent, a_padding_of_nan_makes_every_nan_absent) {
    const auto absent = absent_of<float>(nan);
    ASSERT_TRUE(absent);
    EXPECT_TRUE((*absent)(-std::numeric_limits<float>::quiet_NaN()));
    EXPECT_FALSE((*absent)(0.0F));
    EXPECT_FALSE((*absent_of<float>(0.0))(std::numeric_limits<float>::quiet_NaN()));
    EXPECT_TRUE((*absent_of<float>(-infinity))(-std::numeric_limits<float>::infinity()));
}

TEST(padded_resample, tissue_beside_padding_keeps_its_value_up_to_half_way) {
    const std::vector<std::int16_t> out = resampled({-2000, 40, 60}, 9, 0.25, 0.0, false);
    EXPECT_EQ(out, (std::vector<std::int16_t>{-2000, -2000, 40, 40, 40, 45, 50, 55, 60}));
}

TEST(padded_resample, a_wide_filter_takes_the_mean_of_what_is_present) {
    // A triangle of half width 2 at 0.5: weights 1/4 + 3/8 (the edge repeated), 3/8, 0...
    const std::vector<std::int16_t> out =
        resampled({-2000, -2000, 100, 100, 100, 100, 100, 100}, 4, 2.0, 0.5, true);
    EXPECT_EQ(out, (std::vector<std::int16_t>{-2000, 100, 100, 100}));
}

TEST(padded_reslice, linear_samples_leave_absent_neighbours_out) {
    std::vector<float> voxels{-2000.0F, 40.0F, 60.0F};
    std::vector<float> out(9);
    reslice::Grid grid;
    grid.column_step = {0.0, 0.0, 0.25};
    reslice::apply(row_view(voxels, DataType::float32), row_view(out, DataType::float32), grid,
                   reslice::Combine::mean, reslice::Interpolation::linear, 7.0, 1, -2000.0);
    EXPECT_EQ(out, (std::vector<float>{-2000, -2000, 40, 40, 40, 45, 50, 55, 60}));
}

TEST(padded_project, only_present_voxels_are_combined) {
    std::vector<std::int16_t> voxels{-2000, 4, -2000, 8};
    std::vector<std::int16_t> out(1);
    ArrayView target = row_view(out, DataType::int16);
    target.rank = 2;
    const auto combined = [&](project::Combine combine) {
        project::apply(row_view(voxels, DataType::int16), target, 2, combine, 1, -2000.0);
        return out[0];
    };
    EXPECT_EQ(combined(project::Combine::min), 4);
    EXPECT_EQ(combined(project::Combine::max), 8);
    EXPECT_EQ(combined(project::Combine::mean), 6);
    EXPECT_EQ(combined(project::Combine::median), 6);
    EXPECT_EQ(combined(project::Combine::sum), 12);
    std::fill(voxels.begin(), voxels.end(), std::int16_t{-2000});
    for (const auto combine : {project::Combine::min, project::Combine::mean, project::Combine::median}) {
        EXPECT_EQ(combined(combine), -2000);
    }
}

} // namespace
} // namespace radpix
