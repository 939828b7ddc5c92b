// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include "slices/kernels.hpp"

namespace radpix::slices {
namespace scalar {
namespace {
#include "slices/values-inl.hpp"
} // namespace
} // namespace scalar
} // namespace radpix::slices

namespace radpix::slices {
const Kernels scalar_kernels = scalar::table;
} // namespace radpix::slices
