// SPDX-License-Identifier: Apache-2.0
/// From views to kernels: the voxels with their type, and the pixels in packets.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"
#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"
#include "render/kernels.hpp"

namespace radpix::render {

/// Rows and columns of a tile, whose rays meet the same voxels: one thread's work at a time.
inline constexpr Index tile = 32;

template <class T>
Source<T> source_of(const ArrayView &voxels) noexcept {
    Source<T> source;
    source.data = static_cast<const T *>(voxels.data);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        source.shape[axis] = voxels.shape[axis];
        source.strides[axis] = voxels.strides[axis];
    }
    return source;
}

template <class T>
bool fits_avx2(const Source<T> &source) noexcept {
    constexpr Index most = Index{1} << 30;
    Index reach = 0;
    bool fits = source.strides[2] == 1;
    for (int axis = 0; axis < 3; ++axis) {
        const Index stride = source.strides[axis];
        fits = fits && source.shape[axis] > 1 && stride > -most && stride < most;
        reach += fits ? (source.shape[axis] - 1) * std::abs(stride) : 0;
        fits = fits && reach < most;
    }
    return fits;
}

template <class T>
const KernelSet<T> &kernels_for(const Source<T> &source) {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2 && fits_avx2(source)) {
        if constexpr (std::is_same_v<T, std::int16_t>) {
            return avx2_kernels.i16;
        } else if constexpr (std::is_same_v<T, std::uint16_t>) {
            return avx2_kernels.u16;
        } else if constexpr (std::is_same_v<T, float>) {
            return avx2_kernels.f32;
        }
    }
#endif
    (void)source;
    return scalar_kernels<T>();
}

template <class T>
const CastKernels<T> &cast_kernels_for(const Source<T> &source) {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2 && fits_avx2(source)) {
        if constexpr (std::is_same_v<T, std::int16_t>) {
            return avx2_cast_kernels.i16;
        } else if constexpr (std::is_same_v<T, std::uint16_t>) {
            return avx2_cast_kernels.u16;
        } else if constexpr (std::is_same_v<T, float>) {
            return avx2_cast_kernels.f32;
        }
    }
#endif
    (void)source;
    return scalar_cast_kernels<T>();
}

/// Calls f(row, column, count) for groups of neighbouring pixels, tile by tile.
template <class F>
void for_packets(Index rows, Index columns, int threads, F &&f) {
    const Index across = (columns + tile - 1) / tile;
    const Index tiles = across * ((rows + tile - 1) / tile);
    parallel_for(0, tiles, 1, threads, [&](Index first, Index last) {
        for (Index t = first; t < last; ++t) {
            const Index row = t / across * tile;
            const Index column = t % across * tile;
            for (Index r = row; r < std::min(row + tile, rows); ++r) {
                check_cancelled();
                for (Index c = column; c < std::min(column + tile, columns); c += lanes) {
                    f(r, c, std::min<Index>(lanes, std::min(column + tile, columns) - c));
                }
            }
        }
    });
}

} // namespace radpix::render
