// SPDX-License-Identifier: Apache-2.0
// No guard: included once per CPU level, behind lines-inl.hpp. Values and what is seen of them go in two
// loops: the compiler makes better vector code of each than of both together.

template <class T>
inline bool is_absent(T voxel, T value, bool is_nan) {
    if constexpr (std::is_floating_point_v<T>) {
        return is_nan ? voxel != voxel : voxel == value;
    } else {
        static_cast<void>(is_nan);
        return voxel == value;
    }
}

template <class T, class Op>
constexpr T weakest_of() {
    using Limits = std::numeric_limits<T>;
    constexpr T low = Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::lowest();
    constexpr T high = Limits::has_infinity ? Limits::infinity() : Limits::max();
    return std::is_same_v<Op, Max<T>> ? low : high;
}

/// The voxel, or what never wins where it is absent.
template <class T, class Op>
inline T candidate_of(T voxel, T value, bool is_nan) {
    return is_absent(voxel, value, is_nan) ? weakest_of<T, Op>() : voxel;
}

template <class T>
inline T seen_at(T before, T voxel, T value, bool is_nan) {
    return is_absent(voxel, value, is_nan) ? before : T(1);
}

template <class T, class Op>
inline void fold_extreme(const T *const *lines, Index count, Index n, T value, bool is_nan,
                         T *__restrict found, T *__restrict seen) noexcept {
    if (count == fold_lines) {
        const T *a = lines[0], *b = lines[1], *c = lines[2], *d = lines[3];
        const T *e = lines[4], *f = lines[5], *g = lines[6], *h = lines[7];
        for (Index i = 0; i < n; ++i) {
            T best = Op::join(found[i], candidate_of<T, Op>(a[i], value, is_nan));
            best = Op::join(best, candidate_of<T, Op>(b[i], value, is_nan));
            best = Op::join(best, candidate_of<T, Op>(c[i], value, is_nan));
            best = Op::join(best, candidate_of<T, Op>(d[i], value, is_nan));
            best = Op::join(best, candidate_of<T, Op>(e[i], value, is_nan));
            best = Op::join(best, candidate_of<T, Op>(f[i], value, is_nan));
            best = Op::join(best, candidate_of<T, Op>(g[i], value, is_nan));
            found[i] = Op::join(best, candidate_of<T, Op>(h[i], value, is_nan));
        }
        for (Index i = 0; i < n; ++i) {
            T any = seen_at(seen[i], a[i], value, is_nan);
            any = seen_at(seen_at(any, b[i], value, is_nan), c[i], value, is_nan);
            any = seen_at(seen_at(any, d[i], value, is_nan), e[i], value, is_nan);
            any = seen_at(seen_at(any, f[i], value, is_nan), g[i], value, is_nan);
            seen[i] = seen_at(any, h[i], value, is_nan);
        }
        return;
    }
    for (Index j = 0; j < count; ++j) {
        const T *line = lines[j];
        for (Index i = 0; i < n; ++i) {
            found[i] = Op::join(found[i], candidate_of<T, Op>(line[i], value, is_nan));
        }
        for (Index i = 0; i < n; ++i) {
            seen[i] = seen_at(seen[i], line[i], value, is_nan);
        }
    }
}

template <class T, class Op>
inline void reduce_extreme(const T *row, Index row_stride, Index rows, Index n, T value, bool is_nan,
                           T *found, T *seen) noexcept {
    constexpr Index lanes = sizeof(T) == 1 ? 64 : 32;
    for (Index r = 0; r < rows; ++r, row += row_stride) {
        T best[lanes], any[lanes];
        for (Index i = 0; i < lanes; ++i) {
            best[i] = weakest_of<T, Op>();
            any[i] = T(0);
        }
        const Index whole = n / lanes * lanes;
        for (Index at = 0; at < whole; at += lanes) {
            for (Index i = 0; i < lanes; ++i) {
                best[i] = Op::join(best[i], candidate_of<T, Op>(row[at + i], value, is_nan));
            }
        }
        for (Index at = 0; at < whole; at += lanes) {
            for (Index i = 0; i < lanes; ++i) {
                any[i] = seen_at(any[i], row[at + i], value, is_nan);
            }
        }
        T total = weakest_of<T, Op>(), some = T(0);
        for (Index i = 0; i < lanes; ++i) {
            total = Op::join(total, best[i]);
            some = any[i] != T(0) ? T(1) : some;
        }
        for (Index i = whole; i < n; ++i) {
            total = Op::join(total, candidate_of<T, Op>(row[i], value, is_nan));
            some = seen_at(some, row[i], value, is_nan);
        }
        found[r] = total;
        seen[r] = some;
    }
}

template <class T>
inline double addend_of(T voxel, T value, bool is_nan) {
    return static_cast<double>(is_absent(voxel, value, is_nan) ? T(0) : voxel);
}

/// 1 for an absent voxel: in the voxels' type, of which vectors hold most. A comparison is that already, with
/// the other sign; for the present ones it would have to be inverted.
template <class T>
inline T one_if_absent(T voxel, T value, bool is_nan) {
    return is_absent(voxel, value, is_nan) ? T(1) : T(0);
}

