// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <type_traits>

#include "resample/kernels.hpp"

namespace radpix::resample::scalar {
namespace {
#include "resample/rows-inl.hpp"

template <class T>
unsigned absent_in_blocks(const T *voxels, T value, bool is_nan) {
    return absent_in_some(voxels, absent_blocks * absent_block, value, is_nan);
}

template <class T>
unsigned absent_in_block(const T *voxels, T value, bool is_nan) {
    return absent_in_some(voxels, absent_block, value, is_nan);
}
} // namespace

template <class T, class A>
const RowKernels<T, A> &row_kernels() noexcept {
    static constexpr RowKernels<T, A> table{blend_in<T, A>, columns<A>, nullptr, blend_out<T, A>};
    return table;
}

#include "resample/tables-inl.hpp"

} // namespace radpix::resample::scalar
