// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include "base/target_region.hpp"
#include "slices/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET
RADPIX_BEGIN_AVX2
namespace radpix::slices {
namespace avx2 {
namespace {
#include "slices/values-inl.hpp"
} // namespace
} // namespace avx2
} // namespace radpix::slices
RADPIX_END_AVX2

namespace radpix::slices {
const Kernels avx2_kernels = avx2::table;
} // namespace radpix::slices
#endif
