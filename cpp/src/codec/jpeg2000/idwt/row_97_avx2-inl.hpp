// SPDX-License-Identifier: Apache-2.0
// All four lifting steps of the 9/7 filter along a row in one sweep, eight pairs of samples at once. The
// plain passes, one for each step, took a quarter of the time of a small HT frame, this takes an eighth.

/// The numbers of `now` one place up, behind the last one of `before`.
inline __m256 moved_up(__m256 before, __m256 now) noexcept {
    const __m256i across = _mm256_castps_si256(_mm256_permute2f128_ps(before, now, 0x21));
    return _mm256_castsi256_ps(_mm256_alignr_epi8(_mm256_castps_si256(now), across, 12));
}

template <int step>
inline __m256 lifted(__m256 target, __m256 left, __m256 right) noexcept {
    constexpr float factor = step == 0 ? delta : step == 1 ? gamma : step == 2 ? beta : alpha;
    return _mm256_sub_ps(target, _mm256_mul_ps(_mm256_set1_ps(factor), _mm256_add_ps(left, right)));
}

/// Samples to spare before and behind those of a band, as many as the sweep reads.
constexpr Index spare_before = 8, spare_behind = 12;

/// The ends of both bands, continued by symmetry (F.3.7), which every step preserves, so that they need no
/// care. Pair 0 is the first even sample and the odd one behind it, or, where the row starts with an odd
/// sample, that one and the even one that would lie before it.
void extend_bands(const float *low, const float *high, Index width, bool odd_start, float *even,
                  float *odd) noexcept {
    const Index start = odd_start ? 1 : 0, end = width + start; // counted from even sample 0
    const Index evens = (end + 1) / 2, odds = end / 2;
    for (Index i = 0; i < spare_before; ++i) {
        even[i - spare_before] = odd[i - spare_before] = 0;
    }
    for (Index i = 0; i < 3; ++i) {
        even[start + i] = low[i];
        odd[i] = high[i];
    }
    even[-1] = even[start + 1];
    even[0] = odd_start ? even[1] : even[0];
    odd[-1] = odd[start];
    odd[-2] = odd[start + 1];
    for (Index i = evens - spare_behind; i < evens; ++i) {
        even[i] = i < start ? even[i] : low[i - start];
    }
    for (Index i = odds - spare_behind; i < odds; ++i) {
        odd[i] = i < 0 ? odd[i] : high[i];
    }
    for (Index i = 0; i < spare_behind; ++i) { // about the last sample; no more than five are of influence
        even[evens + i] = i < 4 ? even[end - 1 - (evens + i)] : 0;
        odd[odds + i] = i < 4 ? odd[end - 2 - (odds + i)] : 0;
    }
}

/// What a step takes over from the one before.
struct Sweep97 {
    __m256 even_1, odd_1, even_2;
};

/// From pairs `even`[0], `odd`[0] on, the samples of eight pairs from two before on. `odd`[-1] is read too.
inline void sweep_eight_pairs(Sweep97 &sweep, const float *even, const float *odd, bool odd_start,
                              float *row) noexcept {
    const __m256 odd_0 = _mm256_loadu_ps(odd - 1);
    const __m256 even_1 = lifted<0>(_mm256_loadu_ps(even), odd_0, _mm256_loadu_ps(odd));
    const __m256 even_1_before = moved_up(sweep.even_1, even_1);
    const __m256 odd_1 = lifted<1>(odd_0, even_1_before, even_1);
    const __m256 odd_1_before = moved_up(sweep.odd_1, odd_1);
    const __m256 even_2 = lifted<2>(even_1_before, odd_1_before, odd_1);
    const __m256 even_2_before = moved_up(sweep.even_2, even_2);
    const __m256 odd_2 = lifted<3>(odd_1_before, even_2_before, even_2);
    sweep = {even_1, odd_1, even_2};
    const __m256 a = odd_start ? odd_2 : even_2_before, b = odd_start ? even_2 : odd_2;
    const __m256 lower = _mm256_unpacklo_ps(a, b), upper = _mm256_unpackhi_ps(a, b);
    _mm256_storeu_ps(row, _mm256_permute2f128_ps(lower, upper, 0x20));
    _mm256_storeu_ps(row + 8, _mm256_permute2f128_ps(lower, upper, 0x31));
}

void sweep_row_97(const float *low, const float *high, float *row, Index width, bool odd_start,
                  float *scratch) noexcept {
    constexpr Index narrow = 16;
    if (width < narrow) {
        return synthesise_row_97(low, high, row, width, odd_start, scratch);
    }
    const Index pairs = (width + 1) / 2, start = odd_start ? 1 : 0;
    float *const even = scratch + spare_before, *const odd = even + pairs + 1 + spare_behind + spare_before;
    extend_bands(low, high, width, odd_start, even, odd);
    const __m256 zero = _mm256_setzero_ps();
    Sweep97 sweep{zero, zero, zero};
    // For what the next step takes over; what it writes is overwritten.
    sweep_eight_pairs(sweep, even - 6, odd - 6, odd_start, row);
    Index first = 2;
    for (const Index inside = width / 2 - 8; first <= inside; first += 8) {
        sweep_eight_pairs(sweep, low + first - start, high + first, odd_start, row + 2 * (first - 2));
    }
    for (; first < pairs + 2; first += 8) {
        sweep_eight_pairs(sweep, even + first, odd + first, odd_start, row + 2 * (first - 2));
    }
}
