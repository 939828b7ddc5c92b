// SPDX-License-Identifier: Apache-2.0
/// What module.cpp puts together: one function per area.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>

#include "radpix/error.hpp"

namespace radpix::bindings {

namespace py = pybind11;

void register_errors(py::module_ &module);

/// Raises the Python exception of `error`, naming the frame (-1: none) and the transfer syntax.
[[noreturn]] void throw_python_error(const Error &error, std::int64_t frame,
                                     const std::string &transfer_syntax);

void bind_runtime(py::module_ &module);
void bind_path(py::module_ &module);
void bind_project(py::module_ &module);
void bind_reslice(py::module_ &module);
void bind_fuse(py::module_ &module);
void bind_render(pybind11::module_ &module);
void bind_resample(py::module_ &module);
void bind_transform(py::module_ &module);
void bind_window(py::module_ &module);
void bind_codec(py::module_ &module);
void bind_dicom(py::module_ &module);
void bind_slices(py::module_ &module);

} // namespace radpix::bindings
