// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <type_traits>

#include "base/target_region.hpp"
#include "resample/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2
namespace radpix::resample::avx2 {
namespace {
#include "resample/rows-inl.hpp"

// Readers hold what a few neighbouring outputs have in common: `index`, where their windows start behind the
// first one's. Two registers cover a span that is enough for shrinking to about 1/2; beyond it samples are
// gathered.

struct FloatReader {
    using Vector = __m256;
    static constexpr Index lanes = 8;
    __m256i index;
    __m256 is_upper; ///< sign bit set where the index is 8 or more
    std::int32_t span;

    explicit FloatReader(const std::int32_t *start)
        : index(_mm256_sub_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(start)),
                                 _mm256_set1_epi32(start[0]))),
          is_upper(_mm256_castsi256_ps(_mm256_slli_epi32(index, 28))), span(start[7] - start[0]) {}

    /// The samples at `first` + index.
    [[nodiscard]] __m256 read(const float *first) const {
        if (span >= 16) {
            return _mm256_i32gather_ps(first, index, 4);
        }
        const __m256 lower = _mm256_permutevar8x32_ps(_mm256_loadu_ps(first), index);
        if (span < 8) {
            return lower;
        }
        return _mm256_blendv_ps(lower, _mm256_permutevar8x32_ps(_mm256_loadu_ps(first + 8), index), is_upper);
    }
    static __m256 add(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }
    static __m256 scaled(const float *weights, __m256 x) {
        return _mm256_mul_ps(_mm256_loadu_ps(weights), x);
    }
    static void store(float *out, __m256 x) { _mm256_storeu_ps(out, x); }
};

struct DoubleReader {
    using Vector = __m256d;
    static constexpr Index lanes = 4;
    __m128i index;
    __m256i halves;   ///< the index of each 32-bit half
    __m256d is_upper; ///< sign bit set where the index is 4 or more
    std::int32_t span;

    explicit DoubleReader(const std::int32_t *start)
        : index(_mm_sub_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(start)),
                              _mm_set1_epi32(start[0]))),
          span(start[3] - start[0]) {
        const __m256i wide = _mm256_cvtepi32_epi64(index);
        const __m256i even = _mm256_slli_epi64(wide, 1);
        halves = _mm256_or_si256(even, _mm256_slli_epi64(_mm256_or_si256(even, _mm256_set1_epi64x(1)), 32));
        is_upper = _mm256_castsi256_pd(_mm256_slli_epi64(wide, 61));
    }

    [[nodiscard]] __m256d permuted(const double *first) const {
        const __m256 samples = _mm256_castpd_ps(_mm256_loadu_pd(first));
        return _mm256_castps_pd(_mm256_permutevar8x32_ps(samples, halves));
    }
    [[nodiscard]] __m256d read(const double *first) const {
        if (span >= 8) {
            const __m256d none = _mm256_setzero_pd(); // GCC 12 warns of the unmasked form
            return _mm256_mask_i32gather_pd(none, first, index, _mm256_cmp_pd(none, none, _CMP_EQ_OQ), 8);
        }
        const __m256d lower = permuted(first);
        return span < 4 ? lower : _mm256_blendv_pd(lower, permuted(first + 4), is_upper);
    }
    static __m256d add(__m256d a, __m256d b) { return _mm256_add_pd(a, b); }
    static __m256d scaled(const double *weights, __m256d x) {
        return _mm256_mul_pd(_mm256_loadu_pd(weights), x);
    }
    static void store(double *out, __m256d x) { _mm256_storeu_pd(out, x); }
};

/// As `columns`, a register of outputs at a time.
template <class Reader, class A>
void columns_by(const A *row, std::int32_t column, const ColumnPlan<A> &plan, Index group, Index groups,
                A *out) noexcept {
    const Index stride = plan.groups * group_size;
    const Index last = plan.taps - 1;
    const Index end = (group + groups) * group_size;
    for (Index at = group * group_size; at < end; at += Reader::lanes, out += Reader::lanes) {
        const Reader reader(plan.start + at);
        const A *window = row + (plan.start[at] - column);
        const A *weights = plan.weights + at;
        if (last == 0) {
            Reader::store(out, reader.read(window));
            continue;
        }
        auto sum = Reader::add(Reader::scaled(weights, reader.read(window)),
                               Reader::scaled(weights + last * stride, reader.read(window + last)));
        for (Index j = 1; j < plan.taps / 2; ++j) {
            const Index k = last - j;
            sum =
                Reader::add(sum, Reader::add(Reader::scaled(weights + j * stride, reader.read(window + j)),
                                             Reader::scaled(weights + k * stride, reader.read(window + k))));
        }
        if (plan.taps % 2 != 0) {
            const Index j = plan.taps / 2;
            sum = Reader::add(sum, Reader::scaled(weights + j * stride, reader.read(window + j)));
        }
        Reader::store(out, sum);
    }
}

