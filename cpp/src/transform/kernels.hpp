// SPDX-License-Identifier: Apache-2.0
/// What a CPU level provides: samples of four taps along each axis, for a block of points.
#pragma once

#include <cstdint>

#include "reslice/kernels.hpp"

namespace radpix::transform {

using reslice::Source;
using reslice::Work;

/// Points that are sampled together; their tables stay in the first-level cache.
inline constexpr Index block_size = 64;

/// Points as indices along z, y, x.
struct Block {
    double position[3][block_size];
    Index count = 0;
};

enum class Taps : std::uint8_t { cubic, spline };

/// Writes a sample for every point of the block, or `fill` where it is outside.
template <class T>
using Sampler = void (*)(const Source<T> &source, const Block &block, Taps taps, Work<T> fill,
                         Work<T> *values) noexcept;

inline constexpr std::size_t lanczos_taps = 6;

/// The sum over 6 x 6 x 6 voxels from `corner` on, whose columns are neighbours, with two more in each row;
/// weights by axis.
template <class T>
using LanczosSum = Work<T> (*)(const T *corner, Index z_stride, Index y_stride,
                               const double (*weights)[lanczos_taps]) noexcept;

namespace scalar {
template <class T>
[[nodiscard]] Sampler<T> sampler() noexcept;
} // namespace scalar

namespace avx2 {
template <class T>
[[nodiscard]] Sampler<T> sampler() noexcept;
/// Null for work in float64.
template <class T>
[[nodiscard]] LanczosSum<T> lanczos_sum() noexcept;
} // namespace avx2

} // namespace radpix::transform
