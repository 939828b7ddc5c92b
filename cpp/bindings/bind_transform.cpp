// SPDX-License-Identifier: Apache-2.0
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>

#include "array.hpp"
#include "bindings.hpp"
#include "grid.hpp"
#include "radpix/transform.hpp"
#include "watched.hpp"

namespace radpix::bindings {
namespace {

void transform_into(const py::array &voxels, const py::array &out, const py::tuple &grid,
                    const std::string &interpolation, double fill, int num_threads,
                    std::optional<double> padding, const std::optional<py::array> &displacement,
                    const std::array<reslice::Vector, 3> &to_index, std::optional<double> absent_fill) {
    const ArrayView source = view_of(voxels);
    const ArrayView target = writable_view_of(out);
    const reslice::Grid where = grid_of(grid);
    transform::Options options{transform::interpolation_named(interpolation),
                               fill,
                               num_threads,
                               padding,
                               std::nullopt,
                               to_index,
                               absent_fill};
    if (displacement) {
        options.displacement = view_of(*displacement);
    }
    without_lock([&] { transform::apply(source, target, where, options); });
}

void coefficients_into(const py::array &voxels, const py::array &out, int num_threads) {
    const ArrayView source = view_of(voxels);
    const ArrayView target = writable_view_of(out);
    without_lock([&] { transform::spline_coefficients(source, target, num_threads); });
}

} // namespace

void bind_transform(py::module_ &module) {
    module.def("transform", &transform_into, py::arg("voxels"), py::arg("out"), py::arg("grid"),
               py::arg("interpolation"), py::arg("fill"), py::arg("num_threads"),
               py::arg("padding") = py::none(), py::arg("displacement") = py::none(),
               py::arg("to_index") = std::array<reslice::Vector, 3>{}, py::arg("absent_fill") = py::none());
    module.def("spline_coefficients", &coefficients_into, py::arg("voxels"), py::arg("out"),
               py::arg("num_threads"));
}

} // namespace radpix::bindings
