// SPDX-License-Identifier: Apache-2.0
// The same passes with the three-operand shifts and bit counts of BMI2.
#include "base/target_region.hpp"
#include "codec/jpeg2000/block_kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET
RADPIX_BEGIN_AVX2
namespace radpix::jpeg2000::avx2 {
namespace {

#include "passes-inl.hpp"

} // namespace
} // namespace radpix::jpeg2000::avx2
RADPIX_END_AVX2

namespace radpix::jpeg2000 {

constinit const BlockKernels avx2_block_kernels{avx2::significance,     avx2::refinement_pass, avx2::cleanup,
                                                avx2::raw_significance, avx2::raw_refinement,  "avx2"};

} // namespace radpix::jpeg2000
#endif
