// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <type_traits>

#include "resample/kernels.hpp"

namespace radpix::resample::scalar {
namespace {
#include "resample/rows-inl.hpp"
} // namespace

template <class T, class A>
const RowKernels<T, A> &row_kernels() noexcept {
    static constexpr RowKernels<T, A> table{blend_in<T, A>, columns<A>, blend_out<T, A>};
    return table;
}

template <class U>
PickColumns<U> pick_columns() noexcept {
    return pick<U>;
}

#define RADPIX_INSTANTIATE(T, A) template const RowKernels<T, A> &row_kernels<T, A>() noexcept;
RADPIX_RESAMPLE_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

template PickColumns<std::uint8_t> pick_columns<std::uint8_t>() noexcept;
template PickColumns<std::uint16_t> pick_columns<std::uint16_t>() noexcept;
template PickColumns<std::uint32_t> pick_columns<std::uint32_t>() noexcept;
template PickColumns<std::uint64_t> pick_columns<std::uint64_t>() noexcept;

} // namespace radpix::resample::scalar
