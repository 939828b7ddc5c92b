// SPDX-License-Identifier: Apache-2.0
#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "array.hpp"
#include "bindings.hpp"
#include "radpix/project.hpp"
#include "watched.hpp"

namespace radpix::bindings {

void bind_project(py::module_ &module) {
    module.def(
        "project",
        [](const py::array &voxels, const py::array &out, int axis, const std::string &combine,
           int num_threads, std::optional<double> padding) {
            const ArrayView source = view_of(voxels);
            const ArrayView target = writable_view_of(out);
            const project::Combine how = project::combine_named(combine);
            without_lock([&] { project::apply(source, target, axis, how, num_threads, padding); });
        },
        py::arg("voxels"), py::arg("out"), py::arg("axis"), py::arg("combine"), py::arg("num_threads"),
        py::arg("padding") = py::none());
}

} // namespace radpix::bindings
