// SPDX-License-Identifier: Apache-2.0
// Plain loops that the compiler vectorises, included once for each CPU level inside its anonymous namespace.
// Integers are added as unsigned ones, so that the coefficients of a hostile stream wrap instead of
// overflowing.

using U = std::uint32_t;
using S = std::int32_t;

// Table F.4; K is part of the quantization steps.
constexpr float alpha = -1.586134342059924F, beta = -0.052980118572961F, gamma = 0.882911075530934F,
                delta = 0.443506852043971F;

/// The lifting steps for one sample whose neighbours are `left` and `right` (F-5, F-6).
template <int step>
inline S lifted(S target, S left, S right) noexcept {
    const U sum = static_cast<U>(left) + static_cast<U>(right);
    if constexpr (step == 0) {
        return static_cast<S>(static_cast<U>(target) - static_cast<U>(static_cast<S>(sum + 2U) >> 2));
    } else {
        return static_cast<S>(static_cast<U>(target) + static_cast<U>(static_cast<S>(sum) >> 1));
    }
}

template <int step>
inline float lifted(float target, float left, float right) noexcept {
    constexpr float factor = step == 0 ? delta : step == 1 ? gamma : step == 2 ? beta : alpha;
    return target - factor * (left + right);
}

template <int step, class T>
void lift(T *__restrict target, const T *left, const T *right, Index count) noexcept {
    for (Index i = 0; i < count; ++i) {
        target[i] = lifted<step>(target[i], left[i], right[i]);
    }
}

void lift_rows_53(const S *__restrict even, S *__restrict odd, S *__restrict new_even,
                  const S *__restrict new_odd, Index count) noexcept {
    for (Index i = 0; i < count; ++i) {
        const S lower = lifted<0>(new_even[i], odd[i], new_odd[i]);
        new_even[i] = lower;
        odd[i] = lifted<1>(odd[i], even[i], lower);
    }
}

void lift_rows_97(const float *__restrict row_0, float *__restrict row_1, float *__restrict row_2,
                  float *__restrict row_3, float *__restrict row_4, const float *__restrict row_5,
                  Index count) noexcept {
    for (Index i = 0; i < count; ++i) {
        const float even = lifted<0>(row_4[i], row_3[i], row_5[i]);
        const float odd = lifted<1>(row_3[i], row_2[i], even);
        const float upper = lifted<2>(row_2[i], row_1[i], odd);
        row_4[i] = even;
        row_3[i] = odd;
        row_2[i] = upper;
        row_1[i] = lifted<3>(row_1[i], row_0[i], upper);
    }
}

/// `even` and `odd` have one sample to spare at either end, filled by symmetry (F.3.7) before each step. Even
/// steps change the low-pass samples, odd ones the high-pass samples.
void mirror(float *samples, Index count) noexcept {
    samples[-1] = samples[0];
    samples[count] = samples[count - 1];
}

template <int step = 0>
void lift_all(float *even, Index evens, float *odd, Index odds, bool odd_start) noexcept {
    if constexpr (step < 4) {
        const Index start = odd_start ? 1 : 0;
        if constexpr (step % 2 == 0) {
            mirror(odd, odds);
            lift<step>(even, odd - 1 + start, odd + start, evens);
        } else {
            mirror(even, evens);
            lift<step>(odd, even - start, even + 1 - start, odds);
        }
        lift_all<step + 1>(even, evens, odd, odds, odd_start);
    }
}

void interleave(const float *first, const float *second, float *row, Index width) noexcept {
    for (Index i = 0; i < width / 2; ++i) {
        row[2 * i] = first[i];
        row[2 * i + 1] = second[i];
    }
    if (width % 2 != 0) {
        row[width - 1] = first[width / 2];
    }
}

void synthesise_row_97(const float *low, const float *high, float *row, Index width, bool odd_start,
                       float *scratch) noexcept {
    if (width == 1) {
        row[0] = odd_start ? high[0] : low[0];
        return;
    }
    const Index evens = odd_start ? width / 2 : (width + 1) / 2, odds = width - evens;
    float *const even = scratch + 1, *const odd = even + evens + 2;
    for (Index i = 0; i < evens; ++i) {
        even[i] = low[i];
    }
    for (Index i = 0; i < odds; ++i) {
        odd[i] = high[i];
    }
    lift_all(even, evens, odd, odds, odd_start);
    if (odd_start) {
        interleave(odd, even, row, width);
    } else {
        interleave(even, odd, row, width);
    }
}

