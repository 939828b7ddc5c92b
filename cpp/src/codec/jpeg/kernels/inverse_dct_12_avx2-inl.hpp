// SPDX-License-Identifier: Apache-2.0
// No guard: included once, inside the AVX2 region and namespace.
//
// inverse_dct-inl.hpp for 12-bit samples: eight columns (rows) at once in 32 bits, which wrap as there.

inline __m256i times(__m256i value, int factor) noexcept {
    return _mm256_mullo_epi32(value, _mm256_set1_epi32(factor));
}

/// `v` in place; the outputs have `bias` added and are shifted.
template <int Shift>
inline void inverse_dct_pass_32(__m256i (&v)[8], __m256i bias) noexcept {
    const __m256i rotated = times(_mm256_add_epi32(v[2], v[6]), 4433);
    const __m256i even_2 = _mm256_sub_epi32(rotated, times(v[6], 15137));
    const __m256i even_3 = _mm256_add_epi32(rotated, times(v[2], 6270));
    const __m256i even_0 = _mm256_add_epi32(_mm256_slli_epi32(_mm256_add_epi32(v[0], v[4]), 13), bias);
    const __m256i even_1 = _mm256_add_epi32(_mm256_slli_epi32(_mm256_sub_epi32(v[0], v[4]), 13), bias);
    const __m256i e0 = _mm256_add_epi32(even_0, even_3), e3 = _mm256_sub_epi32(even_0, even_3);
    const __m256i e1 = _mm256_add_epi32(even_1, even_2), e2 = _mm256_sub_epi32(even_1, even_2);
    const __m256i sum_73 = _mm256_add_epi32(v[7], v[3]), sum_51 = _mm256_add_epi32(v[5], v[1]);
    const __m256i z5 = times(_mm256_add_epi32(sum_73, sum_51), 9633);
    const __m256i z1 = times(_mm256_add_epi32(v[7], v[1]), -7373);
    const __m256i z2 = times(_mm256_add_epi32(v[5], v[3]), -20995);
    const __m256i z3 = _mm256_add_epi32(times(sum_73, -16069), z5);
    const __m256i z4 = _mm256_add_epi32(times(sum_51, -3196), z5);
    const __m256i o3 = _mm256_add_epi32(times(v[7], 2446), _mm256_add_epi32(z1, z3));
    const __m256i o2 = _mm256_add_epi32(times(v[5], 16819), _mm256_add_epi32(z2, z4));
    const __m256i o1 = _mm256_add_epi32(times(v[3], 25172), _mm256_add_epi32(z2, z3));
    const __m256i o0 = _mm256_add_epi32(times(v[1], 12299), _mm256_add_epi32(z1, z4));
    v[0] = _mm256_srai_epi32(_mm256_add_epi32(e0, o0), Shift);
    v[7] = _mm256_srai_epi32(_mm256_sub_epi32(e0, o0), Shift);
    v[1] = _mm256_srai_epi32(_mm256_add_epi32(e1, o1), Shift);
    v[6] = _mm256_srai_epi32(_mm256_sub_epi32(e1, o1), Shift);
    v[2] = _mm256_srai_epi32(_mm256_add_epi32(e2, o2), Shift);
    v[5] = _mm256_srai_epi32(_mm256_sub_epi32(e2, o2), Shift);
    v[3] = _mm256_srai_epi32(_mm256_add_epi32(e3, o3), Shift);
    v[4] = _mm256_srai_epi32(_mm256_sub_epi32(e3, o3), Shift);
}

inline void transpose(__m256i (&v)[8]) noexcept {
    __m256i pairs[8], quads[8];
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        quads[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
        quads[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
        quads[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        quads[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
    for (int i = 0; i < 4; ++i) {
        v[i] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x20);
        v[i + 4] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x31);
    }
}

inline void inverse_dct_12(const std::int16_t *coefficients, const std::uint16_t *quantization,
                           std::uint16_t *out, Index stride) noexcept {
    __m256i v[8];
    for (int y = 0; y < 8; ++y) {
        const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i *>(coefficients + 8 * y));
        const __m128i q = _mm_loadu_si128(reinterpret_cast<const __m128i *>(quantization + 8 * y));
        v[y] = _mm256_mullo_epi32(_mm256_cvtepi16_epi32(c), _mm256_cvtepu16_epi32(q));
    }
    inverse_dct_pass_32<12>(v, _mm256_set1_epi32(1 << 11));
    transpose(v);
    inverse_dct_pass_32<17>(v, _mm256_set1_epi32(1 << 16));
    transpose(v);
    const __m256i centre = _mm256_set1_epi32(2048), most = _mm256_set1_epi32(4095),
                  zero = _mm256_setzero_si256();
    for (int y = 0; y < 8; ++y) {
        const __m256i value = _mm256_add_epi32(v[y], centre);
        const __m256i clamped = _mm256_min_epi32(_mm256_max_epi32(value, zero), most);
        const __m256i packed = _mm256_packus_epi32(clamped, clamped);
        const __m256i ordered = _mm256_permute4x64_epi64(packed, 0x08);
        _mm_storeu_si128(reinterpret_cast<__m128i *>(out + y * stride), _mm256_castsi256_si128(ordered));
    }
}
