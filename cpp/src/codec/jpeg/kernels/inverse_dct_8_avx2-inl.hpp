// SPDX-License-Identifier: Apache-2.0
// No guard: included once, inside the AVX2 region and namespace.
//
// inverse_dct-inl.hpp for 8-bit samples. Each output of a pass is a sum of products of 16-bit inputs with no
// rounding inside, so the butterflies' constants are multiplied out and `vpmaddwd` does two products and a
// sum: 16 of them a pass for eight rows or columns at once. With 16-bit inputs no sum exceeds 2.0e9, so 32
// bits never overflow.

/// Two 16-bit factors for the pairs of a vpmaddwd.
inline __m256i factor_pair(int low, int high) noexcept {
    return _mm256_set1_epi32(
        static_cast<int>(static_cast<unsigned>(high) << 16 | (static_cast<unsigned>(low) & 0xFFFF)));
}

/// a, b times the pairs of `first`, c, d times those of `second`, which is 0 where only `Low` ones are there.
template <bool Low>
inline __m256i dot(__m256i first, int a, int b, __m256i second, int c, int d) noexcept {
    const __m256i low = _mm256_madd_epi16(first, factor_pair(a, b));
    return Low ? low : _mm256_add_epi32(low, _mm256_madd_epi16(second, factor_pair(c, d)));
}

/// One pass. `c02` holds pairs of coefficients 0 and 2, and so on, for eight columns (rows); `v` becomes the
/// eight outputs, each with `bias` added and shifted. `Low`: coefficients 4 to 7 are 0.
template <int Shift, bool Low>
inline void inverse_dct_pass(__m256i c02, __m256i c46, __m256i c13, __m256i c57, __m256i bias,
                             __m256i (&v)[8]) noexcept {
    const __m256i e0 = _mm256_add_epi32(dot<Low>(c02, 8192, 10703, c46, 8192, 4433), bias);
    const __m256i e1 = _mm256_add_epi32(dot<Low>(c02, 8192, 4433, c46, -8192, -10704), bias);
    const __m256i e2 = _mm256_add_epi32(dot<Low>(c02, 8192, -4433, c46, -8192, 10704), bias);
    const __m256i e3 = _mm256_add_epi32(dot<Low>(c02, 8192, -10703, c46, 8192, -4433), bias);
    const __m256i o0 = dot<Low>(c13, 11363, 9633, c57, 6437, 2260);
    const __m256i o1 = dot<Low>(c13, 9633, -2259, c57, -11362, -6436);
    const __m256i o2 = dot<Low>(c13, 6437, -11362, c57, 2261, 9633);
    const __m256i o3 = dot<Low>(c13, 2260, -6436, c57, 9633, -11363);
    v[0] = _mm256_srai_epi32(_mm256_add_epi32(e0, o0), Shift);
    v[1] = _mm256_srai_epi32(_mm256_add_epi32(e1, o1), Shift);
    v[2] = _mm256_srai_epi32(_mm256_add_epi32(e2, o2), Shift);
    v[3] = _mm256_srai_epi32(_mm256_add_epi32(e3, o3), Shift);
    v[4] = _mm256_srai_epi32(_mm256_sub_epi32(e3, o3), Shift);
    v[5] = _mm256_srai_epi32(_mm256_sub_epi32(e2, o2), Shift);
    v[6] = _mm256_srai_epi32(_mm256_sub_epi32(e1, o1), Shift);
    v[7] = _mm256_srai_epi32(_mm256_sub_epi32(e0, o0), Shift);
}

/// Dequantised rows y and y + 1.
inline __m256i dequantised_rows(const std::int16_t *coefficients, const std::uint16_t *quantization,
                                int y) noexcept {
    const __m256i c = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(coefficients + 8 * y));
    const __m256i q = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(quantization + 8 * y));
    return _mm256_mullo_epi16(c, q);
}

/// From two rows of eight 16-bit values, `rows` 0 1, in lanes of columns 0-3 and 4-7: pairs (0, 2) of both
/// rows in the low halves of the lanes, pairs (1, 3) in the high halves; columns 4-7 likewise.
inline __m256i split_pairs(__m256i rows) noexcept {
    const __m256i order = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0, 1, 4, 5,
                                           8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    return _mm256_shuffle_epi8(rows, order);
}

