// SPDX-License-Identifier: Apache-2.0
// Plain loops that the compiler vectorises, included once for each CPU level inside its anonymous namespace.
// Integers are added as unsigned ones, so that the coefficients of a hostile stream wrap instead of
// overflowing.

using U = std::uint32_t;
using S = std::int32_t;

// Table F.4.
constexpr float alpha = -1.586134342059924F, beta = -0.052980118572961F, gamma = 0.882911075530934F,
                delta = 0.443506852043971F, scale_low = 1.230174104914001F,
                scale_high = 1.0F / 1.230174104914001F;

struct Reversible {
    using Value = S;
    static S low(S value) noexcept { return value; }
    static S high(S value) noexcept { return value; }
    static S lone_high(S value) noexcept { return value >> 1; }
    static constexpr int steps = 2;
};

struct Irreversible {
    using Value = float;
    static float low(float value) noexcept { return value * scale_low; }
    static float high(float value) noexcept { return value * scale_high; }
    static float lone_high(float value) noexcept { return value * 0.5F; }
    static constexpr int steps = 4;
};

/// One lifting step on `count` samples whose neighbours are left[i] and right[i] (F-5, F-6).
template <int step>
void lift(S *__restrict target, const S *left, const S *right, Index count) noexcept {
    for (Index i = 0; i < count; ++i) {
        const U sum = static_cast<U>(left[i]) + static_cast<U>(right[i]);
        if constexpr (step == 0) {
            target[i] =
                static_cast<S>(static_cast<U>(target[i]) - static_cast<U>(static_cast<S>(sum + 2U) >> 2));
        } else {
            target[i] = static_cast<S>(static_cast<U>(target[i]) + static_cast<U>(static_cast<S>(sum) >> 1));
        }
    }
}

template <int step>
void lift(float *__restrict target, const float *left, const float *right, Index count) noexcept {
    constexpr float factor = step == 0 ? delta : step == 1 ? gamma : step == 2 ? beta : alpha;
    for (Index i = 0; i < count; ++i) {
        target[i] = target[i] - factor * (left[i] + right[i]);
    }
}

/// `even` and `odd` have one group of `group` samples to spare at either end, filled by symmetry (F.3.7)
/// before each step. Even steps change the low-pass samples, odd ones the high-pass samples.
template <class T>
void mirror(T *samples, Index count, Index group) noexcept {
    for (Index i = 0; i < group; ++i) {
        samples[i - group] = samples[i];
        samples[count * group + i] = samples[(count - 1) * group + i];
    }
}

template <class Filter, int step = 0>
void lift_all(typename Filter::Value *even, Index evens, typename Filter::Value *odd, Index odds,
              bool odd_start, Index group) noexcept {
    if constexpr (step < Filter::steps) {
        const Index start = odd_start ? group : 0;
        if constexpr (step % 2 == 0) {
            mirror(odd, odds, group);
            lift<step>(even, odd - group + start, odd + start, evens * group);
        } else {
            mirror(even, evens, group);
            lift<step>(odd, even - start, even + group - start, odds * group);
        }
        lift_all<Filter, step + 1>(even, evens, odd, odds, odd_start, group);
    }
}

template <class Filter>
void synthesise_row(typename Filter::Value *row, Index width, bool odd_start,
                    typename Filter::Value *scratch) noexcept {
    if (width == 1) {
        row[0] = odd_start ? Filter::lone_high(row[0]) : row[0];
        return;
    }
    const Index evens = odd_start ? width / 2 : (width + 1) / 2, odds = width - evens;
    typename Filter::Value *const even = scratch + 1, *const odd = even + evens + 2;
    for (Index i = 0; i < evens; ++i) {
        even[i] = Filter::low(row[i]);
    }
    for (Index i = 0; i < odds; ++i) {
        odd[i] = Filter::high(row[evens + i]);
    }
    lift_all<Filter>(even, evens, odd, odds, odd_start, 1);
    const typename Filter::Value *const first = odd_start ? odd : even, *const second =
                                                                            odd_start ? even : odd;
    for (Index i = 0; i < width / 2; ++i) {
        row[2 * i] = first[i];
        row[2 * i + 1] = second[i];
    }
    if (width % 2 != 0) {
        row[width - 1] = first[width / 2];
    }
}