/// Eight rows of eight, `in` and `out` strides apart, with rows and columns exchanged; `count` of them are
/// written.
inline void turn(const float *in, Index in_stride, float *out, Index out_stride, Index count) {
    __m256 pairs[8];
    for (int k = 0; k < 4; ++k) {
        const __m256 a = _mm256_loadu_ps(in + 2 * k * in_stride);
        const __m256 b = _mm256_loadu_ps(in + (2 * k + 1) * in_stride);
        pairs[2 * k] = _mm256_unpacklo_ps(a, b);
        pairs[2 * k + 1] = _mm256_unpackhi_ps(a, b);
    }
    __m256 fours[8];
    for (int k = 0; k < 2; ++k) {
        const __m256 *p = pairs + 4 * k;
        fours[4 * k] = _mm256_shuffle_ps(p[0], p[2], 0x44);
        fours[4 * k + 1] = _mm256_shuffle_ps(p[0], p[2], 0xee);
        fours[4 * k + 2] = _mm256_shuffle_ps(p[1], p[3], 0x44);
        fours[4 * k + 3] = _mm256_shuffle_ps(p[1], p[3], 0xee);
    }
    for (int k = 0; k < 4; ++k) {
        if (k < count) {
            _mm256_storeu_ps(out + k * out_stride, _mm256_permute2f128_ps(fours[k], fours[k + 4], 0x20));
        }
        if (k + 4 < count) {
            _mm256_storeu_ps(out + (k + 4) * out_stride,
                             _mm256_permute2f128_ps(fours[k], fours[k + 4], 0x31));
        }
    }
}

/// The sum over a window of eight rows, whose samples are neighbours, in the order of sum_of_window.
inline __m256 sum_of_turned(const float *window, const float *weights, Index taps, Index stride) {
    const Index last = taps - 1;
    __m256 sum = _mm256_add_ps(
        _mm256_mul_ps(_mm256_broadcast_ss(weights), _mm256_loadu_ps(window)),
        _mm256_mul_ps(_mm256_broadcast_ss(weights + last * stride), _mm256_loadu_ps(window + 8 * last)));
    for (Index j = 1; j < taps / 2; ++j) {
        const Index k = last - j;
        sum = _mm256_add_ps(sum, _mm256_add_ps(_mm256_mul_ps(_mm256_broadcast_ss(weights + j * stride),
                                                             _mm256_loadu_ps(window + 8 * j)),
                                               _mm256_mul_ps(_mm256_broadcast_ss(weights + k * stride),
                                                             _mm256_loadu_ps(window + 8 * k))));
    }
    if (taps % 2 != 0) {
        const Index j = taps / 2;
        sum = _mm256_add_ps(
            sum, _mm256_mul_ps(_mm256_broadcast_ss(weights + j * stride), _mm256_loadu_ps(window + 8 * j)));
    }
    return sum;
}

/// Turned, the rows' samples at a tap are neighbours: nothing has to be permuted (B-spline to 1 mm: x takes
/// 24 taps of them).
void columns_of_rows(const float *rows, Index row_stride, Index count, std::int32_t column,
                     const ColumnPlan<float> &plan, Index group, Index groups, float *out, Index out_stride,
                     float *turned) noexcept {
    const Index stride = plan.groups * group_size;
    for (Index x = 0; x < row_stride; x += 8) {
        turn(rows + x, row_stride, turned + 8 * x, 8, 8);
    }
    for (Index at = group * group_size; at < (group + groups) * group_size; at += 8, out += 8) {
        float sums[64];
        for (Index i = 0; i < 8; ++i) {
            const float *window = turned + 8 * static_cast<Index>(plan.start[at + i] - column);
            _mm256_storeu_ps(sums + 8 * i, sum_of_turned(window, plan.weights + at + i, plan.taps, stride));
        }
        turn(sums, 8, out, out_stride, count);
    }
}

// Eight samples as floats.
inline __m256 floats_at(const float *p) {
    return _mm256_loadu_ps(p);
}
inline __m256 floats_at(const std::int16_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p))));
}
inline __m256 floats_at(const std::uint16_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p))));
}
inline __m256 floats_at(const std::int8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(p))));
}
inline __m256 floats_at(const std::uint8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(p))));
}

