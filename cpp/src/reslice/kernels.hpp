// SPDX-License-Identifier: Apache-2.0
/// What a CPU level provides: pieces of one output row, as floating point numbers.
#pragma once

#include <cstdint>
#include <type_traits>

#include "radpix/reslice.hpp"
#include "radpix/view.hpp"

namespace radpix::reslice {

/// Kernels work on groups of this many neighbouring columns.
inline constexpr Index group = 8;

/// The type that values of T are interpolated and combined in.
template <class T>
using Work = std::conditional_t<(sizeof(T) <= 2 || std::is_same_v<T, float>), float, double>;

// Built-in arrays below: AVX2 regions call no functions that portable code shares, such as those of
// std::array.

/// The voxels; axes in the order (z, y, x), strides in elements.
template <class T>
struct Source {
    const T *data = nullptr;
    Index shape[3]{};
    Index strides[3]{};
};

/// One output row: where its samples lie, and what becomes of them.
struct Line {
    double start[3]{};       ///< of column 0, at the centre of the slab
    double step[3]{};        ///< by one column
    const double *slab[3]{}; ///< offsets of the slab's samples, for each axis
    Index samples = 1;
    Combine combine = Combine::mean;
    double fill = 0;
    double padding = 0;      ///< the value of absent voxels, for `padded_kernels`
    double absent_fill = 0;  ///< of a pixel whose samples inside are all absent
    void *scratch = nullptr; ///< room for `samples` values of Work<T>, for the median
};

/// Writes the columns [column, column + groups * group) of `line` to `values`.
template <class T>
using Kernel = void (*)(const Source<T> &source, const Line &line, Index column, Index groups,
                        Work<T> *values) noexcept;

template <class T>
struct KernelSet {
    /// For groups with all samples in [0, n - 1) on every axis.
    Kernel<T> linear_interior;
    Kernel<T> linear_border;
    Kernel<T> nearest;
};

/// Defined for every type of `DataType`; the median, and any strides, are done here only.
template <class T>
[[nodiscard]] const KernelSet<T> &scalar_kernels() noexcept;

/// The same where voxels equal to `Line::padding` are absent. By AVX2: under the conditions of `ForAvx2`.
template <class T>
[[nodiscard]] const KernelSet<T> &padded_kernels(bool by_avx2) noexcept;

template <class T>
inline constexpr bool has_avx2_kernel = std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> ||
                                        std::is_same_v<T, std::int16_t> || std::is_same_v<T, float>;

/// What there is for each of the types worth kernels of their own, without the median. The x axis is
/// contiguous and longer than 1, and offsets are below 2^50: `fits_avx2`.
template <template <class> class Entry>
struct ForAvx2 {
    Entry<std::uint8_t> u8;
    Entry<std::uint16_t> u16;
    Entry<std::int16_t> i16;
    Entry<float> f32;

    template <class T>
    [[nodiscard]] const Entry<T> &of() const noexcept {
        static_assert(has_avx2_kernel<T>);
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            return u8;
        } else if constexpr (std::is_same_v<T, std::uint16_t>) {
            return u16;
        } else if constexpr (std::is_same_v<T, std::int16_t>) {
            return i16;
        } else {
            return f32;
        }
    }
};
extern const ForAvx2<KernelSet> avx2_kernels;

/// As `Kernel`, where voxels equal to `Line::padding` are absent; mixed[i] is 1 for groups to be done again
/// by `padded_kernels`, else 0.
template <class T>
using PaddedKernel = void (*)(const Source<T> &source, const Line &line, Index column, Index groups,
                              Work<T> *values, std::uint8_t *mixed) noexcept;

extern const ForAvx2<PaddedKernel> avx2_padded_kernels;

/// Columns that are picked together at most: their offsets stay in the first-level cache.
inline constexpr Index pick_columns = 64;

/// Writes the offsets of the voxels nearest to the columns [first, first + count), all of them in [0, n - 1)
/// on every axis, and up to three numbers more, as far as `pick_columns`. Offsets are below 2^50 and axes no
/// longer than 2^31 - 1.
using PickKernel = void (*)(const Index *strides, const Line &line, Index first, Index count,
                            Index *offsets) noexcept;

extern const PickKernel avx2_pick;

} // namespace radpix::reslice