/// The 5/3 filter's first step. Even sample i lies between the odd ones i - first and i - first + 1.
void lift_evens_53(const S *__restrict low, const S *__restrict high, S *__restrict even, Index evens,
                   Index odds, Index first) noexcept {
    even[0] = lifted<0>(low[0], high[0], high[first == 0 && odds > 1 ? 1 : 0]);
    for (Index i = 1; i < evens - 1; ++i) {
        even[i] = lifted<0>(low[i], high[i - first], high[i - first + 1]);
    }
    if (evens > 1) {
        const Index left = evens - 1 - first;
        even[evens - 1] = lifted<0>(low[evens - 1], high[left], high[left + 1 < odds ? left + 1 : left]);
    }
}

/// Its second step, odd samples straight beside even ones: odd 0, even 0, odd 1, ...
void lift_odds_first_53(const S *__restrict even, const S *__restrict high, S *__restrict row,
                        Index width) noexcept {
    const Index pairs = width / 2 - 1;
    row[0] = lifted<1>(high[0], even[0], even[0]);
    for (Index i = 0; i < pairs; ++i) {
        row[2 * i + 1] = even[i];
        row[2 * i + 2] = lifted<1>(high[i + 1], even[i], even[i + 1]);
    }
    row[2 * pairs + 1] = even[pairs];
    if (width % 2 != 0) {
        row[width - 1] = lifted<1>(high[pairs + 1], even[pairs], even[pairs]);
    }
}

/// Or even 0, odd 0, even 1, ...
void lift_odds_second_53(const S *__restrict even, const S *__restrict high, S *__restrict row,
                         Index width) noexcept {
    const Index pairs = width / 2 - 1;
    for (Index i = 0; i < pairs; ++i) {
        row[2 * i] = even[i];
        row[2 * i + 1] = lifted<1>(high[i], even[i], even[i + 1]);
    }
    row[2 * pairs] = even[pairs];
    row[2 * pairs + 1] = lifted<1>(high[pairs], even[pairs], even[width % 2 != 0 ? pairs + 1 : pairs]);
    if (width % 2 != 0) {
        row[width - 1] = even[pairs + 1];
    }
}

void synthesise_row_53(const S *low, const S *high, S *row, Index width, bool odd_start,
                       S *scratch) noexcept {
    if (width == 1) {
        row[0] = odd_start ? high[0] >> 1 : low[0];
        return;
    }
    const Index evens = odd_start ? width / 2 : (width + 1) / 2;
    lift_evens_53(low, high, scratch, evens, width - evens, odd_start ? 0 : 1);
    if (odd_start) {
        lift_odds_first_53(scratch, high, row, width);
    } else {
        lift_odds_second_53(scratch, high, row, width);
    }
}

void inverse_rct(S *y_to_r, S *u_to_g, S *v_to_b, Index count) noexcept {
    for (Index i = 0; i < count; ++i) {
        const U u = static_cast<U>(u_to_g[i]), v = static_cast<U>(v_to_b[i]);
        const U green = static_cast<U>(y_to_r[i]) - static_cast<U>(static_cast<S>(u + v) >> 2); // G-6
        y_to_r[i] = static_cast<S>(v + green);
        u_to_g[i] = static_cast<S>(green);
        v_to_b[i] = static_cast<S>(u + green);
    }
}

void inverse_ict(float *y_to_r, float *cb_to_g, float *cr_to_b, Index count) noexcept {
    for (Index i = 0; i < count; ++i) { // G-12 to G-14
        const float y = y_to_r[i], cb = cb_to_g[i], cr = cr_to_b[i];
        y_to_r[i] = y + 1.402F * cr;
        cb_to_g[i] = y - 0.344136F * cb - 0.714136F * cr;
        cr_to_b[i] = y + 1.772F * cb;
    }
}

/// A clamped sample without the level shift.
inline S clamped(S value, S least, S most) noexcept {
    const S low = value > least ? value : least;
    return low < most ? low : most;
}

