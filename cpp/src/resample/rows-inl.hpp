// SPDX-License-Identifier: Apache-2.0
// No guard: included once per CPU level, inside its region and anonymous namespace. Every level computes the
// same products and sums in the same order; the compiler turns the loops into the level's vectors.

/// Sums of wide filters are kept for this many columns at a time, in the first-level cache.
constexpr Index blend_block = 64;

/// The sum over taps for n <= blend_block columns from `at` on: the outermost pair first, the middle last, so
/// that a reversed window gives the same bits.
template <class T, class A>
inline void sum_of_pairs(const T *const *rows, const A *weights, Index taps, Index at, Index n, A *sums) {
    const T *first = rows[0] + at;
    const T *last = rows[taps - 1] + at;
    for (Index i = 0; i < n; ++i) {
        sums[i] = weights[0] * static_cast<A>(first[i]) + weights[taps - 1] * static_cast<A>(last[i]);
    }
    for (Index j = 1; j < taps / 2; ++j) {
        first = rows[j] + at;
        last = rows[taps - 1 - j] + at;
        for (Index i = 0; i < n; ++i) {
            sums[i] +=
                weights[j] * static_cast<A>(first[i]) + weights[taps - 1 - j] * static_cast<A>(last[i]);
        }
    }
    if (taps % 2 != 0) {
        const T *middle = rows[taps / 2] + at;
        for (Index i = 0; i < n; ++i) {
            sums[i] += weights[taps / 2] * static_cast<A>(middle[i]);
        }
    }
}

template <class T, class A>
inline void blend_in(const T *const *rows, const A *weights, Index taps, Index n,
                     A *__restrict out) noexcept {
    const T *a = rows[0];
    if (taps == 1) {
        for (Index i = 0; i < n; ++i) {
            out[i] = static_cast<A>(a[i]);
        }
    } else if (taps == 2) {
        const T *b = rows[1];
        const A w0 = weights[0];
        const A w1 = weights[1];
        for (Index i = 0; i < n; ++i) {
            out[i] = w0 * static_cast<A>(a[i]) + w1 * static_cast<A>(b[i]);
        }
    } else {
        for (Index at = 0; at < n; at += blend_block) {
            const Index count = n - at < blend_block ? n - at : blend_block;
            sum_of_pairs(rows, weights, taps, at, count, out + at);
        }
    }
}

/// A sum as a voxel. Adding and subtracting 1.5 * 2^23 (2^52) rounds to an integer, half to even; unlike
/// nearbyint it needs nothing beyond SSE2 and becomes vector code.
template <class T, class A>
inline T to_voxel(A sum) {
    if constexpr (std::is_floating_point_v<T>) {
        return sum != sum ? std::numeric_limits<T>::quiet_NaN()
                          : static_cast<T>(sum); // one NaN on every path
    } else {
        using Wide = std::conditional_t<sizeof(T) == 4, std::int64_t, std::int32_t>;
        constexpr A rounder = sizeof(A) == 4 ? A(12582912.0) : A(6755399441055744.0);
        constexpr A low = static_cast<A>(std::numeric_limits<T>::min());
        constexpr A high = static_cast<A>(std::numeric_limits<T>::max());
        A bounded = sum < low ? low : sum;
        bounded = bounded > high ? high : bounded;
        return static_cast<T>(static_cast<Wide>((bounded + rounder) - rounder));
    }
}

template <class T, class A>
inline void blend_out(const A *const *rows, const A *weights, Index taps, Index n,
                      T *__restrict out) noexcept {
    const A *a = rows[0];
    if (taps == 1) {
        for (Index i = 0; i < n; ++i) {
            out[i] = to_voxel<T, A>(a[i]);
        }
    } else if (taps == 2) {
        const A *b = rows[1];
        const A w0 = weights[0];
        const A w1 = weights[1];
        for (Index i = 0; i < n; ++i) {
            out[i] = to_voxel<T, A>(w0 * a[i] + w1 * b[i]);
        }
    } else {
        A sums[blend_block];
        for (Index at = 0; at < n; at += blend_block) {
            const Index count = n - at < blend_block ? n - at : blend_block;
            sum_of_pairs(rows, weights, taps, at, count, sums);
            for (Index i = 0; i < count; ++i) {
                out[at + i] = to_voxel<T, A>(sums[i]);
            }
        }
    }
}

