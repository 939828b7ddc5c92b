// SPDX-License-Identifier: Apache-2.0
#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "array.hpp"
#include "bindings.hpp"
#include "grid.hpp"
#include "radpix/reslice.hpp"
#include "watched.hpp"

namespace radpix::bindings {
namespace {

reslice::Combine combine_named(const std::string &name) {
    if (name == "mean") {
        return reslice::Combine::mean;
    }
    if (name == "max") {
        return reslice::Combine::max;
    }
    if (name == "min") {
        return reslice::Combine::min;
    }
    if (name == "sum") {
        return reslice::Combine::sum;
    }
    if (name == "median") {
        return reslice::Combine::median;
    }
    throw_error(Errc::invalid_argument,
                "combine is one of mean, max, min, sum, median, not \"" + name + "\"");
}

reslice::Interpolation interpolation_named(const std::string &name) {
    if (name == "nearest") {
        return reslice::Interpolation::nearest;
    }
    if (name == "linear") {
        return reslice::Interpolation::linear;
    }
    throw_error(Errc::invalid_argument, "interpolation is nearest or linear, not \"" + name + "\"");
}

} // namespace

void bind_reslice(py::module_ &module) {
    module.def(
        "reslice",
        [](const py::array &voxels, const py::array &out, const py::tuple &grid, const std::string &combine,
           const std::string &interpolation, double fill, int num_threads, std::optional<double> padding,
           std::optional<double> absent_fill) {
            const ArrayView source = view_of(voxels);
            const ArrayView target = writable_view_of(out);
            const reslice::Grid where = grid_of(grid);
            const reslice::Combine how = combine_named(combine);
            const reslice::Interpolation between = interpolation_named(interpolation);
            without_lock([&] {
                reslice::apply(source, target, where, how, between, fill, num_threads, padding, absent_fill);
            });
        },
        py::arg("voxels"), py::arg("out"), py::arg("grid"), py::arg("combine"), py::arg("interpolation"),
        py::arg("fill"), py::arg("num_threads"), py::arg("padding") = py::none(),
        py::arg("absent_fill") = py::none());
    module.def(
        "reslice_lines",
        [](const py::array &voxels, const py::array &out, const py::array &lines, Index slab_samples,
           const std::string &combine, const std::string &interpolation, double fill, int num_threads,
           std::optional<double> padding) {
            const ArrayView source = view_of(voxels);
            const ArrayView target = writable_view_of(out);
            const ArrayView where = view_of(lines);
            const reslice::Combine how = combine_named(combine);
            const reslice::Interpolation between = interpolation_named(interpolation);
            without_lock([&] {
                reslice::apply_lines(source, target, where, slab_samples, how, between, fill, num_threads,
                                     padding);
            });
        },
        py::arg("voxels"), py::arg("out"), py::arg("lines"), py::arg("slab_samples"), py::arg("combine"),
        py::arg("interpolation"), py::arg("fill"), py::arg("num_threads"), py::arg("padding") = py::none());
}

} // namespace radpix::bindings
