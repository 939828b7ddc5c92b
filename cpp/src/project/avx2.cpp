// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <type_traits>

#include "base/target_region.hpp"
#include "project/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2
namespace radpix::project::avx2 {
namespace {
#include "project/lines-inl.hpp"
#include "project/present-inl.hpp"
} // namespace
} // namespace radpix::project::avx2
RADPIX_END_AVX2

namespace radpix::project::avx2 {

#include "project/tables-inl.hpp"

} // namespace radpix::project::avx2

#endif
