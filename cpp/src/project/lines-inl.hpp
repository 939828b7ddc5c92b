// SPDX-License-Identifier: Apache-2.0
// No guard: included once per CPU level, inside its region and anonymous namespace. Maxima and exact sums do
// not depend on the order; floating point sums are kept in the order of the axis.

template <class T>
struct Max {
    static T join(T a, T x) { return x > a || x != x ? x : a; } // a NaN stays
};

template <class T>
struct Min {
    static T join(T a, T x) { return x < a || x != x ? x : a; }
};

template <class T, class Sum>
struct Add {
    static Sum join(Sum a, T x) { return a + static_cast<Sum>(x); }
};

template <class T, class Sum, class Op>
inline void fold(const T *const *lines, Index count, Index n, Sum *__restrict sums) noexcept {
    if (count == fold_lines) {
        const T *a = lines[0], *b = lines[1], *c = lines[2], *d = lines[3];
        const T *e = lines[4], *f = lines[5], *g = lines[6], *h = lines[7];
        for (Index i = 0; i < n; ++i) {
            const Sum half = Op::join(Op::join(Op::join(Op::join(sums[i], a[i]), b[i]), c[i]), d[i]);
            sums[i] = Op::join(Op::join(Op::join(Op::join(half, e[i]), f[i]), g[i]), h[i]);
        }
        return;
    }
    for (Index j = 0; j < count; ++j) {
        const T *line = lines[j];
        for (Index i = 0; i < n; ++i) {
            sums[i] = Op::join(sums[i], line[i]);
        }
    }
}

/// For operations that may take the voxels of a row in any order. The partial results are so many that the
/// compiler makes vectors of the loop over them instead of unrolling it (float32: 4 times as fast as 16).
template <class T, class Sum, class Op>
inline void reduce_unordered(const T *row, Index row_stride, Index rows, Index n, Sum *sums) noexcept {
    constexpr bool is_sum = std::is_same_v<Op, Add<T, Sum>>;
    using Again = std::conditional_t<is_sum, Add<Sum, Sum>, Op>; // for two partial results
    constexpr Index lanes = sizeof(T) == 1 ? 64 : 32;
    for (Index r = 0; r < rows; ++r, row += row_stride) {
        Sum partial[lanes];
        const Index whole = n / lanes * lanes;
        Sum total = is_sum ? Sum(0) : static_cast<Sum>(row[0]);
        if (whole > 0) {
            for (Index i = 0; i < lanes; ++i) {
                partial[i] = static_cast<Sum>(row[i]);
            }
            for (Index at = lanes; at < whole; at += lanes) {
                for (Index i = 0; i < lanes; ++i) {
                    partial[i] = Op::join(partial[i], row[at + i]);
                }
            }
            for (Index half = lanes / 2; half > 0; half /= 2) {
                for (Index i = 0; i < half; ++i) {
                    partial[i] = Again::join(partial[i], partial[i + half]);
                }
            }
            total = partial[0];
        }
        for (Index i = whole; i < n; ++i) {
            total = Op::join(total, row[i]);
        }
        sums[r] = total;
    }
}

/// Floating point sums in order: eight rows at once, since one alone would wait for each addition.
template <class T>
inline void reduce_ordered(const T *row, Index row_stride, Index rows, Index n, double *sums) noexcept {
    constexpr Index together = 8;
    for (; rows >= together; rows -= together, row += together * row_stride, sums += together) {
        double partial[together] = {};
        for (Index i = 0; i < n; ++i) {
            for (Index r = 0; r < together; ++r) {
                partial[r] += static_cast<double>(row[r * row_stride + i]);
            }
        }
        for (Index r = 0; r < together; ++r) {
            sums[r] = partial[r];
        }
    }
    for (; rows > 0; --rows, row += row_stride, ++sums) {
        double total = 0.0;
        for (Index i = 0; i < n; ++i) {
            total += static_cast<double>(row[i]);
        }
        *sums = total;
    }
}

template <class T, class Sum>
inline void reduce_sum(const T *row, Index row_stride, Index rows, Index n, Sum *sums) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        reduce_ordered(row, row_stride, rows, n, sums);
    } else {
        reduce_unordered<T, Sum, Add<T, Sum>>(row, row_stride, rows, n, sums);
    }
}
