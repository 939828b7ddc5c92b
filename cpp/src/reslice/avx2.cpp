// SPDX-License-Identifier: Apache-2.0
/// Eight columns at a time: positions in 2 x 4 float64, the pair of voxels (x, x + 1) of each of the four
/// (z, y) corners by one gather, interpolation in 8 float32. The arithmetic is that of scalar.cpp, operation
/// by operation.
#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/target_region.hpp"
#include "reslice/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2

namespace radpix::reslice::avx2 {
namespace {

enum class Operation : std::uint8_t { mean, sum, max, min };

/// A double for each of 8 columns.
struct Doubles {
    __m256d low, high;
};

/// What does not change along a row. Axes z, y, x.
struct Constants {
    __m256d start[3], step[3], last_index[3], last_edge[3];
    __m128i last_base[3]; ///< the highest index whose upper neighbour exists
    __m256i strides[2];
    __m256i up_z, up_y;
    __m256i last_offset; ///< the highest from which a gather of 4 bytes stays in the array, for 1-byte types
};

template <class T>
inline Constants constants_of(const Source<T> &source, const Line &line) noexcept {
    Constants c;
    Index end = 0;
    for (int axis = 0; axis < 3; ++axis) {
        const Index n = source.shape.data()[axis];
        const Index stride = source.strides.data()[axis];
        c.start[axis] = _mm256_set1_pd(line.start.data()[axis]);
        c.step[axis] = _mm256_set1_pd(line.step.data()[axis]);
        c.last_index[axis] = _mm256_set1_pd(static_cast<double>(n - 1));
        c.last_edge[axis] = _mm256_set1_pd(static_cast<double>(n) - 0.5);
        c.last_base[axis] = _mm_set1_epi32(static_cast<int>(n > 1 ? n - 2 : 0));
        end += stride > 0 ? (n - 1) * stride : 0;
        if (axis < 2) {
            c.strides[axis] = _mm256_set1_epi32(static_cast<int>(stride));
            (axis == 0 ? c.up_z : c.up_y) = _mm256_set1_epi32(static_cast<int>(n > 1 ? stride : 0));
        }
    }
    c.last_offset = _mm256_set1_epi32(static_cast<int>(end) - 3);
    return c;
}

/// The voxels at offset x and x + 1.
struct Pair {
    __m256 a, b;
};

inline __m256 lerp(__m256 a, __m256 b, __m256 t) noexcept {
    return _mm256_add_ps(a, _mm256_mul_ps(t, _mm256_sub_ps(b, a)));
}

/// lerp that takes an end exactly, and does not see a NaN of weight 0.
inline __m256 lerp_exact(__m256 a, __m256 b, __m256 t) noexcept {
    __m256 value = lerp(a, b, t);
    value = _mm256_blendv_ps(value, a, _mm256_cmp_ps(t, _mm256_setzero_ps(), _CMP_EQ_OQ));
    return _mm256_blendv_ps(value, b, _mm256_cmp_ps(t, _mm256_set1_ps(1), _CMP_EQ_OQ));
}

template <class T>
inline __m256 lerp_of(__m256 a, __m256 b, __m256 t) noexcept {
    if constexpr (std::is_same_v<T, float>) {
        return lerp_exact(a, b, t);
    } else {
        return lerp(a, b, t);
    }
}

inline Pair gather(const std::int16_t *data, __m256i offset, const Constants & /*c*/) noexcept {
    const __m256i both = _mm256_i32gather_epi32(reinterpret_cast<const int *>(data), offset, 2);
    return {_mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(both, 16), 16)),
            _mm256_cvtepi32_ps(_mm256_srai_epi32(both, 16))};
}

inline Pair gather(const std::uint16_t *data, __m256i offset, const Constants & /*c*/) noexcept {
    const __m256i both = _mm256_i32gather_epi32(reinterpret_cast<const int *>(data), offset, 2);
    return {_mm256_cvtepi32_ps(_mm256_and_si256(both, _mm256_set1_epi32(0xffff))),
            _mm256_cvtepi32_ps(_mm256_srli_epi32(both, 16))};
}

