// SPDX-License-Identifier: Apache-2.0
/// Kernels for volumes with absent voxels. A sample whose eight voxels are all present has the bits of
/// avx2.cpp, one whose voxels are all absent is none; columns with samples in between are left to the
/// portable kernel.
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

/// Of 8 pairs of voxels, in 32 bits each: not 0 where any is absent, all bits where both are.
struct Equal {
    __m256i any, all;
};

/// The padding value as 16-bit, 8-bit or floating point numbers; a NaN stands for every NaN.
template <class T>
inline __m256i needle_of(double padding) noexcept {
    const auto value = static_cast<T>(padding);
    if constexpr (std::is_same_v<T, float>) {
        return _mm256_castps_si256(_mm256_set1_ps(value));
    } else if constexpr (sizeof(T) == 1) {
        return _mm256_set1_epi8(static_cast<char>(value));
    } else {
        return _mm256_set1_epi16(static_cast<short>(value));
    }
}

template <class T>
inline Equal equal_pairs(const T *base, const Offsets &offsets, __m256i needle) noexcept {
    const __m256i same = _mm256_cmpeq_epi16(eight_pairs(base, offsets), needle);
    return {same, same};
}

inline Equal equal_pairs(const std::uint8_t *base, const Offsets &offsets, __m256i needle) noexcept {
    const __m128i same = _mm_cmpeq_epi8(eight_pairs_of_bytes(base, offsets), _mm256_castsi256_si128(needle));
    const __m256i wide = _mm256_cvtepi16_epi32(same);
    return {wide, wide};
}

inline __m256i equal(__m256 values, __m256i needle) noexcept {
    const __m256 value = _mm256_castsi256_ps(needle);
    const __m256 nan =
        _mm256_and_ps(_mm256_cmp_ps(value, value, _CMP_UNORD_Q), _mm256_cmp_ps(values, values, _CMP_UNORD_Q));
    return _mm256_castps_si256(_mm256_or_ps(nan, _mm256_cmp_ps(values, value, _CMP_EQ_OQ)));
}

inline Equal equal_pairs(const float *base, const Offsets &offsets, __m256i needle) noexcept {
    const Pair pair = pairs_at(base, offsets);
    const __m256i a = equal(pair.a, needle), b = equal(pair.b, needle);
    return {_mm256_or_si256(a, b), _mm256_and_si256(a, b)};
}

/// Finds the absent among the voxels of 8 samples.
struct Finder {
    __m256i needle;
    Equal found;

    template <class T>
    void look_at(const T *base, const Offsets &offsets) noexcept {
        const Equal here = equal_pairs(base, offsets, needle);
        found = {_mm256_or_si256(found.any, here.any), _mm256_and_si256(found.all, here.all)};
    }
};

/// The samples of a pixel so far: `total.count` those that have a value.
struct PresentTotal {
    Total total;
    __m256i inside; ///< all bits set where a sample was inside
    __m256i mixed;  ///< likewise, where some of a sample's voxels are absent and others not
};

template <class T, Operation operation>
inline void add_present(const Source<T> &source, const Line &line, const Constants &c, __m256i needle,
                        const Doubles (&centre)[3], Index k, PresentTotal &so_far) noexcept {
    Doubles position[3];
    const __m256i ones = _mm256_set1_epi32(-1);
    __m256d low_inside = _mm256_castsi256_pd(ones), high_inside = low_inside;
    for (int axis = 0; axis < 3; ++axis) {
        const __m256d offset = _mm256_broadcast_sd(line.slab[axis] + k);
        position[axis] = {_mm256_add_pd(centre[axis].low, offset), _mm256_add_pd(centre[axis].high, offset)};
        low_inside = _mm256_and_pd(low_inside, inside(position[axis].low, c.last_edge[axis]));
        high_inside = _mm256_and_pd(high_inside, inside(position[axis].high, c.last_edge[axis]));
    }
    if ((_mm256_movemask_pd(low_inside) | _mm256_movemask_pd(high_inside)) == 0) {
        return;
    }
    Finder finder{needle, {_mm256_setzero_si256(), ones}};
    const __m256 value = sample<T, true>(source.data, position, c, finder);
    const __m256i lies_inside = low_words({low_inside, high_inside});
    const __m256i clean = _mm256_cmpeq_epi32(finder.found.any, _mm256_setzero_si256());
    const __m256i gone = _mm256_cmpeq_epi32(finder.found.all, ones);
    so_far.inside = _mm256_or_si256(so_far.inside, lies_inside);
    so_far.mixed =
        _mm256_or_si256(so_far.mixed, _mm256_andnot_si256(_mm256_or_si256(clean, gone), lies_inside));
    Total &total = so_far.total;
    const __m256i counts = _mm256_and_si256(clean, lies_inside);
    const __m256 mask = _mm256_castsi256_ps(counts);
    total.count = _mm256_add_epi32(total.count, counts);
    total.value = _mm256_blendv_ps(total.value, combined<operation>(total.value, value), mask);
    total.nan = _mm256_or_ps(total.nan, _mm256_and_ps(_mm256_cmp_ps(value, value, _CMP_UNORD_Q), mask));
}

