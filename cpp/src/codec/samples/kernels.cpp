// SPDX-License-Identifier: Apache-2.0
#include "codec/samples/kernels.hpp"

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"

namespace radpix::samples {

const Kernels &kernels() {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        return avx2_kernels;
    }
#endif
    return scalar_kernels;
}

StoredBits stored_bits(const FrameLayout &layout) noexcept {
    if (layout.is_float || layout.bits_allocated == 1) {
        return {};
    }
    return {layout.bits_allocated - 1 - layout.high_bit, layout.bits_allocated - layout.bits_stored,
            layout.is_signed};
}

} // namespace radpix::samples
