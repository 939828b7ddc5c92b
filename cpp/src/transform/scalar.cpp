// SPDX-License-Identifier: Apache-2.0
#include "base/voxel_types.hpp"
#include "transform/kernels.hpp"

namespace radpix::transform::scalar {
namespace {

template <class W>
struct Tables;

template <class T>
inline Work<T> sum_of_taps(const T *corner, Index z_stride, Index y_stride, const Tables<Work<T>> &tables,
                           Index i) noexcept;

#include "transform/taps-inl.hpp"

/// w0 * v[0] + w1 * v[stride] + ..., the outer two first.
template <class W, class V>
inline W sum_of_four(const AxisTables<W> &axis, Index i, V v0, V v1, V v2, V v3) noexcept {
    const W outer = axis.weight[0][i] * static_cast<W>(v0) + axis.weight[3][i] * static_cast<W>(v3);
    const W inner = axis.weight[1][i] * static_cast<W>(v1) + axis.weight[2][i] * static_cast<W>(v2);
    return outer + inner;
}

template <class T>
inline Work<T> sum_of_taps(const T *corner, Index z_stride, Index y_stride, const Tables<Work<T>> &tables,
                           Index i) noexcept {
    using W = Work<T>;
    W columns[tap_count];
    for (Index x = 0; x < tap_count; ++x) {
        W rows[tap_count];
        for (Index z = 0; z < tap_count; ++z) {
            const T *v = corner + z * z_stride + x;
            rows[z] = sum_of_four(tables.axis[1], i, v[0], v[y_stride], v[2 * y_stride], v[3 * y_stride]);
        }
        columns[x] = sum_of_four(tables.axis[0], i, rows[0], rows[1], rows[2], rows[3]);
    }
    return sum_of_four(tables.axis[2], i, columns[0], columns[1], columns[2], columns[3]);
}

} // namespace

template <class T>
Sampler<T> sampler() noexcept {
    return sample_block<T>;
}

#define RADPIX_INSTANTIATE(T) template Sampler<T> sampler<T>() noexcept;
RADPIX_FILTERED_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

} // namespace radpix::transform::scalar
