// SPDX-License-Identifier: Apache-2.0
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "array.hpp"
#include "bindings.hpp"
#include "radpix/resample.hpp"
#include "watched.hpp"

namespace radpix::bindings {
namespace {

using ScaleAndOffset = std::pair<double, double>; // the NamedTuple AxisMap

void resample_into(const py::array &voxels, const py::array &out, const std::array<ScaleAndOffset, 3> &axes,
                   const std::string &interpolation, bool antialias, double fill, int num_threads,
                   std::optional<double> padding) {
    const ArrayView source = view_of(voxels);
    const ArrayView target = writable_view_of(out);
    std::array<AxisMap, 3> maps;
    for (std::size_t k = 0; k < maps.size(); ++k) {
        maps[k] = {axes[k].first, axes[k].second};
    }
    const resample::Options options{resample::filter_named(interpolation), antialias, fill, num_threads,
                                    padding};
    without_lock([&] { resample::apply(source, target, maps, options); });
}

} // namespace

void bind_resample(py::module_ &module) {
    module.def("resample", &resample_into, py::arg("voxels"), py::arg("out"), py::arg("axes"),
               py::arg("interpolation"), py::arg("antialias"), py::arg("fill"), py::arg("num_threads"),
               py::arg("padding") = py::none());
}

} // namespace radpix::bindings