template <Operation operation>
inline __m256 result_of(const PresentTotal &so_far, const Line &line) noexcept {
    const Total &total = so_far.total;
    __m256 value = total.value;
    if constexpr (operation == Operation::mean) {
        const __m256i count = _mm256_sub_epi32(_mm256_setzero_si256(), total.count);
        value = _mm256_div_ps(value, _mm256_cvtepi32_ps(count));
    }
    const __m256 one_nan = _mm256_set1_ps(std::numeric_limits<float>::quiet_NaN());
    value = _mm256_blendv_ps(value, one_nan, total.nan);
    const __m256i none = _mm256_cmpeq_epi32(total.count, _mm256_setzero_si256());
    const __m256 instead = _mm256_blendv_ps(_mm256_set1_ps(static_cast<float>(line.fill)),
                                            _mm256_set1_ps(static_cast<float>(line.absent_fill)),
                                            _mm256_castsi256_ps(so_far.inside));
    value = _mm256_blendv_ps(value, instead, _mm256_castsi256_ps(none));
    return _mm256_blendv_ps(value, one_nan, _mm256_cmp_ps(value, value, _CMP_UNORD_Q));
}

template <class T, Operation operation>
void combine_present(const Source<T> &source, const Line &line, Index column, Index groups, float *values,
                     std::uint8_t *mixed) noexcept {
    const Constants c = constants_of(source, line);
    const __m256i needle = needle_of<T>(line.padding);
    for (Index i = 0; i < groups; ++i) {
        Doubles centre[3];
        place_centres(c, column + i * group, centre);
        PresentTotal so_far{{neutral<operation>(), _mm256_setzero_ps(), _mm256_setzero_si256()},
                            _mm256_setzero_si256(),
                            _mm256_setzero_si256()};
        mixed[i] = 0;
        for (Index k = 0; k < line.samples && mixed[i] == 0; ++k) {
            add_present<T, operation>(source, line, c, needle, centre, k, so_far);
            mixed[i] = _mm256_testz_si256(so_far.mixed, so_far.mixed) == 0 ? 1 : 0;
        }
        _mm256_storeu_ps(values + i * group, result_of<operation>(so_far, line));
    }
}

template <class T>
void present_row(const Source<T> &source, const Line &line, Index column, Index groups, float *values,
                 std::uint8_t *mixed) noexcept {
    switch (line.combine) {
    case Combine::mean:
        return combine_present<T, Operation::mean>(source, line, column, groups, values, mixed);
    case Combine::sum:
        return combine_present<T, Operation::sum>(source, line, column, groups, values, mixed);
    case Combine::max:
        return combine_present<T, Operation::max>(source, line, column, groups, values, mixed);
    case Combine::min:
        return combine_present<T, Operation::min>(source, line, column, groups, values, mixed);
    case Combine::median: // padded.cpp's
        break;
    }
}

} // namespace
} // namespace radpix::reslice::avx2

RADPIX_END_AVX2

namespace radpix::reslice {

const ForAvx2<PaddedKernel> avx2_padded_kernels{avx2::present_row<std::uint8_t>,
                                                avx2::present_row<std::uint16_t>,
                                                avx2::present_row<std::int16_t>, avx2::present_row<float>};

} // namespace radpix::reslice

#endif
