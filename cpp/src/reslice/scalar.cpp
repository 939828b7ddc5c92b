// SPDX-License-Identifier: Apache-2.0
/// The reference: all voxels have a value.
#include "reslice/kernels.hpp"
#include "reslice/samples.hpp"

namespace radpix::reslice {
namespace {

struct Linear {
    explicit Linear(const Line & /*line*/) noexcept {}
    template <class T>
    bool sample(const Source<T> &source, const Vector &position, Work<T> &value) const noexcept {
        value = interpolated(cell_around(source, position));
        return true;
    }
};

struct Nearest {
    explicit Nearest(const Line & /*line*/) noexcept {}
    template <class T>
    bool sample(const Source<T> &source, const Vector &position, Work<T> &value) const noexcept {
        value = static_cast<Work<T>>(*nearest_voxel(source, position));
        return true;
    }
};

} // namespace

template <class T>
const KernelSet<T> &scalar_kernels() noexcept {
    static constexpr KernelSet<T> set{sample_row<Linear, T>, sample_row<Linear, T>, sample_row<Nearest, T>};
    return set;
}

template const KernelSet<std::uint8_t> &scalar_kernels() noexcept;
template const KernelSet<std::int8_t> &scalar_kernels() noexcept;
template const KernelSet<std::uint16_t> &scalar_kernels() noexcept;
template const KernelSet<std::int16_t> &scalar_kernels() noexcept;
template const KernelSet<std::uint32_t> &scalar_kernels() noexcept;
template const KernelSet<std::int32_t> &scalar_kernels() noexcept;
template const KernelSet<std::uint64_t> &scalar_kernels() noexcept;
template const KernelSet<std::int64_t> &scalar_kernels() noexcept;
template const KernelSet<float> &scalar_kernels() noexcept;
template const KernelSet<double> &scalar_kernels() noexcept;

} // namespace radpix::reslice