template <class Filter>
void synthesise_columns(typename Filter::Value *first, Index stride, Index height, Index columns,
                        bool odd_start, typename Filter::Value *scratch) noexcept {
    using Value = typename Filter::Value;
    if (height == 1) {
        for (Index x = 0; x < columns && odd_start; ++x) {
            first[x] = Filter::lone_high(first[x]);
        }
        return;
    }
    const Index evens = odd_start ? height / 2 : (height + 1) / 2, odds = height - evens;
    Value *const even = scratch + strip_columns, *const odd = even + (evens + 2) * strip_columns;
    for (Index y = 0; y < evens; ++y) {
        for (Index x = 0; x < strip_columns; ++x) {
            even[y * strip_columns + x] = Filter::low(first[y * stride + x]);
        }
    }
    for (Index y = 0; y < odds; ++y) {
        for (Index x = 0; x < strip_columns; ++x) {
            odd[y * strip_columns + x] = Filter::high(first[(evens + y) * stride + x]);
        }
    }
    lift_all<Filter>(even, evens, odd, odds, odd_start, strip_columns);
    for (Index y = 0; y < height; ++y) {
        const bool is_odd = (y % 2 != 0) != odd_start;
        const Value *const source = (is_odd ? odd : even) + y / 2 * strip_columns;
        Value *const target = first + y * stride;
        if (columns == strip_columns) {
            for (Index x = 0; x < strip_columns; ++x) {
                target[x] = source[x];
            }
        } else {
            for (Index x = 0; x < columns; ++x) {
                target[x] = source[x];
            }
        }
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

void finish_integer(const S *source, S *target, Index count, SampleRange range) noexcept {
    if (!range.is_clamped) {
        for (Index i = 0; i < count; ++i) {
            target[i] = static_cast<S>(static_cast<U>(source[i]) + static_cast<U>(range.shift));
        }
        return;
    }
    const S least = range.least - range.shift, most = range.most - range.shift;
    for (Index i = 0; i < count; ++i) {
        const S low = source[i] > least ? source[i] : least;
        target[i] = (low < most ? low : most) + range.shift;
    }
}

/// Rounds half to even by the rounding of a sum with 1.5 x 2^23, exact below 2^22: clamped before.
void finish_real(const float *source, S *target, Index count, SampleRange range) noexcept {
    constexpr float magic = 12582912.0F;
    constexpr S exact = 1 << 22;
    const S least = range.least - range.shift, most = range.most - range.shift;
    const float low = static_cast<float>(least), high = static_cast<float>(most);
    if (most <= exact && least >= -exact) {
        for (Index i = 0; i < count; ++i) {
            const float raised = source[i] > low ? source[i] : low;
            const float value = raised < high ? raised : high;
            target[i] = static_cast<S>((value + magic) - magic) + range.shift;
        }
        return;
    }
    for (Index i = 0; i < count; ++i) {
        const double raised = source[i] > low ? static_cast<double>(source[i]) : least;
        const double value = raised < most ? raised : most;
        const S rounded = static_cast<S>(value < 0 ? value - 0.5 : value + 0.5);
        target[i] = static_cast<S>(static_cast<U>(rounded) + static_cast<U>(range.shift));
    }
}

constexpr WaveletKernels make_table(const char *name) noexcept {
    return {synthesise_row<Reversible>,
            synthesise_row<Irreversible>,
            synthesise_columns<Reversible>,
            synthesise_columns<Irreversible>,
            inverse_rct,
            inverse_ict,
            finish_integer,
            finish_real,
            name};
}
