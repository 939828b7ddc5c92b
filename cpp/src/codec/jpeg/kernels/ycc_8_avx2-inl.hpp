// SPDX-License-Identifier: Apache-2.0
// No guard: included once, inside the AVX2 region and namespace.
//
// ycc-inl.hpp for 8-bit samples, 16 pixels at a time in 16-bit words. 91881 = 65536 + 26345, 116130 = 2 *
// 65536 - 14942 and 46802 = 65536 - 18734 leave factors of 16 bits beside whole multiples; the sums and
// roundings are the same.

/// (factor * x + 32768) >> 16: the high half of the product, rounded by its low half's top bit.
inline __m256i rounded_product(__m256i x, int factor) noexcept {
    const __m256i f = _mm256_set1_epi16(static_cast<short>(factor));
    return _mm256_add_epi16(_mm256_mulhi_epi16(x, f), _mm256_srli_epi16(_mm256_mullo_epi16(x, f), 15));
}

/// (a * x + b * y + 32768) >> 16 of words.
inline __m256i rounded_dot(__m256i x, int a, __m256i y, int b) noexcept {
    const __m256i factors = _mm256_set1_epi32(
        static_cast<int>(static_cast<unsigned>(b) << 16 | (static_cast<unsigned>(a) & 0xFFFF)));
    const __m256i half = _mm256_set1_epi32(32768);
    const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(x, y), factors);
    const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(x, y), factors);
    return _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(low, half), 16),
                              _mm256_srai_epi32(_mm256_add_epi32(high, half), 16));
}

/// Words of 16 samples to bytes, saturated.
inline __m128i saturated_bytes(__m256i words) noexcept {
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0x08);
    return _mm256_castsi256_si128(bytes);
}

/// 16 pixels, 48 bytes.
inline void store_interleaved(__m128i r, __m128i g, __m128i b, std::uint8_t *out) noexcept {
    // Byte i of the output is channel i mod 3 of pixel i / 3; -1 leaves room for the others.
    const __m128i r0 = _mm_setr_epi8(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5);
    const __m128i g0 = _mm_setr_epi8(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1);
    const __m128i b0 = _mm_setr_epi8(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1);
    const __m128i r1 = _mm_setr_epi8(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1);
    const __m128i g1 = _mm_setr_epi8(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10);
    const __m128i b1 = _mm_setr_epi8(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1);
    const __m128i r2 = _mm_setr_epi8(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1);
    const __m128i g2 = _mm_setr_epi8(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1);
    const __m128i b2 = _mm_setr_epi8(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15);
    __m128i *const to = reinterpret_cast<__m128i *>(out);
    _mm_storeu_si128(to, _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(r, r0), _mm_shuffle_epi8(g, g0)),
                                      _mm_shuffle_epi8(b, b0)));
    _mm_storeu_si128(to + 1, _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(r, r1), _mm_shuffle_epi8(g, g1)),
                                          _mm_shuffle_epi8(b, b1)));
    _mm_storeu_si128(to + 2, _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(r, r2), _mm_shuffle_epi8(g, g2)),
                                          _mm_shuffle_epi8(b, b2)));
}

inline void ycc_to_rgb_8(const std::uint8_t *luma, const std::uint8_t *blue, const std::uint8_t *red,
                         std::uint8_t *rgb, Index width, int precision) noexcept {
    if (precision != 8) {
        ycc_to_rgb(luma, blue, red, rgb, width, precision);
        return;
    }
    const __m256i centre = _mm256_set1_epi16(128);
    Index x = 0;
    for (; x + 16 <= width; x += 16) {
        const __m256i y = load_16_as_words(luma + x);
        const __m256i cb = _mm256_sub_epi16(load_16_as_words(blue + x), centre);
        const __m256i cr = _mm256_sub_epi16(load_16_as_words(red + x), centre);
        const __m256i r = _mm256_add_epi16(_mm256_add_epi16(y, cr), rounded_product(cr, 26345));
        const __m256i g = _mm256_add_epi16(_mm256_sub_epi16(y, cr), rounded_dot(cb, -22554, cr, 18734));
        const __m256i b =
            _mm256_add_epi16(_mm256_add_epi16(y, _mm256_add_epi16(cb, cb)), rounded_product(cb, -14942));
        store_interleaved(saturated_bytes(r), saturated_bytes(g), saturated_bytes(b), rgb + 3 * x);
    }
    ycc_to_rgb(luma + x, blue + x, red + x, rgb + 3 * x, width - x, precision);
}

inline void interleave_3_8(const std::uint8_t *first, const std::uint8_t *second, const std::uint8_t *third,
                           std::uint8_t *out, Index width) noexcept {
    Index x = 0;
    for (; x + 16 <= width; x += 16) {
        store_interleaved(_mm_loadu_si128(reinterpret_cast<const __m128i *>(first + x)),
                          _mm_loadu_si128(reinterpret_cast<const __m128i *>(second + x)),
                          _mm_loadu_si128(reinterpret_cast<const __m128i *>(third + x)), out + 3 * x);
    }
    interleave_3(first + x, second + x, third + x, out + 3 * x, width - x);
}
