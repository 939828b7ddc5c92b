// SPDX-License-Identifier: Apache-2.0
#include "radpix/render.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "array_testing.hpp"
#include "errors_testing.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"
#include "render/blocks.hpp"
#include "render/rays.hpp"

namespace radpix::render {
namespace {

/// Parallel rays along z through voxels of 1 mm: pixel (r, c) meets the voxels at y = r, x = c.
Rays along_z(double far) {
    Rays rays;
    rays.origin_row = {0, 1, 0};
    rays.origin_column = {1, 0, 0};
    rays.direction = {0, 0, 1};
    rays.to_index = {0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0};
    rays.near = -1;
    rays.far = far;
    return rays;
}

TEST(render, opacity_is_one_minus_the_exponential) {
    for (double depth = 0; depth < 70; depth += 0.37) {
        EXPECT_NEAR(opacity_of(depth), -std::expm1(-depth), 1e-13);
    }
    EXPECT_EQ(opacity_of(0), 0);
    EXPECT_EQ(opacity_of(std::numeric_limits<double>::infinity()), 1);
    EXPECT_EQ(opacity_of(std::numeric_limits<double>::quiet_NaN()), 1);
}

TEST(render, blocks_cover_every_lower_corner) {
    EXPECT_EQ(blocks_along(1), 1);
    EXPECT_EQ(blocks_along(9), 1); // corners 0 to 7
    EXPECT_EQ(blocks_along(10), 2);
}

TEST(render, ranges_reach_one_voxel_into_the_next_block) {
    std::vector<std::int16_t> voxels(2 * 2 * 17, 5);
    voxels[8] = 100; // z 0, y 0, x 8: of both blocks
    std::vector<float> ranges(4, -1);
    block_ranges(view(voxels, {2, 2, 17}, DataType::int16), view(ranges, {1, 1, 2, 2}, DataType::float32), 1);
    EXPECT_EQ(ranges, (std::vector<float>{5, 100, 5, 100}));
}

TEST(render, the_maximum_along_an_axis_is_a_voxel_and_its_depth_is_its_place) {
    std::vector<float> voxels(20 * 3 * 11);
    for (std::size_t i = 0; i < voxels.size(); ++i) {
        voxels[i] = static_cast<float>((i * 7919) % 1009);
    }
    std::vector<float> ranges(3 * 1 * 2 * 2);
    const ArrayView volume = view(voxels, {20, 3, 11}, DataType::float32);
    const ArrayView blocks = view(ranges, {3, 1, 2, 2}, DataType::float32);
    block_ranges(volume, blocks, 1);
    for (const char *level : {"scalar", "auto"}) {
        set_cpu_level(level);
        std::vector<float> out(33);
        std::vector<float> depth(33);
        cast(volume, blocks, view(out, {3, 11}, DataType::float32), view(depth, {3, 11}, DataType::float32),
             along_z(30), {}, 1);
        for (std::size_t pixel = 0; pixel < 33; ++pixel) {
            std::size_t best = 0;
            for (std::size_t z = 0; z < 20; ++z) {
                best = voxels[z * 33 + pixel] > voxels[best * 33 + pixel] ? z : best;
            }
            EXPECT_EQ(out[pixel], voxels[best * 33 + pixel]);
            EXPECT_FLOAT_EQ(depth[pixel], static_cast<float>(best));
        }
    }
    set_cpu_level("auto");
}

TEST(render, rays_without_end_are_refused) {
    std::vector<float> voxels(8);
    std::vector<float> ranges(2);
    std::vector<float> out(1);
    const ArrayView image = view(out, {1, 1}, DataType::float32);
    const auto code_of = [&](const Rays &rays) {
        try {
            cast(view(voxels, {2, 2, 2}, DataType::float32), view(ranges, {1, 1, 1, 2}, DataType::float32),
                 image, image, rays, {}, 1);
        } catch (const Error &error) {
            return error.errc();
        }
        return Errc{};
    };
    Rays rays = along_z(4);
    EXPECT_EQ(code_of(rays), Errc{});
    rays.step = 1e-9;
    EXPECT_EQ(code_of(rays), Errc::invalid_argument);
    rays = along_z(std::numeric_limits<double>::infinity());
    EXPECT_EQ(code_of(rays), Errc::invalid_argument);
}

TEST(render, layers_add_up_and_one_alone_is_a_picture) {
    std::vector<std::int16_t> voxels(20 * 3 * 11);
    for (std::size_t i = 0; i < voxels.size(); ++i) {
        voxels[i] = static_cast<std::int16_t>((i * 7919) % 1009);
    }
    std::vector<float> ranges(3 * 1 * 2 * 2);
    std::vector<float> table{1, 0.5F, 0, 0.01F, 0, 1, 0.25F, 0.2F};
    const auto twice = std::vector<float>{1, 0.5F, 0, 0.02F, 0, 1, 0.25F, 0.4F};
    Layer layer;
    layer.voxels = view(voxels, {20, 3, 11}, DataType::int16);
    layer.ranges = view(ranges, {3, 1, 2, 2}, DataType::float32);
    layer.to_index = along_z(30).to_index;
    layer.transfer = {view(table, {2, 4}, DataType::float32), 0, 1.0 / 1008};
    block_ranges(layer.voxels, layer.ranges, 1);
    const std::vector<Layer> layers(2, layer);
    for (const char *level : {"scalar", "auto"}) {
        set_cpu_level(level);
        std::vector<float> alone(3 * 11 * 4), one(3 * 11 * 4), both(3 * 11 * 4), doubled(3 * 11 * 4);
        composite(layer.voxels, layer.ranges, view(alone, {3, 11, 4}, DataType::float32), along_z(30),
                  layer.transfer, {}, 1);
        composite_layers({layers.data(), 1}, view(one, {3, 11, 4}, DataType::float32), along_z(30), 1);
        EXPECT_EQ(one, alone);
        composite_layers(layers, view(both, {3, 11, 4}, DataType::float32), along_z(30), 1);
        std::vector<float> dense = twice;
        composite(layer.voxels, layer.ranges, view(doubled, {3, 11, 4}, DataType::float32), along_z(30),
                  {view(dense, {2, 4}, DataType::float32), 0, 1.0 / 1008}, {}, 1);
        for (std::size_t i = 0; i < both.size(); ++i) {
            EXPECT_NEAR(both[i], doubled[i], 1e-5);
        }
    }
    std::vector<float> out(3 * 11 * 4, 7);
    const ArrayView image = view(out, {3, 11, 4}, DataType::float32);
    for (const std::size_t count : {0U, 17U}) {
        const std::vector<Layer> wrong(count, layer);
        EXPECT_EQ(code_thrown_by([&] { composite_layers(wrong, image, along_z(30), 1); }),
                  Errc::invalid_argument);
    }
    EXPECT_EQ(out, std::vector<float>(3 * 11 * 4, 7));
}

TEST(render, combinations_are_known_by_name) {
    EXPECT_EQ(combine_named("local-max"), Combine::local_max);
    EXPECT_THROW((void)combine_named("median"), Error);
}

} // namespace
} // namespace radpix::render