inline void store_rows(__m128i two_rows, std::uint8_t *out, Index stride) noexcept {
    _mm_storel_epi64(reinterpret_cast<__m128i *>(out), two_rows);
    _mm_storel_epi64(reinterpret_cast<__m128i *>(out + stride), _mm_unpackhi_epi64(two_rows, two_rows));
}

/// `v[x]` is column x, rows 0-3 and 4-7 in the lanes.
inline void store_block(const __m256i (&v)[8], std::uint8_t *out, Index stride) noexcept {
    const __m256i c0415 = _mm256_packus_epi16(_mm256_packs_epi32(v[0], v[4]), _mm256_packs_epi32(v[1], v[5]));
    const __m256i c2637 = _mm256_packus_epi16(_mm256_packs_epi32(v[2], v[6]), _mm256_packs_epi32(v[3], v[7]));
    const __m256i c02_46 = _mm256_unpacklo_epi8(c0415, c2637), c13_57 = _mm256_unpackhi_epi8(c0415, c2637);
    const __m256i left = _mm256_unpacklo_epi8(c02_46, c13_57), right = _mm256_unpackhi_epi8(c02_46, c13_57);
    const __m256i rows_01_45 = _mm256_unpacklo_epi32(left, right),
                  rows_23_67 = _mm256_unpackhi_epi32(left, right);
    store_rows(_mm256_castsi256_si128(rows_01_45), out, stride);
    store_rows(_mm256_castsi256_si128(rows_23_67), out + 2 * stride, stride);
    store_rows(_mm256_extracti128_si256(rows_01_45, 1), out + 4 * stride, stride);
    store_rows(_mm256_extracti128_si256(rows_23_67, 1), out + 6 * stride, stride);
}

/// `Low`: only the first four rows and columns have coefficients.
template <bool Low>
inline void inverse_dct_8(const std::int16_t *coefficients, const std::uint16_t *quantization,
                          std::uint8_t *out, Index stride) noexcept {
    const __m256i r01 = dequantised_rows(coefficients, quantization, 0);
    const __m256i r23 = dequantised_rows(coefficients, quantization, 2);
    const __m256i r45 = Low ? _mm256_setzero_si256() : dequantised_rows(coefficients, quantization, 4);
    const __m256i r67 = Low ? _mm256_setzero_si256() : dequantised_rows(coefficients, quantization, 6);
    const __m256i low_0213 = _mm256_unpacklo_epi16(r01, r23), high_0213 = _mm256_unpackhi_epi16(r01, r23);
    const __m256i low_4657 = _mm256_unpacklo_epi16(r45, r67), high_4657 = _mm256_unpackhi_epi16(r45, r67);
    __m256i v[8];
    inverse_dct_pass<11, Low>(_mm256_permute2x128_si256(low_0213, high_0213, 0x20),
                              _mm256_permute2x128_si256(low_4657, high_4657, 0x20),
                              _mm256_permute2x128_si256(low_0213, high_0213, 0x31),
                              _mm256_permute2x128_si256(low_4657, high_4657, 0x31),
                              _mm256_set1_epi32(1 << 10), v);
    const __m256i s01 = split_pairs(_mm256_packs_epi32(v[0], v[1])),
                  s23 = split_pairs(_mm256_packs_epi32(v[2], v[3]));
    const __m256i s45 = split_pairs(_mm256_packs_epi32(v[4], v[5])),
                  s67 = split_pairs(_mm256_packs_epi32(v[6], v[7]));
    const __m256i even_0123 = _mm256_unpacklo_epi64(s01, s23), odd_0123 = _mm256_unpackhi_epi64(s01, s23);
    const __m256i even_4567 = _mm256_unpacklo_epi64(s45, s67), odd_4567 = _mm256_unpackhi_epi64(s45, s67);
    inverse_dct_pass<18, Low>(_mm256_permute2x128_si256(even_0123, even_4567, 0x20),
                              _mm256_permute2x128_si256(even_0123, even_4567, 0x31),
                              _mm256_permute2x128_si256(odd_0123, odd_4567, 0x20),
                              _mm256_permute2x128_si256(odd_0123, odd_4567, 0x31),
                              _mm256_set1_epi32((1 << 17) + (128 << 18)), v);
    store_block(v, out, stride);
}
