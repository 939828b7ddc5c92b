// SPDX-License-Identifier: Apache-2.0
/// The types of voxels, for explicit instantiations: RADPIX_VOXEL_TYPES(f) expands f(T) for each.
#pragma once

#include <cstdint>

/// What filters take: integers of up to 32 bits, which float64 holds exactly, and floating point.
#define RADPIX_FILTERED_TYPES(f)                                                                             \
    f(std::int8_t) f(std::uint8_t) f(std::int16_t) f(std::uint16_t) f(std::int32_t) f(std::uint32_t)         \
        f(float) f(double)

/// What planes and rays take.
#define RADPIX_VOXEL_TYPES(f) RADPIX_FILTERED_TYPES(f) f(std::int64_t) f(std::uint64_t)