template <class T>
inline void count_present(const T *const *lines, Index count, Index n, T value, bool is_nan,
                          Counts *__restrict seen) noexcept {
    if (count == fold_lines) {
        const T *a = lines[0], *b = lines[1], *c = lines[2], *d = lines[3];
        const T *e = lines[4], *f = lines[5], *g = lines[6], *h = lines[7];
        for (Index i = 0; i < n; ++i) {
            T more = one_if_absent(a[i], value, is_nan);
            more = static_cast<T>(more + one_if_absent(b[i], value, is_nan));
            more = static_cast<T>(more + one_if_absent(c[i], value, is_nan));
            more = static_cast<T>(more + one_if_absent(d[i], value, is_nan));
            more = static_cast<T>(more + one_if_absent(e[i], value, is_nan));
            more = static_cast<T>(more + one_if_absent(f[i], value, is_nan));
            more = static_cast<T>(more + one_if_absent(g[i], value, is_nan));
            more = static_cast<T>(more + one_if_absent(h[i], value, is_nan));
            seen[i] += static_cast<Counts>(fold_lines) - static_cast<Counts>(more);
        }
        return;
    }
    for (Index j = 0; j < count; ++j) {
        const T *line = lines[j];
        for (Index i = 0; i < n; ++i) {
            seen[i] += 1 - static_cast<Counts>(one_if_absent(line[i], value, is_nan));
        }
    }
}

/// Floating point sums of the present voxels in order.
template <class T>
inline void add_present(const T *const *lines, Index count, Index n, T value, bool is_nan,
                        double *__restrict sums) noexcept {
    if (count == fold_lines) {
        const T *a = lines[0], *b = lines[1], *c = lines[2], *d = lines[3];
        const T *e = lines[4], *f = lines[5], *g = lines[6], *h = lines[7];
        for (Index i = 0; i < n; ++i) {
            double sum = sums[i] + addend_of(a[i], value, is_nan);
            sum += addend_of(b[i], value, is_nan);
            sum += addend_of(c[i], value, is_nan);
            sum += addend_of(d[i], value, is_nan);
            sum += addend_of(e[i], value, is_nan);
            sum += addend_of(f[i], value, is_nan);
            sum += addend_of(g[i], value, is_nan);
            sums[i] = sum + addend_of(h[i], value, is_nan);
        }
        return;
    }
    for (Index j = 0; j < count; ++j) {
        const T *line = lines[j];
        for (Index i = 0; i < n; ++i) {
            sums[i] += addend_of(line[i], value, is_nan);
        }
    }
}

template <class T, class Sum>
inline void fold_present(const T *const *lines, Index count, Index n, T value, bool is_nan, Sum *sums,
                         Counts *seen) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        add_present(lines, count, n, value, is_nan, sums);
    } else {
        fold<T, Sum, Add<T, Sum>>(lines, count, n, sums);
    }
    count_present(lines, count, n, value, is_nan, seen);
}

template <class T>
inline Counts present_in(const T *row, Index n, T value, bool is_nan) {
    constexpr Index lanes = sizeof(T) == 1 ? 64 : 32;
    constexpr Index together = 64 * lanes; // counts of up to 64 fit every type
    Counts total = 0;
    Index at = 0;
    while (n - at >= lanes) {
        T partial[lanes];
        for (Index i = 0; i < lanes; ++i) {
            partial[i] = T(0);
        }
        const Index whole = (n - at < together ? n - at : together) / lanes * lanes;
        for (const Index end = at + whole; at < end; at += lanes) {
            for (Index i = 0; i < lanes; ++i) {
                partial[i] = static_cast<T>(partial[i] + one_if_absent(row[at + i], value, is_nan));
            }
        }
        for (Index i = 0; i < lanes; ++i) {
            total += static_cast<Counts>(partial[i]);
        }
    }
    for (; at < n; ++at) {
        total += static_cast<Counts>(one_if_absent(row[at], value, is_nan));
    }
    return static_cast<Counts>(n) - total;
}

/// Floating point sums in order: eight rows at once, since one alone would wait for each addition.
template <class T, Index together>
inline void sums_in_order(const T *row, Index row_stride, Index n, T value, bool is_nan, double *sums) {
    double partial[together] = {};
    for (Index i = 0; i < n; ++i) {
        for (Index r = 0; r < together; ++r) {
            partial[r] += addend_of(row[r * row_stride + i], value, is_nan);
        }
    }
    for (Index r = 0; r < together; ++r) {
        sums[r] = partial[r];
    }
}

template <class T, class Sum>
inline void reduce_present(const T *row, Index row_stride, Index rows, Index n, T value, bool is_nan,
                           Sum *sums, Counts *seen) noexcept {
    for (Index r = 0; r < rows; ++r) {
        seen[r] = present_in(row + r * row_stride, n, value, is_nan);
    }
    if constexpr (std::is_floating_point_v<T>) {
        constexpr Index together = 8;
        for (; rows >= together; rows -= together, row += together * row_stride, sums += together) {
            sums_in_order<T, together>(row, row_stride, n, value, is_nan, sums);
        }
        for (; rows > 0; --rows, row += row_stride, ++sums) {
            sums_in_order<T, 1>(row, row_stride, n, value, is_nan, sums);
        }
    } else {
        reduce_unordered<T, Sum, Add<T, Sum>>(row, row_stride, rows, n, sums);
    }
}
