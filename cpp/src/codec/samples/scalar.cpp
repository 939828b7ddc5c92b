// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>
#include <type_traits>

#include "codec/samples/kernels.hpp"

namespace radpix::samples {
namespace scalar {
namespace {

#include "rows-inl.hpp"

} // namespace
} // namespace scalar

constinit const Kernels scalar_kernels = scalar::portable_table("scalar");

} // namespace radpix::samples
