// SPDX-License-Identifier: Apache-2.0
// The same passes with the three-operand shifts and bit counts of BMI2.
#include "base/target_region.hpp"
#include "codec/jpeg2000/block_kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET
RADPIX_BEGIN_AVX2
namespace radpix::jpeg2000::avx2 {
namespace {

#include "passes-inl.hpp"

RADPIX_MQ_INLINE __m256i each_in_64(std::uint32_t bytes) noexcept {
    return _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(static_cast<int>(bytes)));
}

RADPIX_MQ_INLINE void read_quad(HtBits bits, std::size_t at, std::uint32_t counts, unsigned entry,
                                unsigned plane, std::uint32_t *top, std::uint32_t *bottom,
                                std::uint32_t *values) noexcept;

/// The four samples side by side where one window holds all their bits.
RADPIX_MQ_INLINE void read_quad_vector(HtBits bits, std::size_t at, std::uint32_t counts, unsigned entry,
                                       unsigned plane, std::uint32_t *top, std::uint32_t *bottom,
                                       std::uint32_t *values) noexcept {
    constexpr unsigned window = 57;
    const std::uint32_t ends = counts * 0x01010101U;
    if (ends >> 24U > window) {
        return read_quad(bits, at, counts, entry, plane, top, bottom, values);
    }
    const __m256i ones = _mm256_set1_epi64x(1);
    const __m256i count = each_in_64(counts);
    const __m256i mask = _mm256_sub_epi64(_mm256_sllv_epi64(ones, count), ones);
    const __m256i stream = _mm256_set1_epi64x(static_cast<long long>(peek_bits(bits, at)));
    __m256i value = _mm256_and_si256(_mm256_srlv_epi64(stream, each_in_64(ends << 8U)), mask);
    value = _mm256_or_si256(value, _mm256_sllv_epi64(each_in_64(spread_bits[entry >> 12U & 15U]), count));
    const __m256i significant =
        _mm256_sub_epi64(_mm256_setzero_si256(), each_in_64(spread_bits[entry >> 4U & 15U]));
    const __m256i odd = _mm256_or_si256(value, ones);
    const __m256i magnitude = _mm256_sll_epi64(_mm256_add_epi64(odd, _mm256_set1_epi64x(2)),
                                               _mm_cvtsi32_si128(static_cast<int>(plane)));
    const __m256i sample =
        _mm256_and_si256(_mm256_or_si256(magnitude, _mm256_slli_epi64(value, 31)), significant);
    // Low halves: samples 0 1 2 3 to 0 2 | 1 3.
    const __m256i order = _mm256_setr_epi32(0, 4, 2, 6, 0, 0, 0, 0);
    const __m128i rows = _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(sample, order));
    _mm_storel_epi64(reinterpret_cast<__m128i *>(top), rows);
    _mm_storeh_pd(reinterpret_cast<double *>(bottom), _mm_castsi128_pd(rows));
    const __m256i kept = _mm256_and_si256(odd, significant);
    values[1] = static_cast<std::uint32_t>(_mm256_extract_epi32(kept, 2));
    values[3] = static_cast<std::uint32_t>(_mm256_extract_epi32(kept, 6));
}

#define read_quad_at_level read_quad_vector
#include "ht_samples-inl.hpp"
#undef read_quad_at_level

} // namespace
} // namespace radpix::jpeg2000::avx2
RADPIX_END_AVX2

namespace radpix::jpeg2000 {

constinit const BlockKernels avx2_block_kernels{
    avx2::significance,     avx2::refinement_pass, avx2::cleanup,
    avx2::raw_significance, avx2::raw_refinement,  avx2::read_ht_samples,
    avx2::to_integers,      avx2::to_reals,        "avx2"};

} // namespace radpix::jpeg2000
#endif
