// SPDX-License-Identifier: Apache-2.0
/// What module.cpp puts together: one function per area.
#pragma once

#include <pybind11/pybind11.h>

namespace radpix::bindings {

namespace py = pybind11;

void register_errors(py::module_ &module);
void bind_runtime(py::module_ &module);
void bind_project(py::module_ &module);
void bind_reslice(py::module_ &module);
void bind_resample(py::module_ &module);
void bind_window(py::module_ &module);
void bind_codec(py::module_ &module);

} // namespace radpix::bindings
