// SPDX-License-Identifier: Apache-2.0
/// Offsets of nearest voxels, four columns at a time.
#include <cstdint>

#include "base/target_region.hpp"
#include "reslice/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2

namespace radpix::reslice::avx2 {
namespace {

/// Whole numbers below 2^51 in size as integers: their lowest bits, once 1.5 * 2^52 is added.
inline __m256i integers_of(__m256d whole) noexcept {
    const __m256d magic = _mm256_set1_pd(6755399441055744.0);
    return _mm256_sub_epi64(_mm256_castpd_si256(_mm256_add_pd(whole, magic)), _mm256_castpd_si256(magic));
}

/// What does not change along a row: in registers, as the offsets that are written could be of anything.
struct Axis {
    __m256d start, step, slab, stride;
};

inline Axis axis_of(const Index *strides, const Line &line, int axis) noexcept {
    return {_mm256_set1_pd(line.start[axis]), _mm256_set1_pd(line.step[axis]),
            _mm256_set1_pd(line.slab[axis][0]), _mm256_set1_pd(static_cast<double>(strides[axis]))};
}

inline __m256d offset_along(const Axis &axis, __m256d column) noexcept {
    const __m256d centre = _mm256_add_pd(axis.start, _mm256_mul_pd(column, axis.step));
    const __m256d position = _mm256_add_pd(centre, axis.slab);
    const __m128i index = _mm256_cvttpd_epi32(_mm256_add_pd(position, _mm256_set1_pd(0.5)));
    return _mm256_mul_pd(_mm256_cvtepi32_pd(index), axis.stride);
}

void nearest_offsets(const Index *strides, const Line &line, Index first, Index count,
                     Index *offsets) noexcept {
    const Axis z = axis_of(strides, line, 0);
    const Axis y = axis_of(strides, line, 1);
    const Axis x = axis_of(strides, line, 2);
    __m256d column = _mm256_add_pd(_mm256_set1_pd(static_cast<double>(first)), _mm256_setr_pd(0, 1, 2, 3));
    for (Index i = 0; i < count; i += 4) {
        const __m256d offset = _mm256_add_pd(_mm256_add_pd(offset_along(z, column), offset_along(y, column)),
                                             offset_along(x, column));
        _mm256_storeu_si256(reinterpret_cast<__m256i *>(offsets + i), integers_of(offset));
        column = _mm256_add_pd(column, _mm256_set1_pd(4));
    }
}

} // namespace
} // namespace radpix::reslice::avx2

RADPIX_END_AVX2

namespace radpix::reslice {

const PickKernel avx2_pick = avx2::nearest_offsets;

} // namespace radpix::reslice

#endif