/// One output of the x pass; `weights` belongs to its first tap, those of the next taps follow at `stride`.
template <class A>
inline A sum_of_window(const A *window, const A *weights, Index taps, Index stride) {
    if (taps == 1) {
        return window[0];
    }
    A sum = weights[0] * window[0] + weights[(taps - 1) * stride] * window[taps - 1];
    for (Index j = 1; j < taps / 2; ++j) {
        sum += weights[j * stride] * window[j] + weights[(taps - 1 - j) * stride] * window[taps - 1 - j];
    }
    if (taps > 2 && taps % 2 != 0) {
        sum += weights[taps / 2 * stride] * window[taps / 2];
    }
    return sum;
}

template <class A>
inline void columns(const A *row, std::int32_t column, const ColumnPlan<A> &plan, Index group, Index groups,
                    A *__restrict out) noexcept {
    const Index stride = plan.groups * group_size;
    const Index first = group * group_size;
    for (Index i = 0; i < groups * group_size; ++i) {
        out[i] = sum_of_window(row + (plan.start[first + i] - column), plan.weights + first + i, plan.taps,
                               stride);
    }
}

template <class U>
inline void pick(const U *row, const std::int32_t *index, Index n, U *__restrict out) noexcept {
    for (Index i = 0; i < n; ++i) {
        out[i] = row[index[i]];
    }
}

/// Bit 0: whether any of n voxels is absent, bit 1: whether all are.
template <class T>
inline unsigned absent_in_some(const T *voxels, Index n, T value, bool is_nan) {
    Index count = 0;
    for (Index i = 0; i < n; ++i) {
        count += (is_nan ? voxels[i] != voxels[i] : voxels[i] == value) ? 1 : 0;
    }
    return (count > 0 ? 1U : 0U) | (count == n ? 2U : 0U);
}

/// Blocks that are looked at together first: most have no absent voxels, or no others.
constexpr Index absent_blocks = 8;

/// `in_block` and `in_blocks`: the same for absent_block voxels, and for absent_blocks times as many.
template <class T, unsigned (*in_block)(const T *, T, bool), unsigned (*in_blocks)(const T *, T, bool)>
inline void mark_row(const T *row, Index n, T value, bool is_nan, std::uint64_t *any,
                     std::uint64_t *all) noexcept {
    constexpr Index columns = 64 * absent_block; // of a word
    constexpr Index together = absent_blocks * absent_block;
    for (Index from = 0; from < n; from += columns, row += columns, ++any, ++all) {
        const Index count = n - from < columns ? n - from : columns;
        std::uint64_t some = 0, every = 0;
        for (Index x = 0; x < count; x += absent_block) {
            const Index b = x / absent_block;
            if (x % together == 0 && count - x >= together) {
                const unsigned found = in_blocks(row + x, value, is_nan);
                if (found != 1U) {
                    const std::uint64_t bits = found == 0U ? 0 : (std::uint64_t{1} << absent_blocks) - 1;
                    some |= bits << b;
                    every |= bits << b;
                    x += together - absent_block;
                    continue;
                }
            }
            const unsigned found = count - x < absent_block
                                       ? absent_in_some(row + x, count - x, value, is_nan)
                                       : in_block(row + x, value, is_nan);
            some |= static_cast<std::uint64_t>(found & 1U) << b;
            every |= static_cast<std::uint64_t>(found >> 1U) << b;
        }
        *any = some;
        *all = every;
    }
}

template <class T, class A>
inline void split(const T *row, Index n, T value, bool is_nan, A *__restrict values,
                  A *__restrict missing) noexcept {
    for (Index x = 0; x < n; ++x) {
        const T voxel = row[x];
        const bool gone = is_nan ? voxel != voxel : voxel == value;
        values[x] = gone ? A(0) : static_cast<A>(voxel);
        missing[x] = gone ? A(1) : A(0);
    }
}

template <class T, class A>
inline void merge(const A *values, const A *missing, const std::uint8_t *touched, Index n, T value,
                  T *__restrict out) noexcept {
    for (Index x = 0; x < n; ++x) {
        const T before = out[x];
        const bool is_gone = missing[x] > A(0.5);
        // Also where it is not taken, a mean is a number: converting NaN to an integer is undefined.
        const T mean = to_voxel<T, A>(values[x] / (is_gone ? A(1) : A(1) - missing[x]));
        const T after = is_gone ? value : mean;
        // A NaN may have come from an absent voxel of weight 0.
        const bool changes = missing[x] != A(0) || before != before;
        out[x] = changes ? after : before;
        if (touched != nullptr) {
            out[x] = touched[x] != 0 ? after : out[x];
        }
    }
}
