// SPDX-License-Identifier: Apache-2.0
// No guard: included once, inside the AVX2 region and namespace.
//
// upsample-inl.hpp for 8-bit samples, 16 at a time. The neighbours that do not exist are read from the
// padding around the row, and the two outputs they spoil are written again.

inline __m256i load_16_as_words(const std::uint8_t *from) noexcept {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i *>(from)));
}

/// Words 0-255 `even` and `odd` to bytes, alternating.
inline void store_alternating(__m256i even, __m256i odd, std::uint8_t *out) noexcept {
    const __m256i bytes = _mm256_or_si256(even, _mm256_slli_epi16(odd, 8));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(out), bytes);
}

inline void upsample_h2_8(const std::uint8_t *in, std::uint8_t *out, Index width) noexcept {
    const __m256i one = _mm256_set1_epi16(1), two = _mm256_set1_epi16(2), three = _mm256_set1_epi16(3);
    for (Index x = 0; x < width; x += 16) {
        const __m256i near = _mm256_mullo_epi16(load_16_as_words(in + x), three);
        const __m256i even = _mm256_add_epi16(_mm256_add_epi16(near, load_16_as_words(in + x - 1)), one);
        const __m256i odd = _mm256_add_epi16(_mm256_add_epi16(near, load_16_as_words(in + x + 1)), two);
        store_alternating(_mm256_srli_epi16(even, 2), _mm256_srli_epi16(odd, 2), out + 2 * x);
    }
    out[0] = in[0];
    out[2 * width - 1] = in[width - 1];
}

/// 3 * near + far.
inline __m256i vertical_sum(const std::uint8_t *near, const std::uint8_t *far) noexcept {
    return _mm256_add_epi16(_mm256_mullo_epi16(load_16_as_words(near), _mm256_set1_epi16(3)),
                            load_16_as_words(far));
}

inline void upsample_h2v2_8(const std::uint8_t *near, const std::uint8_t *far, std::uint8_t *out,
                            Index width) noexcept {
    const __m256i seven = _mm256_set1_epi16(7), eight = _mm256_set1_epi16(8), three = _mm256_set1_epi16(3);
    for (Index x = 0; x < width; x += 16) {
        const __m256i here = _mm256_mullo_epi16(vertical_sum(near + x, far + x), three);
        const __m256i before = vertical_sum(near + x - 1, far + x - 1);
        const __m256i after = vertical_sum(near + x + 1, far + x + 1);
        const __m256i even = _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(here, before), eight), 4);
        const __m256i odd = _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(here, after), seven), 4);
        store_alternating(even, odd, out + 2 * x);
    }
    out[0] = static_cast<std::uint8_t>((4 * (3 * near[0] + far[0]) + 8) >> 4);
    out[2 * width - 1] = static_cast<std::uint8_t>((4 * (3 * near[width - 1] + far[width - 1]) + 7) >> 4);
}
