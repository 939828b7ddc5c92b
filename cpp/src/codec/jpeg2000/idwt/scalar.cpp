// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/idwt/kernels.hpp"

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"

namespace radpix::jpeg2000 {
namespace scalar {
namespace {

#include "lifting-inl.hpp"

} // namespace
} // namespace scalar

constinit const WaveletKernels scalar_wavelet_kernels =
    scalar::make_table("scalar", scalar::synthesise_row_97);

const WaveletKernels &wavelet_kernels() {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        return avx2_wavelet_kernels;
    }
#endif
    return scalar_wavelet_kernels;
}

} // namespace radpix::jpeg2000
