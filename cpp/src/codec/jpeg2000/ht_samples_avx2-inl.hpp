// SPDX-License-Identifier: Apache-2.0
// Magnitudes and signs of HT quads, two quads at once: one in each half of a vector, its samples side by
// side.

RADPIX_MQ_INLINE __m256i load_vector(const void *from) noexcept {
    return _mm256_loadu_si256(static_cast<const __m256i *>(from));
}

RADPIX_MQ_INLINE void store_vector(void *to, __m256i value) noexcept {
    _mm256_storeu_si256(static_cast<__m256i *>(to), value);
}

/// The widths of 8 numbers below 2^31, from the exponents of floats. Their second highest bit is cleared, so
/// that none is rounded up to the next power of two.
RADPIX_MQ_INLINE __m256i bit_widths(__m256i values) noexcept {
    const __m256i rounded_down = _mm256_andnot_si256(_mm256_srli_epi32(values, 1), values);
    const __m256i exponents = _mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(rounded_down)), 23);
    return _mm256_max_epi32(_mm256_sub_epi32(exponents, _mm256_set1_epi32(126)), _mm256_setzero_si256());
}

/// Of 8 quads, the union of the four magnitudes above each; `above`: the upper left one of the first.
RADPIX_MQ_INLINE __m256i unions_above(const std::uint32_t *above) noexcept {
    const __m256i low = _mm256_or_si256(load_vector(above), load_vector(above + 2));
    const __m256i high = _mm256_or_si256(load_vector(above + 8), load_vector(above + 10));
    const __m256 a = _mm256_castsi256_ps(low), b = _mm256_castsi256_ps(high);
    const __m256i both = _mm256_or_si256(_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88)),
                                         _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xDD)));
    return _mm256_permute4x64_epi64(both, 0xD8);
}

RADPIX_MQ_INLINE __m256i bit_counts(__m256i nibbles) noexcept {
    const __m256i counts =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    return _mm256_shuffle_epi8(counts, nibbles);
}

RADPIX_MQ_INLINE unsigned largest(__m256i values) noexcept {
    __m128i most = _mm_max_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0x4E));
    most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0xB1));
    return static_cast<unsigned>(_mm_cvtsi128_si32(most));
}

RADPIX_MQ_INLINE unsigned measure_quads_in_vectors(const HtQuad *quads, Index across,
                                                   const HtRow &row) noexcept {
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1), nibble = _mm256_set1_epi32(15);
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i most = zero;
    for (Index x = 0; x < across; x += 8) {
        const __m256i quad = load_vector(quads + x);
        const __m256i significance = _mm256_and_si256(_mm256_srli_epi32(quad, 4), nibble);
        const __m256i known = _mm256_and_si256(_mm256_srli_epi32(quad, 8), nibble);
        const __m256i widths = bit_widths(unions_above(row.kept + 2 * x - 1));
        const __m256i kappa = _mm256_max_epi32(_mm256_sub_epi32(widths, one), one);
        const __m256i at_most_one =
            _mm256_cmpeq_epi32(_mm256_and_si256(significance, _mm256_sub_epi32(significance, one)), zero);
        const __m256i exponent =
            _mm256_add_epi32(_mm256_blendv_epi8(kappa, one, at_most_one), _mm256_srli_epi32(quad, 16));
        const __m256i counts =
            _mm256_sub_epi32(_mm256_mullo_epi32(exponent, bit_counts(significance)), bit_counts(known));
        store_vector(row.exponents + x, exponent);
        store_vector(row.counts + x, counts);
        const __m256i is_there = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(across - x)), lanes);
        const __m256i counted = _mm256_andnot_si256(_mm256_cmpeq_epi32(significance, zero), is_there);
        most = _mm256_max_epi32(most, _mm256_and_si256(exponent, counted));
    }
    return largest(most);
}

/// A sample's bits lie in four bytes, of which up to 7 bits are of those before it.
constexpr unsigned most_at_level = 25;

RADPIX_MQ_INLINE __m128i load_half(HtBits bits, std::size_t at) noexcept {
    const std::size_t byte = at >> 3U < bits.size ? at >> 3U : bits.size;
    return _mm_loadu_si128(reinterpret_cast<const __m128i *>(bits.bytes + byte));
}

/// Two numbers, one in each half of a vector, four times.
RADPIX_MQ_INLINE __m256i in_halves(const void *two) noexcept {
    const __m256i pairs = _mm256_broadcastq_epi64(_mm_loadl_epi64(static_cast<const __m128i *>(two)));
    const __m256i lanes = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    return _mm256_castps_si256(_mm256_permutevar_ps(_mm256_castsi256_ps(pairs), lanes));
}

/// Shifts that bring the four flags of a quad's entry, the first at `first_bit`, to the tops of its samples.
RADPIX_MQ_INLINE __m256i flag_shifts(int first_bit) noexcept {
    return _mm256_broadcastsi128_si256(
        _mm_setr_epi32(31 - first_bit, 30 - first_bit, 29 - first_bit, 28 - first_bit));
}

