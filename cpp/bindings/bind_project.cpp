// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

namespace radpix::bindings {

void bind_project(py::module_ & /*module*/) {}

} // namespace radpix::bindings
