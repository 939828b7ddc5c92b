// SPDX-License-Identifier: Apache-2.0
#include "base/target_region.hpp"
#include "codec/jpeg/kernels/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2
namespace radpix::jpeg::avx2 {
namespace {

#include "codec/jpeg/kernels/inverse_dct_12_avx2-inl.hpp"
#include "codec/jpeg/kernels/inverse_dct_8_avx2-inl.hpp"
#include "codec/jpeg/kernels/upsample-inl.hpp"
#include "codec/jpeg/kernels/upsample_8_avx2-inl.hpp"
#include "codec/jpeg/kernels/ycc-inl.hpp"
#include "codec/jpeg/kernels/ycc_8_avx2-inl.hpp"

} // namespace
} // namespace radpix::jpeg::avx2
RADPIX_END_AVX2

namespace radpix::jpeg {

const SampleKernels<std::uint8_t> avx2_kernels_8{
    avx2::inverse_dct_8<false>, avx2::inverse_dct_8<true>, avx2::upsample_h2_8, avx2::upsample_h2v2_8,
    avx2::upsample_v2,          avx2::ycc_to_rgb_8,        avx2::interleave_3_8};
const SampleKernels<std::uint16_t> avx2_kernels_16{
    avx2::inverse_dct_12, avx2::inverse_dct_12, avx2::upsample_h2, avx2::upsample_h2v2,
    avx2::upsample_v2,    avx2::ycc_to_rgb,     avx2::interleave_3};

} // namespace radpix::jpeg

#endif
