// SPDX-License-Identifier: Apache-2.0
#include "base/target_region.hpp"
#include "codec/jpeg2000/idwt/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET
RADPIX_BEGIN_AVX2
namespace radpix::jpeg2000::avx2 {
namespace {

#include "lifting-inl.hpp"

#include "row_97_avx2-inl.hpp"

} // namespace
} // namespace radpix::jpeg2000::avx2
RADPIX_END_AVX2

namespace radpix::jpeg2000 {

constinit const WaveletKernels avx2_wavelet_kernels = avx2::make_table("avx2", avx2::sweep_row_97);

} // namespace radpix::jpeg2000
#endif