/// Samples from magnitudes, signs in the lowest bits of `values` and masks of those that are significant.
template <HtOutput output>
RADPIX_MQ_INLINE __m256i make_samples(__m256i magnitudes, __m256i values, __m256i significant,
                                      __m256 half_step) noexcept {
    const __m256i signs = _mm256_slli_epi32(values, 31);
    if constexpr (output == HtOutput::integer) {
        const __m256i halved = _mm256_and_si256(_mm256_srli_epi32(magnitudes, 1), significant);
        return _mm256_sign_epi32(halved, _mm256_or_si256(signs, _mm256_set1_epi32(1)));
    } else if constexpr (output == HtOutput::real) {
        const __m256i kept = _mm256_and_si256(magnitudes, significant);
        const __m256 sizes = _mm256_mul_ps(_mm256_cvtepi32_ps(kept), half_step);
        return _mm256_xor_si256(_mm256_castps_si256(sizes), _mm256_and_si256(signs, significant));
    } else {
        return _mm256_and_si256(_mm256_or_si256(magnitudes, signs), significant);
    }
}

template <HtOutput output>
RADPIX_MQ_INLINE std::size_t read_pairs_of_quads(HtBits bits, std::size_t at, const HtQuad *quads,
                                                 const HtSampleTask &task, std::uint32_t *top,
                                                 const HtRow &row) noexcept {
    const __m256i one = _mm256_set1_epi32(1), two = _mm256_set1_epi32(2), seven = _mm256_set1_epi32(7);
    const __m256i significance_shifts = flag_shifts(4), known_shifts = flag_shifts(8),
                  highest_shifts = flag_shifts(12);
    const __m256i lowest_bytes =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12));
    const __m256i byte_steps = _mm256_set1_epi32(0x03020100);
    const __m128i plane = _mm_cvtsi32_si128(task.plane);
    const __m256 half_step = _mm256_set1_ps(task.half_step);
    std::uint32_t *const bottom = top + task.stride;
    for (Index x = 0; x < task.across; x += 2) {
        const std::size_t second = at + row.counts[x];
        const __m256i entry = in_halves(quads + x);
        const __m256i exponent = in_halves(row.exponents + x);
        const __m256i stream =
            _mm256_inserti128_si256(_mm256_castsi128_si256(load_half(bits, at)), load_half(bits, second), 1);
        const __m256i significant = _mm256_srai_epi32(_mm256_sllv_epi32(entry, significance_shifts), 31);
        const __m256i known = _mm256_srli_epi32(_mm256_sllv_epi32(entry, known_shifts), 31);
        const __m256i highest = _mm256_srli_epi32(_mm256_sllv_epi32(entry, highest_shifts), 31);
        const __m256i count = _mm256_sub_epi32(_mm256_and_si256(exponent, significant), known);
        __m256i begin = _mm256_add_epi32(_mm256_slli_si256(count, 4), _mm256_slli_si256(count, 8));
        begin = _mm256_add_epi32(begin, _mm256_slli_si256(count, 12));
        const std::uint64_t bit_offsets = (at & 7U) | std::uint64_t{second & 7U} << 32U;
        begin = _mm256_add_epi32(begin, in_halves(&bit_offsets));
        const __m256i bytes =
            _mm256_add_epi32(_mm256_shuffle_epi8(_mm256_srli_epi32(begin, 3), lowest_bytes), byte_steps);
        const __m256i window =
            _mm256_srlv_epi32(_mm256_shuffle_epi8(stream, bytes), _mm256_and_si256(begin, seven));
        const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, count), one);
        const __m256i value =
            _mm256_or_si256(_mm256_and_si256(window, mask), _mm256_sllv_epi32(highest, count));
        const __m256i odd = _mm256_or_si256(value, one);
        const __m256i magnitude = _mm256_sll_epi32(_mm256_add_epi32(odd, two), plane);
        const __m256i sample = make_samples<output>(magnitude, value, significant, half_step);
        // From columns to rows: 0 2 1 3 in each quad, then the quads' upper samples before the lower ones.
        const __m256i rows = _mm256_permute4x64_epi64(_mm256_shuffle_epi32(sample, 0xD8), 0xD8);
        _mm_storeu_si128(reinterpret_cast<__m128i *>(top + 2 * x), _mm256_castsi256_si128(rows));
        _mm_storeu_si128(reinterpret_cast<__m128i *>(bottom + 2 * x), _mm256_extracti128_si256(rows, 1));
        const __m256i kept =
            _mm256_permute4x64_epi64(_mm256_shuffle_epi32(_mm256_and_si256(odd, significant), 0xD8), 0xD8);
        _mm_storeu_si128(reinterpret_cast<__m128i *>(row.kept + 2 * x), _mm256_extracti128_si256(kept, 1));
        at = second + row.counts[x + 1];
    }
    return at;
}
