// SPDX-License-Identifier: Apache-2.0
#include "render/scene.hpp"

#include <algorithm>
#include <cmath>

#include "radpix/error.hpp"
#include "render/blocks.hpp"
#include "render/rays.hpp"

namespace radpix::render {

void check_images(const ArrayView &voxels, const ArrayView &ranges, const ArrayView &out, int rank,
                  DataType type) {
    if (voxels.rank != 3 || voxels.size() == 0) {
        throw_error(Errc::shape_mismatch, "rays go through a volume (z, y, x) that is not empty");
    }
    if (out.rank != rank || out.type != type || (rank == 3 && out.shape[2] != 4)) {
        throw_error(Errc::shape_mismatch,
                    "images of rays are float32 (rows, columns), of colours (rows, columns, 4)");
    }
    bool fits = ranges.rank == 4 && ranges.type == DataType::float32 && ranges.shape[3] == 2;
    Index stride = 1;
    for (std::size_t axis = 4; fits && axis-- > 0;) {
        fits = ranges.strides[axis] == stride || ranges.shape[axis] == 1;
        fits = fits && (axis == 3 || ranges.shape[axis] == blocks_along(voxels.shape[axis]));
        stride *= ranges.shape[axis];
    }
    if (!fits) {
        throw_error(Errc::shape_mismatch, "ranges are what block_ranges fills for the volume");
    }
}

void check_transfer(const Transfer &transfer, const Lighting &lighting) {
    const ArrayView &table = transfer.table;
    const bool fits = table.rank == 2 && table.type == DataType::float32 && table.shape[1] == 4 &&
                      table.shape[0] >= 1 && table.shape[0] <= (1 << 20);
    if (!fits || !std::isfinite(transfer.first) || !std::isfinite(transfer.scale) || transfer.scale < 0) {
        throw_error(Errc::invalid_argument,
                    "a transfer table is float32 (entries, 4), 1 to 2^20 of them, evenly "
                    "spaced from a finite first value");
    }
    if (lighting.power < 0 || lighting.power > 1024) {
        throw_error(Errc::invalid_argument, "the power of the highlights is from 0 to 1024");
    }
}

Scene scene_of(const ArrayView &ranges, const Rays &rays, const Transfer &transfer, const Lighting &lighting,
               Tables &tables) {
    Scene scene;
    const auto table = transfer.table.plane<const float>();
    const auto entries = static_cast<std::size_t>(table.height);
    tables.step.resize(4 * entries);
    tables.extinction.resize(entries);
    std::vector<Index> shown_before(entries + 1, 0);
    for (std::size_t e = 0; e < entries; ++e) {
        for (std::size_t c = 0; c < 3; ++c) {
            const float color = table(static_cast<Index>(e), static_cast<Index>(c));
            tables.step[4 * e + c] = color > 0.0F ? std::min(color, 1.0F) : 0.0F;
        }
        const float extinction = table(static_cast<Index>(e), 3);
        tables.extinction[e] = extinction > 0.0F ? extinction : 0.0F;
        const double opacity = opacity_of(static_cast<double>(tables.extinction[e]) * rays.step);
        tables.step[4 * e + 3] = static_cast<float>(opacity);
        shown_before[e + 1] = shown_before[e] + (tables.step[4 * e + 3] > 0.0F ? 1 : 0);
    }
    scene.table = tables.step.data();
    scene.extinction = tables.extinction.data();
    scene.entries = table.height;
    scene.first = static_cast<float>(transfer.first);
    scene.scale = static_cast<float>(transfer.scale);
    scene.lighting = lighting;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        scene.blocks[axis] = ranges.shape[axis];
        for (std::size_t j = 0; j < 3; ++j) {
            scene.per_mm[j][axis] = static_cast<float>(rays.to_index[4 * axis + j]);
        }
    }
    tables.distance = distances(ranges, scene, shown_before);
    tables.distance.push_back(0);
    scene.distance = tables.distance.data();
    return scene;
}

} // namespace radpix::render
