// SPDX-License-Identifier: Apache-2.0
/// Two slices by four columns in one register: the 64 voxels of a sample are eight loads of two rows.
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/target_region.hpp"
#include "base/voxel_types.hpp"
#include "transform/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2
namespace radpix::transform::avx2 {
namespace {

template <class W>
struct Tables;

template <class T>
inline Work<T> sum_of_taps(const T *corner, Index z_stride, Index y_stride, const Tables<Work<T>> &tables,
                           Index i) noexcept;

#include "transform/taps-inl.hpp"

// Four voxels of one row, then four of another.
inline __m256 two_rows(const float *low, const float *high) noexcept {
    return _mm256_set_m128(_mm_loadu_ps(high), _mm_loadu_ps(low));
}
inline __m128i eight_words(const void *low, const void *high) noexcept {
    return _mm_unpacklo_epi64(_mm_loadl_epi64(static_cast<const __m128i *>(low)),
                              _mm_loadl_epi64(static_cast<const __m128i *>(high)));
}
inline __m256 two_rows(const std::int16_t *low, const std::int16_t *high) noexcept {
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(eight_words(low, high)));
}
inline __m256 two_rows(const std::uint16_t *low, const std::uint16_t *high) noexcept {
    return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(eight_words(low, high)));
}
inline __m128i eight_bytes(const void *low, const void *high) noexcept {
    int four[2];
    std::memcpy(&four[0], low, 4);
    std::memcpy(&four[1], high, 4);
    return _mm_insert_epi32(_mm_cvtsi32_si128(four[0]), four[1], 1);
}
inline __m256 two_rows(const std::int8_t *low, const std::int8_t *high) noexcept {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight_bytes(low, high)));
}
inline __m256 two_rows(const std::uint8_t *low, const std::uint8_t *high) noexcept {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight_bytes(low, high)));
}

/// The y pass of two slices.
template <class T>
inline __m256 along_y(const T *low, const T *high, Index stride, const AxisTables<float> &axis,
                      Index i) noexcept {
    const __m256 v0 = _mm256_mul_ps(_mm256_broadcast_ss(&axis.weight[0][i]), two_rows(low, high));
    const __m256 v1 =
        _mm256_mul_ps(_mm256_broadcast_ss(&axis.weight[1][i]), two_rows(low + stride, high + stride));
    const __m256 v2 =
        _mm256_mul_ps(_mm256_broadcast_ss(&axis.weight[2][i]), two_rows(low + 2 * stride, high + 2 * stride));
    const __m256 v3 =
        _mm256_mul_ps(_mm256_broadcast_ss(&axis.weight[3][i]), two_rows(low + 3 * stride, high + 3 * stride));
    return _mm256_add_ps(_mm256_add_ps(v0, v3), _mm256_add_ps(v1, v2));
}

/// w_low * the lower half + w_high * the upper half.
inline __m128 sum_of_halves(__m256 both, float w_low, float w_high) noexcept {
    const __m256 weights = _mm256_set_m128(_mm_set1_ps(w_high), _mm_set1_ps(w_low));
    const __m256 scaled = _mm256_mul_ps(weights, both);
    return _mm_add_ps(_mm256_castps256_ps128(scaled), _mm256_extractf128_ps(scaled, 1));
}

template <class T>
inline Work<T> sum_of_taps(const T *corner, Index z_stride, Index y_stride, const Tables<Work<T>> &tables,
                           Index i) noexcept {
    const AxisTables<float> &z = tables.axis[0];
    const AxisTables<float> &x = tables.axis[2];
    const __m256 outer = along_y(corner, corner + 3 * z_stride, y_stride, tables.axis[1], i);
    const __m256 inner = along_y(corner + z_stride, corner + 2 * z_stride, y_stride, tables.axis[1], i);
    const __m128 columns = _mm_add_ps(sum_of_halves(outer, z.weight[0][i], z.weight[3][i]),
                                      sum_of_halves(inner, z.weight[1][i], z.weight[2][i]));
    const __m128 weights = _mm_set_ps(x.weight[3][i], x.weight[2][i], x.weight[1][i], x.weight[0][i]);
    const __m128 scaled = _mm_mul_ps(weights, columns);
    const __m128 crossed = _mm_shuffle_ps(scaled, scaled, _MM_SHUFFLE(0, 1, 2, 3)); // 3 2 1 0
    const __m128 pairs = _mm_add_ps(scaled, crossed);                               // 0 + 3, 1 + 2
    return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
}

// Eight voxels of a row.
inline __m256 one_row(const float *row) noexcept {
    return _mm256_loadu_ps(row);
}
inline __m256 one_row(const std::int16_t *row) noexcept {
    return two_rows(row, row + 4);
}
inline __m256 one_row(const std::uint16_t *row) noexcept {
    return two_rows(row, row + 4);
}
inline __m256 one_row(const std::int8_t *row) noexcept {
    return two_rows(row, row + 4);
}
inline __m256 one_row(const std::uint8_t *row) noexcept {
    return two_rows(row, row + 4);
}

/// As Lanczos<T>::sum_of, the columns in one register; its last two lanes do not count.
template <class T>
float sum_of_lanczos(const T *corner, Index z_stride, Index y_stride,
                     const double (*weights)[lanczos_taps]) noexcept {
    constexpr auto taps = static_cast<Index>(lanczos_taps);
    __m256 columns = _mm256_setzero_ps();
    for (Index z = 0; z < taps; ++z) {
        __m256 rows = _mm256_setzero_ps();
        for (Index y = 0; y < taps; ++y) {
            const __m256 weight = _mm256_set1_ps(static_cast<float>(weights[1][y]));
            rows = _mm256_add_ps(rows, _mm256_mul_ps(weight, one_row(corner + z * z_stride + y * y_stride)));
        }
        const __m256 weight = _mm256_set1_ps(static_cast<float>(weights[0][z]));
        columns = _mm256_add_ps(columns, _mm256_mul_ps(weight, rows));
    }
    alignas(32) float column[8];
    _mm256_store_ps(column, columns);
    float sum = 0.0F;
    for (Index x = 0; x < taps; ++x) {
        sum += static_cast<float>(weights[2][x]) * column[x];
    }
    return sum;
}

} // namespace
} // namespace radpix::transform::avx2
RADPIX_END_AVX2

namespace radpix::transform::avx2 {

template <class T>
Sampler<T> sampler() noexcept {
    if constexpr (std::is_same_v<Work<T>, float>) {
        return sample_block<T>;
    } else {
        return scalar::sampler<T>();
    }
}

template <class T>
LanczosSum<T> lanczos_sum() noexcept {
    if constexpr (std::is_same_v<Work<T>, float>) {
        return sum_of_lanczos<T>;
    } else {
        return nullptr;
    }
}

#define RADPIX_INSTANTIATE(T)                                                                                \
    template Sampler<T> sampler<T>() noexcept;                                                               \
    template LanczosSum<T> lanczos_sum<T>() noexcept;
RADPIX_FILTERED_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

} // namespace radpix::transform::avx2

#endif
