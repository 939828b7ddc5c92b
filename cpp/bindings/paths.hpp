// SPDX-License-Identifier: Apache-2.0
/// File names from Python.
#pragma once

#include <pybind11/pybind11.h>

#include <filesystem>
#include <string>

namespace radpix::bindings {

namespace py = pybind11;

/// The path that a `str` names; throws ValueError where a null byte would end it early.
inline std::filesystem::path path_from(const py::handle &path) {
    if (PyUnicode_FindChar(path.ptr(), 0, 0, PyUnicode_GetLength(path.ptr()), 1) >= 0) {
        throw py::value_error("embedded null byte");
    }
#ifdef _WIN32
    return std::filesystem::path(py::cast<std::wstring>(path));
#else
    const auto encoded = py::reinterpret_steal<py::bytes>(PyUnicode_EncodeFSDefault(path.ptr()));
    if (!encoded) {
        throw py::error_already_set();
    }
    return std::filesystem::path(static_cast<std::string>(encoded));
#endif
}

} // namespace radpix::bindings
