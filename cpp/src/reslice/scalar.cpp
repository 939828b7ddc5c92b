// SPDX-License-Identifier: Apache-2.0
/// The reference: all voxels have a value.
#include "base/voxel_types.hpp"
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

#define RADPIX_INSTANTIATE(T) template const KernelSet<T> &scalar_kernels() noexcept;
RADPIX_VOXEL_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

} // namespace radpix::reslice
