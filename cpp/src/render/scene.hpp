// SPDX-License-Identifier: Apache-2.0
/// Checks, and the tables that compositing looks up.
#pragma once

#include <vector>

#include "render/kernels.hpp"

namespace radpix::render {

/// What outlives a `Scene`.
struct Tables {
    std::vector<float> step, extinction;
    std::vector<std::int32_t> distance;
};

/// Throws Error(shape_mismatch) unless volume, its ranges and an image of `rank` axes fit each other.
void check_images(const ArrayView &voxels, const ArrayView &ranges, const ArrayView &out, int rank,
                  DataType type = DataType::float32);

/// Throws Error(invalid_argument) for tables and lights that are not what `Transfer` and `Lighting` say.
void check_transfer(const Transfer &transfer, const Lighting &lighting);

/// The scene of one volume; it points into `tables`.
[[nodiscard]] Scene scene_of(const ArrayView &ranges, const Rays &rays, const Transfer &transfer,
                             const Lighting &lighting, Tables &tables);

} // namespace radpix::render