// Eight sums as voxels: the conversion rounds half to even, packing saturates.
inline __m128i packed_words(__m256 sums, bool is_signed) {
    const __m256i whole = _mm256_cvtps_epi32(sums);
    const __m128i low = _mm256_castsi256_si128(whole);
    const __m128i high = _mm256_extracti128_si256(whole, 1);
    return is_signed ? _mm_packs_epi32(low, high) : _mm_packus_epi32(low, high);
}
inline void store_voxels(__m256 sums, float *p) {
    _mm256_storeu_ps(p, sums);
}
inline void store_voxels(__m256 sums, std::int16_t *p) {
    _mm_storeu_si128(reinterpret_cast<__m128i *>(p), packed_words(sums, true));
}
inline void store_voxels(__m256 sums, std::uint16_t *p) {
    _mm_storeu_si128(reinterpret_cast<__m128i *>(p), packed_words(sums, false));
}
inline void store_voxels(__m256 sums, std::int8_t *p) {
    const __m128i words = packed_words(sums, true);
    _mm_storel_epi64(reinterpret_cast<__m128i *>(p), _mm_packs_epi16(words, words));
}
inline void store_voxels(__m256 sums, std::uint8_t *p) {
    const __m128i words = packed_words(sums, true);
    _mm_storel_epi64(reinterpret_cast<__m128i *>(p), _mm_packus_epi16(words, words));
}

/// The sum over three or more taps for eight columns, in the order of sum_of_pairs.
template <class S>
inline __m256 sum_of_rows(const S *const *rows, const float *weights, Index taps, Index at) {
    const Index last = taps - 1;
    __m256 sum = _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(weights[0]), floats_at(rows[0] + at)),
                               _mm256_mul_ps(_mm256_set1_ps(weights[last]), floats_at(rows[last] + at)));
    for (Index j = 1; j < taps / 2; ++j) {
        const __m256 lower = _mm256_mul_ps(_mm256_set1_ps(weights[j]), floats_at(rows[j] + at));
        const __m256 upper = _mm256_mul_ps(_mm256_set1_ps(weights[last - j]), floats_at(rows[last - j] + at));
        sum = _mm256_add_ps(sum, _mm256_add_ps(lower, upper));
    }
    if (taps % 2 != 0) {
        const Index j = taps / 2;
        sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_set1_ps(weights[j]), floats_at(rows[j] + at)));
    }
    return sum;
}

/// The same for 32 columns: a cache line of each row at a time, where rows a power of two apart crowd one
/// another out (46 rows of 512 words: 3 times as fast).
template <class S>
inline void sums_of_rows(const S *const *rows, const float *weights, Index taps, Index at, __m256 *sums) {
    const Index last = taps - 1;
    const __m256 w_first = _mm256_set1_ps(weights[0]);
    const __m256 w_last = _mm256_set1_ps(weights[last]);
    for (int v = 0; v < 4; ++v) {
        sums[v] = _mm256_add_ps(_mm256_mul_ps(w_first, floats_at(rows[0] + at + 8 * v)),
                                _mm256_mul_ps(w_last, floats_at(rows[last] + at + 8 * v)));
    }
    for (Index j = 1; j < taps / 2; ++j) {
        const __m256 w_lower = _mm256_set1_ps(weights[j]);
        const __m256 w_upper = _mm256_set1_ps(weights[last - j]);
        const S *lower = rows[j] + at;
        const S *upper = rows[last - j] + at;
        for (int v = 0; v < 4; ++v) {
            sums[v] = _mm256_add_ps(sums[v], _mm256_add_ps(_mm256_mul_ps(w_lower, floats_at(lower + 8 * v)),
                                                           _mm256_mul_ps(w_upper, floats_at(upper + 8 * v))));
        }
    }
    if (taps % 2 != 0) {
        const __m256 w_middle = _mm256_set1_ps(weights[taps / 2]);
        for (int v = 0; v < 4; ++v) {
            sums[v] = _mm256_add_ps(sums[v], _mm256_mul_ps(w_middle, floats_at(rows[taps / 2] + at + 8 * v)));
        }
    }
}