template <class T>
void finish_integer(const S *__restrict source, T *__restrict target, Index count,
                    SampleRange range) noexcept {
    if (!range.is_clamped) {
        for (Index i = 0; i < count; ++i) {
            target[i] = static_cast<T>(static_cast<U>(source[i]) + static_cast<U>(range.shift));
        }
        return;
    }
    const S least = range.least - range.shift, most = range.most - range.shift;
    for (Index i = 0; i < count; ++i) {
        target[i] = static_cast<T>(clamped(source[i], least, most) + range.shift);
    }
}

void finish_rct_bytes(const S *__restrict y, const S *__restrict u, const S *__restrict v,
                      std::uint8_t *__restrict red, std::uint8_t *__restrict green,
                      std::uint8_t *__restrict blue, Index count, SampleRange range) noexcept {
    const S least = range.least - range.shift, most = range.most - range.shift, shift = range.shift;
    for (Index i = 0; i < count; ++i) {
        const U sum = static_cast<U>(u[i]) + static_cast<U>(v[i]);
        const U g = static_cast<U>(y[i]) - static_cast<U>(static_cast<S>(sum) >> 2);
        const S r = static_cast<S>(static_cast<U>(v[i]) + g), b = static_cast<S>(static_cast<U>(u[i]) + g);
        red[i] = static_cast<std::uint8_t>(clamped(r, least, most) + shift);
        green[i] = static_cast<std::uint8_t>(clamped(static_cast<S>(g), least, most) + shift);
        blue[i] = static_cast<std::uint8_t>(clamped(b, least, most) + shift);
    }
}

/// Clamps, then rounds half to even by the rounding of a sum with 1.5 x 2^23, exact below 2^22.
inline S rounded(float value, float least, float most) noexcept {
    constexpr float magic = 12582912.0F;
    const float raised = value > least ? value : least;
    const float clamped_value = raised < most ? raised : most;
    return static_cast<S>((clamped_value + magic) - magic);
}

void finish_ict_bytes(const float *__restrict y, const float *__restrict cb, const float *__restrict cr,
                      std::uint8_t *__restrict red, std::uint8_t *__restrict green,
                      std::uint8_t *__restrict blue, Index count, SampleRange range) noexcept {
    const float least = static_cast<float>(range.least - range.shift);
    const float most = static_cast<float>(range.most - range.shift);
    for (Index i = 0; i < count; ++i) {
        const float r = y[i] + 1.402F * cr[i], g = y[i] - 0.344136F * cb[i] - 0.714136F * cr[i],
                    b = y[i] + 1.772F * cb[i];
        red[i] = static_cast<std::uint8_t>(rounded(r, least, most) + range.shift);
        green[i] = static_cast<std::uint8_t>(rounded(g, least, most) + range.shift);
        blue[i] = static_cast<std::uint8_t>(rounded(b, least, most) + range.shift);
    }
}

template <class T>
void finish_real(const float *__restrict source, T *__restrict target, Index count,
                 SampleRange range) noexcept {
    constexpr S exact = 1 << 22;
    const S least = range.least - range.shift, most = range.most - range.shift;
    const float low = static_cast<float>(least), high = static_cast<float>(most);
    if (most <= exact && least >= -exact) {
        for (Index i = 0; i < count; ++i) {
            target[i] = static_cast<T>(rounded(source[i], low, high) + range.shift);
        }
        return;
    }
    for (Index i = 0; i < count; ++i) {
        const double raised = source[i] > low ? static_cast<double>(source[i]) : least;
        const double value = raised < most ? raised : most;
        const S nearest = static_cast<S>(value < 0 ? value - 0.5 : value + 0.5);
        target[i] = static_cast<T>(static_cast<U>(nearest) + static_cast<U>(range.shift));
    }
}

constexpr WaveletKernels make_table(const char *name, decltype(WaveletKernels::row_97) row_97) noexcept {
    return {synthesise_row_53,
            row_97,
            {lift<0, S>, lift<1, S>},
            {lift<0, float>, lift<1, float>, lift<2, float>, lift<3, float>},
            lift_rows_53,
            lift_rows_97,
            inverse_rct,
            inverse_ict,
            {finish_integer<S>, finish_integer<std::uint16_t>, finish_integer<std::uint8_t>},
            {finish_real<S>, finish_real<std::uint16_t>, finish_real<std::uint8_t>},
            finish_rct_bytes,
            finish_ict_bytes,
            name};
}
