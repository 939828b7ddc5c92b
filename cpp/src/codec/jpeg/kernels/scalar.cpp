// SPDX-License-Identifier: Apache-2.0
#include "base/target_region.hpp"
#include "codec/jpeg/kernels/kernels.hpp"

namespace radpix::jpeg {
namespace {

#include "codec/jpeg/kernels/inverse_dct-inl.hpp"
#include "codec/jpeg/kernels/upsample-inl.hpp"
#include "codec/jpeg/kernels/ycc-inl.hpp"

} // namespace

const SampleKernels<std::uint8_t> scalar_kernels_8{inverse_dct, inverse_dct, upsample_h2, upsample_h2v2,
                                                   upsample_v2, ycc_to_rgb,  interleave_3};
const SampleKernels<std::uint16_t> scalar_kernels_16{inverse_dct, inverse_dct, upsample_h2, upsample_h2v2,
                                                     upsample_v2, ycc_to_rgb,  interleave_3};

template <>
const SampleKernels<std::uint8_t> &sample_kernels([[maybe_unused]] CpuLevel level) noexcept {
#if RADPIX_HAS_AVX2_TARGET
    if (level == CpuLevel::avx2) {
        return avx2_kernels_8;
    }
#endif
    return scalar_kernels_8;
}

template <>
const SampleKernels<std::uint16_t> &sample_kernels([[maybe_unused]] CpuLevel level) noexcept {
#if RADPIX_HAS_AVX2_TARGET
    if (level == CpuLevel::avx2) {
        return avx2_kernels_16;
    }
#endif
    return scalar_kernels_16;
}

} // namespace radpix::jpeg
