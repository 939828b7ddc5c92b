// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/kernels/kernels.hpp"

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"

namespace radpix::jpegls {

const Kernels &kernels([[maybe_unused]] int reset) {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2 && reset <= most_vector_reset) {
        return avx2_kernels;
    }
#endif
    return scalar_kernels;
}

} // namespace radpix::jpegls
