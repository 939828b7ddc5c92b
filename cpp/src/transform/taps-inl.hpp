// SPDX-License-Identifier: Apache-2.0
// No guard: included once per CPU level, inside its region and anonymous namespace, in front of which
// `sum_of_taps` is declared. Every level computes the same products and sums in the same order.

constexpr Index tap_count = 4;

/// Of one axis: the lower neighbour of each point, and the weights of the voxels at -1, 0, 1, 2 from it.
template <class W>
struct AxisTables {
    std::int32_t floor[block_size];
    W weight[tap_count][block_size];
};

template <class W>
struct Tables {
    AxisTables<W> axis[3];
    unsigned char inside[block_size];
};

/// Which of the points lie inside along one axis, and the tables of all.
template <class W>
inline void fill_axis(const double *position, Index count, Index extent, Taps taps, AxisTables<W> &axis,
                      unsigned char *inside) noexcept {
    const double last = static_cast<double>(extent - 1);
    const auto last_floor = static_cast<std::int32_t>(extent > 1 ? extent - 2 : 0);
    W fraction[block_size];
    for (Index i = 0; i < count; ++i) {
        const double p = position[i];
        const bool within = (p >= -0.5) & (p <= last + 0.5); // a NaN is not
        inside[i] = static_cast<unsigned char>(inside[i] & (within ? 1 : 0));
        const double low = p > 0.0 ? p : 0.0;
        const double clamped = low < last ? low : last;
        const auto whole = static_cast<std::int32_t>(clamped);
        axis.floor[i] = whole < last_floor ? whole : last_floor;
        fraction[i] = static_cast<W>(clamped - static_cast<double>(axis.floor[i]));
    }
    if (taps == Taps::cubic) {
        for (Index i = 0; i < count; ++i) {
            const W t = fraction[i];
            const W w0 = ((W(-0.5) * t + W(1)) * t - W(0.5)) * t;
            const W w2 = ((W(-1.5) * t + W(2)) * t + W(0.5)) * t;
            const W w3 = (W(0.5) * t - W(0.5)) * t * t;
            axis.weight[0][i] = w0;
            axis.weight[1][i] = ((W(1) - w2) - w0) - w3; // what is left, so that they sum to 1
            axis.weight[2][i] = w2;
            axis.weight[3][i] = w3;
        }
        return;
    }
    constexpr W sixth = W(1) / W(6);
    for (Index i = 0; i < count; ++i) {
        const W t = fraction[i];
        const W rest = W(1) - t;
        const W w0 = rest * rest * rest * sixth;
        const W w1 = (W(0.5) * t - W(1)) * t * t + W(2) / W(3);
        const W w3 = t * t * t * sixth;
        axis.weight[0][i] = w0;
        axis.weight[1][i] = w1;
        axis.weight[2][i] = ((W(1) - w1) - w0) - w3;
        axis.weight[3][i] = w3;
    }
}

/// The voxel that stands for `index`, which is less than an axis beyond an edge.
inline Index tap_index(Index index, Index extent, Taps taps) noexcept {
    const Index last = extent - 1;
    if (taps == Taps::spline && last > 0) { // mirrored
        const Index folded = index < 0 ? -index : (index > last ? 2 * last - index : index);
        return folded;
    }
    return index < 0 ? 0 : (index > last ? last : index);
}

/// Point i near an edge, or in a volume whose columns are not neighbours: its voxels are copied together.
template <class T>
inline Work<T> border_sample(const Source<T> &source, const Tables<Work<T>> &tables, Index i,
                             Taps taps) noexcept {
    Index at[3][tap_count];
    for (int axis = 0; axis < 3; ++axis) {
        for (Index k = 0; k < tap_count; ++k) {
            at[axis][k] = tap_index(tables.axis[axis].floor[i] + k - 1, source.shape[axis], taps) *
                          source.strides[axis];
        }
    }
    T voxels[tap_count * tap_count * tap_count];
    T *voxel = voxels;
    for (Index z = 0; z < tap_count; ++z) {
        for (Index y = 0; y < tap_count; ++y) {
            for (Index x = 0; x < tap_count; ++x) {
                *voxel++ = source.data[at[0][z] + at[1][y] + at[2][x]];
            }
        }
    }
    return sum_of_taps(voxels, tap_count * tap_count, tap_count, tables, i);
}

/// Whether all taps of point i are voxels of the axis.
template <class W>
inline bool is_interior(const AxisTables<W> &axis, Index i, Index extent) noexcept {
    return axis.floor[i] >= 1 && axis.floor[i] < extent - 2;
}

template <class T>
void sample_block(const Source<T> &source, const Block &block, Taps taps, Work<T> fill,
                  Work<T> *values) noexcept {
    Tables<Work<T>> tables;
    for (Index i = 0; i < block.count; ++i) {
        tables.inside[i] = 1;
    }
    for (int axis = 0; axis < 3; ++axis) {
        fill_axis(block.position[axis], block.count, source.shape[axis], taps, tables.axis[axis],
                  tables.inside);
    }
    const Index z_stride = source.strides[0];
    const Index y_stride = source.strides[1];
    for (Index i = 0; i < block.count; ++i) {
        if (tables.inside[i] == 0) {
            values[i] = fill;
            continue;
        }
        const bool interior = source.strides[2] == 1 && is_interior(tables.axis[0], i, source.shape[0]) &&
                              is_interior(tables.axis[1], i, source.shape[1]) &&
                              is_interior(tables.axis[2], i, source.shape[2]);
        if (interior) {
            const T *corner = source.data + (tables.axis[0].floor[i] - 1) * z_stride +
                              (tables.axis[1].floor[i] - 1) * y_stride + (tables.axis[2].floor[i] - 1);
            values[i] = sum_of_taps(corner, z_stride, y_stride, tables, i);
        } else {
            values[i] = border_sample(source, tables, i, taps);
        }
    }
}
