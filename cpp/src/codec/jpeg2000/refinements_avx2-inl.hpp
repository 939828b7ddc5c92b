// SPDX-License-Identifier: Apache-2.0
// The list of a refinement pass, a column of four rows at once.

/// Byte positions that move the 16-bit entries of these rows to the front; 8 bytes for each pattern.
alignas(16) constexpr std::uint8_t front_of_rows[16][8] = {
    {0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7}, {2, 3, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7},
    {4, 5, 2, 3, 4, 5, 6, 7}, {0, 1, 4, 5, 4, 5, 6, 7}, {2, 3, 4, 5, 4, 5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7},
    {6, 7, 2, 3, 4, 5, 6, 7}, {0, 1, 6, 7, 4, 5, 6, 7}, {2, 3, 6, 7, 4, 5, 6, 7}, {0, 1, 2, 3, 6, 7, 6, 7},
    {4, 5, 6, 7, 4, 5, 6, 7}, {0, 1, 4, 5, 6, 7, 6, 7}, {2, 3, 4, 5, 6, 7, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7}};

RADPIX_MQ_INLINE std::uint16_t *list_refinements_in_vectors(Flags *first, Index width,
                                                            std::uint16_t *last) noexcept {
    const __m128i neighbours = _mm_setr_epi32(0x1EF, 0x1EF << 3, 0x1EF << 6, 0x1EF << 9);
    const __m128i refined = _mm_setr_epi32(1 << 28, 1 << 29, 1 << 30, static_cast<int>(1U << 31U));
    const __m128i zero = _mm_setzero_si128(), two = _mm_set1_epi32(2), all = _mm_set1_epi32(-1);
    __m128i position = _mm_setr_epi32(0, 1, 2, 3);
    for (Index x = 0; x < width; ++x, position = _mm_add_epi32(position, _mm_set1_epi32(4))) {
        const Flags flags = first[x];
        const unsigned members = refined_rows(flags);
        if (members == 0) {
            continue;
        }
        const __m128i column = _mm_set1_epi32(static_cast<int>(flags));
        const __m128i alone = _mm_cmpeq_epi32(_mm_and_si128(column, neighbours), zero);
        const __m128i is_first = _mm_cmpeq_epi32(_mm_and_si128(column, refined), zero);
        // 2 after the first refinement; before, 1 with and 0 without significant neighbours (table D.4).
        const __m128i context = _mm_add_epi32(two, _mm_and_si128(is_first, _mm_add_epi32(alone, all)));
        const __m128i entries =
            _mm_or_si128(position, _mm_slli_epi32(context, static_cast<int>(refinement_context_shift)));
        const __m128i front = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(front_of_rows[members]));
        _mm_storel_epi64(reinterpret_cast<__m128i *>(last),
                         _mm_shuffle_epi8(_mm_packus_epi32(entries, zero), front));
        last += _mm_popcnt_u32(members);
        first[x] = flags | members << 28U;
    }
    return last;
}