inline Pair gather(const std::uint8_t *data, __m256i offset, const Constants &c) noexcept {
    // The last 3 voxels are reached from a lower address, so that nothing is read behind the array.
    const __m256i from = _mm256_min_epi32(offset, c.last_offset);
    const __m256i shift = _mm256_slli_epi32(_mm256_sub_epi32(offset, from), 3);
    const __m256i four =
        _mm256_srlv_epi32(_mm256_i32gather_epi32(reinterpret_cast<const int *>(data), from, 1), shift);
    const __m256i byte = _mm256_set1_epi32(0xff);
    return {_mm256_cvtepi32_ps(_mm256_and_si256(four, byte)),
            _mm256_cvtepi32_ps(_mm256_and_si256(_mm256_srli_epi32(four, 8), byte))};
}

inline Pair gather(const float *data, __m256i offset, const Constants & /*c*/) noexcept {
    const auto *pairs = reinterpret_cast<const long long *>(data);
    const __m256 low = _mm256_castsi256_ps(_mm256_i32gather_epi64(pairs, _mm256_castsi256_si128(offset), 4));
    const __m256 high =
        _mm256_castsi256_ps(_mm256_i32gather_epi64(pairs, _mm256_extracti128_si256(offset, 1), 4));
    const __m256 a = _mm256_shuffle_ps(low, high, 0x88);
    const __m256 b = _mm256_shuffle_ps(low, high, 0xdd);
    return {_mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(a), 0xd8)),
            _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(b), 0xd8))};
}

inline __m256d inside(__m256d position, __m256d last_edge) noexcept {
    return _mm256_and_pd(_mm256_cmp_pd(position, _mm256_set1_pd(-0.5), _CMP_GE_OQ),
                         _mm256_cmp_pd(position, last_edge, _CMP_LE_OQ));
}

/// One axis: the lower neighbour's index, and the way to the upper one as a fraction.
template <bool border>
inline __m256i split(Doubles position, const Constants &c, int axis, __m256 *fraction) noexcept {
    if constexpr (border) { // max first: it turns a NaN into 0
        const __m256d zero = _mm256_setzero_pd();
        position.low = _mm256_min_pd(_mm256_max_pd(position.low, zero), c.last_index[axis]);
        position.high = _mm256_min_pd(_mm256_max_pd(position.high, zero), c.last_index[axis]);
    }
    __m128i low = _mm256_cvttpd_epi32(position.low);
    __m128i high = _mm256_cvttpd_epi32(position.high);
    if constexpr (border) {
        low = _mm_min_epi32(low, c.last_base[axis]);
        high = _mm_min_epi32(high, c.last_base[axis]);
    }
    *fraction = _mm256_set_m128(_mm256_cvtpd_ps(_mm256_sub_pd(position.high, _mm256_cvtepi32_pd(high))),
                                _mm256_cvtpd_ps(_mm256_sub_pd(position.low, _mm256_cvtepi32_pd(low))));
    return _mm256_set_m128i(high, low);
}

template <class T, bool border>
inline __m256 sample(const T *data, const Doubles (&position)[3], const Constants &c) noexcept {
    __m256 t[3];
    const __m256i z = split<border>(position[0], c, 0, &t[0]);
    const __m256i y = split<border>(position[1], c, 1, &t[1]);
    const __m256i x = split<border>(position[2], c, 2, &t[2]);
    const __m256i base = _mm256_add_epi32(
        x, _mm256_add_epi32(_mm256_mullo_epi32(z, c.strides[0]), _mm256_mullo_epi32(y, c.strides[1])));
    const __m256i above = _mm256_add_epi32(base, c.up_z);
    const Pair v00 = gather(data, base, c);
    const Pair v01 = gather(data, _mm256_add_epi32(base, c.up_y), c);
    const Pair v10 = gather(data, above, c);
    const Pair v11 = gather(data, _mm256_add_epi32(above, c.up_y), c);
    const __m256 lower = lerp_of<T>(lerp_of<T>(v00.a, v00.b, t[2]), lerp_of<T>(v01.a, v01.b, t[2]), t[1]);
    const __m256 upper = lerp_of<T>(lerp_of<T>(v10.a, v10.b, t[2]), lerp_of<T>(v11.a, v11.b, t[2]), t[1]);
    return lerp_of<T>(lower, upper, t[0]);
}

template <Operation operation>
inline __m256 combined(__m256 total, __m256 value) noexcept {
    if constexpr (operation == Operation::max) { // maxps(a, b) is a > b ? a : b
        return _mm256_max_ps(value, total);
    } else if constexpr (operation == Operation::min) {
        return _mm256_min_ps(value, total);
    } else {
        return _mm256_add_ps(total, value);
    }
}

