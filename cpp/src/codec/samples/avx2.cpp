// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>
#include <type_traits>

#include "base/target_region.hpp"
#include "codec/samples/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2
namespace radpix::samples::avx2 {
namespace {

#include "rows-inl.hpp"

} // namespace
} // namespace radpix::samples::avx2
RADPIX_END_AVX2

namespace radpix::samples {

constinit const Kernels avx2_kernels = avx2::portable_table("avx2");

} // namespace radpix::samples

#endif
