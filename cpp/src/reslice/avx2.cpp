// SPDX-License-Identifier: Apache-2.0
/// Kernels for volumes without absent voxels.
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/target_region.hpp"
#include "reslice/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2

namespace radpix::reslice::avx2 {
namespace {

#include "reslice/samples_avx2-inl.hpp"

template <class T, Operation operation, bool border>
inline void add_sample(const Source<T> &source, const Line &line, const Constants &c,
                       const Doubles (&centre)[3], Index k, Total &total) noexcept {
    Doubles position[3];
    __m256d low_inside = _mm256_castsi256_pd(_mm256_set1_epi32(-1));
    __m256d high_inside = low_inside;
    for (int axis = 0; axis < 3; ++axis) {
        position[axis] = centre[axis];
        if constexpr (operation != Operation::only) {
            const __m256d offset = _mm256_broadcast_sd(line.slab[axis] + k);
            position[axis].low = _mm256_add_pd(centre[axis].low, offset);
            position[axis].high = _mm256_add_pd(centre[axis].high, offset);
        }
        if constexpr (border) {
            low_inside = _mm256_and_pd(low_inside, inside(position[axis].low, c.last_edge[axis]));
            high_inside = _mm256_and_pd(high_inside, inside(position[axis].high, c.last_edge[axis]));
        }
    }
    if (border && (_mm256_movemask_pd(low_inside) | _mm256_movemask_pd(high_inside)) == 0) {
        return;
    }
    Nobody nobody;
    const __m256 value = sample<T, border>(source.data, position, c, nobody);
    __m256 next = operation == Operation::only ? value : combined<operation>(total.value, value);
    __m256 nan = _mm256_cmp_ps(value, value, _CMP_UNORD_Q);
    if constexpr (border) {
        const __m256 mask = _mm256_castsi256_ps(low_words({low_inside, high_inside}));
        next = _mm256_blendv_ps(total.value, next, mask);
        nan = _mm256_and_ps(nan, mask);
        total.count = _mm256_add_epi32(total.count, _mm256_castps_si256(mask));
    }
    total.value = next;
    if constexpr (std::is_same_v<T, float> && operation != Operation::only) {
        total.nan = _mm256_or_ps(total.nan, nan);
    }
}

template <class T, Operation operation, bool border>
inline __m256 result_of(const Total &total, const Line &line) noexcept {
    __m256 value = total.value;
    if constexpr (operation == Operation::mean) {
        const __m256 count = border
                                 ? _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_setzero_si256(), total.count))
                                 : _mm256_set1_ps(static_cast<float>(line.samples));
        value = _mm256_div_ps(value, count);
    }
    constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();
    const __m256 one_nan = _mm256_set1_ps(quiet_nan);
    if constexpr (operation != Operation::only) {
        value = _mm256_blendv_ps(value, one_nan, total.nan);
    } else if constexpr (!border && !std::is_same_v<T, float>) {
        return value; // integers are not NaN
    }
    if constexpr (border) {
        const __m256i none = _mm256_cmpeq_epi32(total.count, _mm256_setzero_si256());
        value =
            _mm256_blendv_ps(value, _mm256_set1_ps(static_cast<float>(line.fill)), _mm256_castsi256_ps(none));
    }
    return _mm256_blendv_ps(value, one_nan, _mm256_cmp_ps(value, value, _CMP_UNORD_Q));
}

template <class T, Operation operation, bool border>
void combine_row(const Source<T> &source, const Line &line, Index column, Index groups,
                 float *values) noexcept {
    const Constants c = constants_of(source, line);
    for (Index i = 0; i < groups; ++i) {
        Doubles centre[3];
        place_centres(c, column + i * group, centre);
        Total total{neutral<operation>(), _mm256_setzero_ps(), _mm256_setzero_si256()};
        const Index samples = operation == Operation::only ? 1 : line.samples;
        for (Index k = 0; k < samples; ++k) {
            add_sample<T, operation, border>(source, line, c, centre, k, total);
        }
        _mm256_storeu_ps(values + i * group, result_of<T, operation, border>(total, line));
    }
}

template <class T, bool border>
void linear_row(const Source<T> &source, const Line &line, Index column, Index groups,
                float *values) noexcept {
    if (line.samples == 1) {
        return combine_row<T, Operation::only, border>(source, line, column, groups, values);
    }
    switch (line.combine) {
    case Combine::mean:
        return combine_row<T, Operation::mean, border>(source, line, column, groups, values);
    case Combine::sum:
        return combine_row<T, Operation::sum, border>(source, line, column, groups, values);
    case Combine::max:
        return combine_row<T, Operation::max, border>(source, line, column, groups, values);
    case Combine::min:
        return combine_row<T, Operation::min, border>(source, line, column, groups, values);
    case Combine::median: // scalar.cpp's
        break;
    }
}

} // namespace
} // namespace radpix::reslice::avx2

RADPIX_END_AVX2

namespace radpix::reslice {

const ForAvx2<KernelSet> avx2_kernels{
    {avx2::linear_row<std::uint8_t, false>, avx2::linear_row<std::uint8_t, true>, nullptr},
    {avx2::linear_row<std::uint16_t, false>, avx2::linear_row<std::uint16_t, true>, nullptr},
    {avx2::linear_row<std::int16_t, false>, avx2::linear_row<std::int16_t, true>, nullptr},
    {avx2::linear_row<float, false>, avx2::linear_row<float, true>, nullptr},
};

} // namespace radpix::reslice

#endif
