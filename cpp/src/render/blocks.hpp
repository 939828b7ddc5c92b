// SPDX-License-Identifier: Apache-2.0
/// Blocks of voxels that rays skip.
#pragma once

#include <vector>

#include "render/kernels.hpp"

namespace radpix::render {

/// Blocks that cover n voxels' lower corners.
[[nodiscard]] constexpr Index blocks_along(Index n) noexcept {
    return n > 1 ? (n - 2) / block + 1 : 1;
}

/// For every block 0 where a value of its range may show, else the distance to the nearest such block.
/// `shows` is the number of entries before each one (and behind the last) that have an opacity.
[[nodiscard]] std::vector<std::int32_t> distances(const ArrayView &ranges, const Scene &scene,
                                                  const std::vector<Index> &shown_before);

/// Upper bounds of sign * sample for every block, above what interpolation rounds to.
[[nodiscard]] std::vector<float> bounds_of(const ArrayView &ranges, float sign);

} // namespace radpix::render