template <Operation operation>
inline __m256 neutral() noexcept {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    return _mm256_set1_ps(operation == Operation::max   ? -infinity
                          : operation == Operation::min ? infinity
                                                        : -0.0F);
}

/// The samples of a pixel so far.
struct Total {
    __m256 value;
    __m256 nan;    ///< all bits set where a sample was NaN
    __m256i count; ///< samples inside, negative
};

template <class T, Operation operation, bool border>
inline void add_sample(const Source<T> &source, const Line &line, const Constants &c,
                       const Doubles (&centre)[3], Index k, Total &total) noexcept {
    Doubles position[3];
    __m256d low_inside = _mm256_castsi256_pd(_mm256_set1_epi32(-1));
    __m256d high_inside = low_inside;
    for (int axis = 0; axis < 3; ++axis) {
        const __m256d offset = _mm256_broadcast_sd(line.slab.data()[axis] + k);
        position[axis] = {_mm256_add_pd(centre[axis].low, offset), _mm256_add_pd(centre[axis].high, offset)};
        if constexpr (border) {
            low_inside = _mm256_and_pd(low_inside, inside(position[axis].low, c.last_edge[axis]));
            high_inside = _mm256_and_pd(high_inside, inside(position[axis].high, c.last_edge[axis]));
        }
    }
    if (border && (_mm256_movemask_pd(low_inside) | _mm256_movemask_pd(high_inside)) == 0) {
        return;
    }
    const __m256 value = sample<T, border>(source.data, position, c);
    __m256 next = combined<operation>(total.value, value);
    __m256 nan = _mm256_cmp_ps(value, value, _CMP_UNORD_Q);
    if constexpr (border) {
        const __m256 mixed =
            _mm256_shuffle_ps(_mm256_castpd_ps(low_inside), _mm256_castpd_ps(high_inside), 0x88);
        const __m256 mask = _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(mixed), 0xd8));
        next = _mm256_blendv_ps(total.value, next, mask);
        nan = _mm256_and_ps(nan, mask);
        total.count = _mm256_add_epi32(total.count, _mm256_castps_si256(mask));
    }
    total.value = next;
    if constexpr (std::is_same_v<T, float>) {
        total.nan = _mm256_or_ps(total.nan, nan);
    }
}

template <Operation operation, bool border>
inline __m256 result_of(const Total &total, const Line &line) noexcept {
    __m256 value = total.value;
    if constexpr (operation == Operation::mean) {
        const __m256 count = border
                                 ? _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_setzero_si256(), total.count))
                                 : _mm256_set1_ps(static_cast<float>(line.samples));
        value = _mm256_div_ps(value, count);
    }
    const __m256 one_nan = _mm256_set1_ps(std::numeric_limits<float>::quiet_NaN());
    value = _mm256_blendv_ps(value, one_nan, total.nan);
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
        const auto first = static_cast<double>(column + i * group);
        const __m256d base = _mm256_set1_pd(first);
        const Doubles columns{_mm256_add_pd(base, _mm256_setr_pd(0, 1, 2, 3)),
                              _mm256_add_pd(base, _mm256_setr_pd(4, 5, 6, 7))};
        Doubles centre[3];
        for (int axis = 0; axis < 3; ++axis) {
            centre[axis] = {_mm256_add_pd(c.start[axis], _mm256_mul_pd(columns.low, c.step[axis])),
                            _mm256_add_pd(c.start[axis], _mm256_mul_pd(columns.high, c.step[axis]))};
        }
        Total total{neutral<operation>(), _mm256_setzero_ps(), _mm256_setzero_si256()};
        for (Index k = 0; k < line.samples; ++k) {
            add_sample<T, operation, border>(source, line, c, centre, k, total);
        }
        _mm256_storeu_ps(values + i * group, result_of<operation, border>(total, line));
    }
}

template <class T, bool border>
void linear_row(const Source<T> &source, const Line &line, Index column, Index groups,
                float *values) noexcept {
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

const Avx2Kernels avx2_kernels{
    {avx2::linear_row<std::uint8_t, false>, avx2::linear_row<std::uint8_t, true>, nullptr},
    {avx2::linear_row<std::uint16_t, false>, avx2::linear_row<std::uint16_t, true>, nullptr},
    {avx2::linear_row<std::int16_t, false>, avx2::linear_row<std::int16_t, true>, nullptr},
    {avx2::linear_row<float, false>, avx2::linear_row<float, true>, nullptr},
};

} // namespace radpix::reslice

#endif
