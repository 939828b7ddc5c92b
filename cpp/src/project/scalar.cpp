// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <type_traits>

#include "project/kernels.hpp"

namespace radpix::project::scalar {
namespace {
#include "project/lines-inl.hpp"
#include "project/present-inl.hpp"
} // namespace
} // namespace radpix::project::scalar

namespace radpix::project::scalar {

#include "project/tables-inl.hpp"

} // namespace radpix::project::scalar
