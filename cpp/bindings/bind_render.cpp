// SPDX-License-Identifier: Apache-2.0
#include <pybind11/stl.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "array.hpp"
#include "bindings.hpp"
#include "radpix/render.hpp"
#include "watched.hpp"

namespace radpix::bindings {
namespace {

/// From `radpix._backend.Rays`.
render::Rays rays_of(const py::tuple &fields) {
    using render::Vector;
    const auto [origin, origin_row, origin_column, direction, direction_row, direction_column, to_index, near,
                far, step] = fields.cast<std::tuple<Vector, Vector, Vector, Vector, Vector, Vector,
                                                    std::array<double, 12>, double, double, double>>();
    return {origin,           origin_row, origin_column, direction, direction_row,
            direction_column, to_index,   near,          far,       step};
}

/// From `radpix._backend.Lighting`.
render::Lighting lighting_of(const py::tuple &fields) {
    const auto [shading, ambient, diffuse, specular, power] =
        fields.cast<std::tuple<bool, float, float, float, int>>();
    return {shading, ambient, diffuse, specular, power};
}

/// From `radpix._backend.RenderLayer`.
render::Layer layer_of(const py::tuple &fields) {
    const auto [voxels, ranges, to_index, table, first, scale, lighting, padding] =
        fields.cast<std::tuple<py::array, py::array, std::array<double, 12>, py::array, double, double,
                               py::tuple, std::optional<double>>>();
    return {view_of(voxels),       view_of(ranges), to_index, {view_of(table), first, scale},
            lighting_of(lighting), padding};
}

} // namespace

void bind_render(py::module_ &module) {
    module.def(
        "block_ranges",
        [](const py::array &voxels, const py::array &out, int num_threads, std::optional<double> padding) {
            const ArrayView source = view_of(voxels);
            const ArrayView target = writable_view_of(out);
            without_lock([&] { render::block_ranges(source, target, num_threads, padding); });
        },
        py::arg("voxels"), py::arg("out"), py::arg("num_threads"), py::arg("padding"));
    module.def(
        "composite",
        [](const py::array &voxels, const py::array &ranges, const py::array &out, const py::tuple &rays,
           const py::array &table, double first, double scale, const py::tuple &lighting, int num_threads,
           std::optional<double> padding) {
            const ArrayView source = view_of(voxels);
            const ArrayView blocks = view_of(ranges);
            const ArrayView target = writable_view_of(out);
            const render::Rays where = rays_of(rays);
            const render::Transfer transfer{view_of(table), first, scale};
            const render::Lighting light = lighting_of(lighting);
            without_lock([&] {
                render::composite(source, blocks, target, where, transfer, light, num_threads, padding);
            });
        },
        py::arg("voxels"), py::arg("ranges"), py::arg("out"), py::arg("rays"), py::arg("table"),
        py::arg("first"), py::arg("scale"), py::arg("lighting"), py::arg("num_threads"), py::arg("padding"));
    module.def(
        "composite_layers",
        [](const std::vector<py::tuple> &layers, const py::array &out, const py::tuple &rays,
           int num_threads) {
            std::vector<render::Layer> seen;
            std::transform(layers.begin(), layers.end(), std::back_inserter(seen), layer_of);
            const ArrayView target = writable_view_of(out);
            const render::Rays where = rays_of(rays);
            without_lock([&] { render::composite_layers(seen, target, where, num_threads); });
        },
        py::arg("layers"), py::arg("out"), py::arg("rays"), py::arg("num_threads"));
    module.def(
        "cast_rays",
        [](const py::array &voxels, const py::array &ranges, const py::array &out, const py::array &depth,
           const py::tuple &rays, const std::string &combine, float threshold, float scale, float offset,
           double fill, int num_threads, std::optional<double> padding) {
            const ArrayView source = view_of(voxels);
            const ArrayView blocks = view_of(ranges);
            const ArrayView target = writable_view_of(out);
            const ArrayView depths = writable_view_of(depth);
            const render::Rays where = rays_of(rays);
            const render::Reduction reduction{
                render::combine_named(combine), threshold, scale, offset, fill, padding};
            without_lock(
                [&] { render::cast(source, blocks, target, depths, where, reduction, num_threads); });
        },
        py::arg("voxels"), py::arg("ranges"), py::arg("out"), py::arg("depth"), py::arg("rays"),
        py::arg("combine"), py::arg("threshold"), py::arg("scale"), py::arg("offset"), py::arg("fill"),
        py::arg("num_threads"), py::arg("padding"));
}

} // namespace radpix::bindings
