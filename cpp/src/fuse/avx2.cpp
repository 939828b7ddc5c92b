// SPDX-License-Identifier: Apache-2.0
/// Eight pixels at a time: an entry of the table is gathered as 64 bits, and a channel is one multiply-add of
/// (grey, colour) by (1 - opacity, opacity). 0.28 instead of 0.68 ms for 512 x 512 pixels.
#include <cstdint>

#include "base/target_region.hpp"
#include "fuse/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2

namespace radpix::fuse::avx2 {
namespace {

#include "fuse/pixel-inl.hpp"

/// Eight grey levels three times each: 24 bytes, and four more of any value.
inline void store_grey(const std::uint8_t *base, std::uint8_t *out) noexcept {
    const __m128i grey = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(base));
    const __m128i first = _mm_setr_epi8(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, -1, -1, -1, -1);
    const __m128i second = _mm_setr_epi8(4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, -1, -1, -1, -1);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(out), _mm_shuffle_epi8(grey, first));
    _mm_storeu_si128(reinterpret_cast<__m128i *>(out + 12), _mm_shuffle_epi8(grey, second));
}

/// (red, green, blue, any) as 32 bits of two of the four pixels: `mixed` is (grey, colour) of each.
inline __m256i levels_of(__m256i mixed, __m256i weights) noexcept {
    const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(mixed, weights), _mm256_set1_epi32(opaque / 2));
    return _mm256_srli_epi32(sum, 14);
}

/// Four pixels of (red, green, blue, opacity) entries and grey levels, four times 16 bits each: 12 bytes and
/// four more of any value.
inline void store_four(__m256i entry, __m256i grey, std::uint8_t *out) noexcept {
    const __m256i spread = _mm256_setr_epi8(6, 7, 6, 7, 6, 7, 6, 7, 14, 15, 14, 15, 14, 15, 14, 15, 6, 7, 6,
                                            7, 6, 7, 6, 7, 14, 15, 14, 15, 14, 15, 14, 15);
    const __m256i opacity = _mm256_shuffle_epi8(entry, spread);
    const __m256i rest = _mm256_sub_epi16(_mm256_set1_epi16(opaque), opacity);
    const __m256i low = levels_of(_mm256_unpacklo_epi16(grey, entry), _mm256_unpacklo_epi16(rest, opacity));
    const __m256i high = levels_of(_mm256_unpackhi_epi16(grey, entry), _mm256_unpackhi_epi16(rest, opacity));
    const __m256i words = _mm256_packus_epi32(low, high);
    const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    const __m128i without_fourth = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(out), _mm_shuffle_epi8(bytes, without_fourth));
}

/// The entries at 64-bit offsets `at`, transparent where `drawn` is 0.
inline __m256i entries_at(const std::uint16_t *table, __m128i at, __m128i drawn) noexcept {
    const __m256i entry = _mm256_i32gather_epi64(reinterpret_cast<const long long *>(table), at, 8);
    return _mm256_and_si256(entry, _mm256_cvtepi32_epi64(drawn));
}

void blend_row(const std::uint8_t *base, const float *overlay, std::uint8_t *out, Index n,
               const Palette<float> &palette) noexcept {
    const __m256 threshold = _mm256_set1_ps(palette.threshold);
    const __m256i four_times = _mm256_setr_epi8(0, -1, 0, -1, 0, -1, 0, -1, 1, -1, 1, -1, 1, -1, 1, -1, 2, -1,
                                                2, -1, 2, -1, 2, -1, 3, -1, 3, -1, 3, -1, 3, -1);
    Index i = 0;
    // Eight pixels write 28 bytes: the last four of them are pixels still to come.
    for (; i + 10 <= n; i += 8) {
        const __m256 value = _mm256_loadu_ps(overlay + i);
        const __m256 drawn = _mm256_cmp_ps(value, threshold, _CMP_GE_OQ);
        if (_mm256_movemask_ps(drawn) == 0) {
            store_grey(base + i, out + 3 * i);
            continue;
        }
        __m256 at =
            _mm256_mul_ps(_mm256_sub_ps(value, _mm256_set1_ps(palette.first)), _mm256_set1_ps(palette.scale));
        at = _mm256_max_ps(_mm256_add_ps(at, _mm256_set1_ps(0.5F)), _mm256_setzero_ps());
        at = _mm256_min_ps(at, _mm256_set1_ps(palette.last));
        const __m256i number = _mm256_cvttps_epi32(at);
        const __m256i mask = _mm256_castps_si256(drawn);
        const __m128i grey = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(base + i));
        const __m256i all = _mm256_broadcastsi128_si256(grey);
        const __m256i first = _mm256_shuffle_epi8(all, four_times);
        const __m256i second = _mm256_shuffle_epi8(_mm256_srli_si256(all, 4), four_times);
        store_four(entries_at(palette.table, _mm256_castsi256_si128(number), _mm256_castsi256_si128(mask)),
                   first, out + 3 * i);
        store_four(
            entries_at(palette.table, _mm256_extracti128_si256(number, 1), _mm256_extracti128_si256(mask, 1)),
            second, out + 3 * i + 12);
    }
    for (; i < n; ++i) {
        blend_pixel(base[i], overlay[i], out + 3 * i, 1, palette);
    }
}

} // namespace
} // namespace radpix::fuse::avx2

RADPIX_END_AVX2

namespace radpix::fuse {

const Kernels avx2_kernels{avx2::blend_row};

} // namespace radpix::fuse

#endif
