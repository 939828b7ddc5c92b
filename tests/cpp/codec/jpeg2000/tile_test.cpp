// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/tile.hpp"

#include <gtest/gtest.h>

#include <array>

#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

ImageSize image_of(Rect area) {
    ImageSize size;
    size.image = area;
    size.tile_width = area.x1;
    size.tile_height = area.y1;
    size.tiles_across = size.tiles_down = 1;
    size.components.push_back({8, false, 1, 1});
    return size;
}

TileParameters parameters_of(int levels) {
    TileParameters parameters;
    ComponentParameters component;
    component.style.levels = levels;
    component.style.precinct_width_log2.fill(15);
    component.style.precinct_height_log2.fill(15);
    component.style_rank = component.quantization_rank = 1;
    component.quantization.count = 3 * levels + 1;
    parameters.components.push_back(component);
    return parameters;
}

TEST(Tile, sub_bands_of_an_odd_origin_follow_equation_b_15) {
    const Tile tile = make_tile(image_of({3, 5, 10, 14}), 0, parameters_of(1), {{3, 5, 10, 14}}, 1000);
    const auto &resolutions = tile.components[0].resolutions;
    ASSERT_EQ(resolutions.size(), 2U);
    EXPECT_EQ(resolutions[0].rect.width(), 3);           // 2 to 5
    EXPECT_EQ(resolutions[0].rect.height(), 4);          // 3 to 7
    EXPECT_EQ(resolutions[1].bands[0].rect.width(), 4);  // 1 to 5
    EXPECT_EQ(resolutions[1].bands[1].rect.height(), 5); // 2 to 7
}

TEST(Tile, more_precincts_than_allowed_are_refused) {
    TileParameters parameters = parameters_of(0);
    parameters.components[0].style.precinct_width_log2.fill(0);
    parameters.components[0].style.precinct_height_log2.fill(0);
    try {
        static_cast<void>(make_tile(image_of({0, 0, 100, 100}), 0, parameters, {{0, 0, 100, 100}}, 9999));
        FAIL();
    } catch (const Error &error) {
        EXPECT_EQ(error.errc(), Errc::jpeg2000_header);
    }
}

TEST(TagTree, reads_the_example_of_the_standard) {
    // B.10.2, figure B.13: 6 x 3 leaves, the first 1 and its neighbour 3; coded 01111, 001, ...
    const std::array bytes{std::byte{0b01111001}, std::byte{0b10100000}};
    PacketBits bits(bytes, 0);
    TagTree tree(6, 3);
    EXPECT_TRUE(tree.is_below(bits, 0, 0, 100));
    EXPECT_EQ(tree.value(0, 0), 1);
    EXPECT_TRUE(tree.is_below(bits, 1, 0, 100));
    EXPECT_EQ(tree.value(1, 0), 3);
    EXPECT_TRUE(tree.is_below(bits, 2, 0, 100));
    EXPECT_EQ(tree.value(2, 0), 2);
}

} // namespace
} // namespace radpix::jpeg2000
