// SPDX-License-Identifier: Apache-2.0
/// Kernels for volumes with absent voxels.
#include "reslice/kernels.hpp"
#include "reslice/present.hpp"

namespace radpix::reslice {
template <class T>
const KernelSet<T> &padded_kernels() noexcept {
    static constexpr KernelSet<T> set{sample_row<PresentLinear<T>, T>, sample_row<PresentLinear<T>, T>,
                                      sample_row<PresentNearest<T>, T>};
    return set;
}

template const KernelSet<std::uint8_t> &padded_kernels() noexcept;
template const KernelSet<std::int8_t> &padded_kernels() noexcept;
template const KernelSet<std::uint16_t> &padded_kernels() noexcept;
template const KernelSet<std::int16_t> &padded_kernels() noexcept;
template const KernelSet<std::uint32_t> &padded_kernels() noexcept;
template const KernelSet<std::int32_t> &padded_kernels() noexcept;
template const KernelSet<std::uint64_t> &padded_kernels() noexcept;
template const KernelSet<std::int64_t> &padded_kernels() noexcept;
template const KernelSet<float> &padded_kernels() noexcept;
template const KernelSet<double> &padded_kernels() noexcept;

} // namespace radpix::reslice