/// blend_in (S voxels, D float) and blend_out (S float, D voxels) for voxels of up to 16 bits. The last eight
/// columns overlap those before.
template <class S, class D>
void blend(const S *const *rows, const float *weights, Index taps, Index n, D *out) noexcept {
    const Index end = n - group_size;
    if (taps == 1) {
        const S *a = rows[0];
        for (Index i = 0; i < end; i += group_size) {
            store_voxels(floats_at(a + i), out + i);
        }
        store_voxels(floats_at(a + end), out + end);
    } else if (taps == 2) {
        const S *a = rows[0];
        const S *b = rows[1];
        const __m256 w0 = _mm256_set1_ps(weights[0]);
        const __m256 w1 = _mm256_set1_ps(weights[1]);
        for (Index i = 0; i < end; i += group_size) {
            store_voxels(
                _mm256_add_ps(_mm256_mul_ps(w0, floats_at(a + i)), _mm256_mul_ps(w1, floats_at(b + i))),
                out + i);
        }
        store_voxels(
            _mm256_add_ps(_mm256_mul_ps(w0, floats_at(a + end)), _mm256_mul_ps(w1, floats_at(b + end))),
            out + end);
    } else {
        Index i = 0;
        for (; i + 4 * group_size <= n; i += 4 * group_size) {
            __m256 sums[4];
            sums_of_rows(rows, weights, taps, i, sums);
            for (int v = 0; v < 4; ++v) {
                store_voxels(sums[v], out + i + 8 * v);
            }
        }
        for (; i < end; i += group_size) {
            store_voxels(sum_of_rows(rows, weights, taps, i), out + i);
        }
        store_voxels(sum_of_rows(rows, weights, taps, end), out + end);
    }
}

template <class T>
void blend_in_floats(const T *const *rows, const float *weights, Index taps, Index n, float *out) noexcept {
    n < group_size ? blend_in<T, float>(rows, weights, taps, n, out)
                   : blend<T, float>(rows, weights, taps, n, out);
}

template <class T>
void blend_out_floats(const float *const *rows, const float *weights, Index taps, Index n, T *out) noexcept {
    n < group_size ? blend_out<T, float>(rows, weights, taps, n, out)
                   : blend<float, T>(rows, weights, taps, n, out);
}

/// A mask of the absent ones among the voxels of a register.
template <class T>
inline __m256i absent_at(const T *p, T value, [[maybe_unused]] bool is_nan) {
    if constexpr (std::is_same_v<T, float>) {
        const __m256 x = _mm256_loadu_ps(p);
        return _mm256_castps_si256(is_nan ? _mm256_cmp_ps(x, x, _CMP_UNORD_Q)
                                          : _mm256_cmp_ps(x, _mm256_set1_ps(value), _CMP_EQ_OQ));
    } else if constexpr (std::is_same_v<T, double>) {
        const __m256d x = _mm256_loadu_pd(p);
        return _mm256_castpd_si256(is_nan ? _mm256_cmp_pd(x, x, _CMP_UNORD_Q)
                                          : _mm256_cmp_pd(x, _mm256_set1_pd(value), _CMP_EQ_OQ));
    } else {
        const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p));
        if constexpr (sizeof(T) == 1) {
            return _mm256_cmpeq_epi8(x, _mm256_set1_epi8(static_cast<std::int8_t>(value)));
        } else if constexpr (sizeof(T) == 2) {
            return _mm256_cmpeq_epi16(x, _mm256_set1_epi16(static_cast<std::int16_t>(value)));
        } else {
            return _mm256_cmpeq_epi32(x, _mm256_set1_epi32(static_cast<std::int32_t>(value)));
        }
    }
}

template <class T, Index n>
unsigned absent_in(const T *voxels, T value, bool is_nan) {
    constexpr Index step = 32 / static_cast<Index>(sizeof(T));
    if constexpr (step > n) {
        return absent_in_some(voxels, n, value, is_nan);
    } else {
        __m256i any = absent_at(voxels, value, is_nan);
        __m256i all = any;
        for (Index i = step; i < n; i += step) {
            const __m256i gone = absent_at(voxels + i, value, is_nan);
            any = _mm256_or_si256(any, gone);
            all = _mm256_and_si256(all, gone);
        }
        return (_mm256_testz_si256(any, any) == 0 ? 1U : 0U) | (_mm256_movemask_epi8(all) == -1 ? 2U : 0U);
    }
}

template <class T>
unsigned absent_in_block(const T *voxels, T value, bool is_nan) {
    return absent_in<T, absent_block>(voxels, value, is_nan);
}

template <class T>
unsigned absent_in_blocks(const T *voxels, T value, bool is_nan) {
    return absent_in<T, absent_blocks * absent_block>(voxels, value, is_nan);
}

} // namespace
} // namespace radpix::resample::avx2
RADPIX_END_AVX2

namespace radpix::resample::avx2 {

template <class T, class A>
const RowKernels<T, A> &row_kernels() noexcept {
    if constexpr (std::is_same_v<A, float>) {
        static constexpr RowKernels<T, A> table{blend_in_floats<T>, columns_by<FloatReader, float>,
                                                columns_of_rows, blend_out_floats<T>};
        return table;
    } else {
        static constexpr RowKernels<T, A> table{blend_in<T, A>, columns_by<DoubleReader, double>, nullptr,
                                                blend_out<T, A>};
        return table;
    }
}

#include "resample/tables-inl.hpp"

} // namespace radpix::resample::avx2

#endif
