// SPDX-License-Identifier: Apache-2.0
#include "base/target_region.hpp"
#include "codec/jpeg/kernels/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2
namespace radpix::jpeg::avx2 {
namespace {

#include "codec/jpeg/kernels/inverse_dct-inl.hpp"
#include "codec/jpeg/kernels/upsample-inl.hpp"
#include "codec/jpeg/kernels/ycc-inl.hpp"

} // namespace
} // namespace radpix::jpeg::avx2
RADPIX_END_AVX2

namespace radpix::jpeg {

const SampleKernels<std::uint8_t> avx2_kernels_8{avx2::inverse_dct, avx2::upsample_h2, avx2::upsample_h2v2,
                                                 avx2::upsample_v2, avx2::ycc_to_rgb};
const SampleKernels<std::uint16_t> avx2_kernels_16{avx2::inverse_dct, avx2::upsample_h2, avx2::upsample_h2v2,
                                                   avx2::upsample_v2, avx2::ycc_to_rgb};

} // namespace radpix::jpeg

#endif
