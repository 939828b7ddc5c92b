// SPDX-License-Identifier: Apache-2.0
/// Kernels for volumes with absent voxels.
#include <algorithm>

#include "base/target_region.hpp"
#include "base/voxel_types.hpp"
#include "reslice/kernels.hpp"
#include "reslice/present.hpp"

namespace radpix::reslice {
namespace {

#if RADPIX_HAS_AVX2_TARGET
/// What is in the midst of padding or far from it by AVX2, the seam one sample after the other.
template <class T>
void present_row(const Source<T> &source, const Line &line, Index column, Index groups,
                 Work<T> *values) noexcept {
    constexpr Index at_once = 8;
    std::uint8_t mixed[at_once];
    for (Index first = 0; first < groups; first += at_once) {
        const Index count = std::min(at_once, groups - first);
        avx2_padded_kernels.of<T>()(source, line, column + first * group, count, values + first * group,
                                    mixed);
        for (Index i = first; i < first + count; ++i) {
            if (mixed[i - first] != 0) {
                sample_row<PresentLinear<T>, T>(source, line, column + i * group, 1, values + i * group);
            }
        }
    }
}
#endif

} // namespace

template <class T>
const KernelSet<T> &padded_kernels(bool by_avx2) noexcept {
    static constexpr KernelSet<T> portable{sample_row<PresentLinear<T>, T>, sample_row<PresentLinear<T>, T>,
                                           sample_row<PresentNearest<T>, T>};
#if RADPIX_HAS_AVX2_TARGET
    if constexpr (has_avx2_kernel<T>) {
        static constexpr KernelSet<T> fast{present_row<T>, present_row<T>, sample_row<PresentNearest<T>, T>};
        return by_avx2 ? fast : portable;
    }
#endif
    static_cast<void>(by_avx2);
    return portable;
}

#define RADPIX_INSTANTIATE(T) template const KernelSet<T> &padded_kernels(bool) noexcept;
RADPIX_VOXEL_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

} // namespace radpix::reslice
