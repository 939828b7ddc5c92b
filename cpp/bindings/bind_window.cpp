// SPDX-License-Identifier: Apache-2.0
#include "radpix/window.hpp"

#include <string_view>

#include "array.hpp"
#include "bindings.hpp"
#include "watched.hpp"

namespace radpix::bindings {
namespace {

/// From the NamedTuple `Voi` of _backend.py.
Voi voi_of(const py::tuple &fields) {
    if (fields.size() != 8) {
        throw py::value_error("a window has 8 fields");
    }
    const auto number = [&](std::size_t i) { return fields[i].cast<double>(); };
    Voi voi;
    voi.function = voi_function_named(fields[0].cast<std::string_view>());
    voi.center = number(1);
    voi.width = number(2);
    voi.slope = number(3);
    voi.intercept = number(4);
    voi.minimum = number(5);
    voi.maximum = number(6);
    voi.invert = fields[7].cast<bool>();
    return voi;
}

} // namespace

void bind_window(py::module_ &module) {
    module.def(
        "window",
        [](const py::array &pixels, const py::array &out, const py::tuple &voi, int num_threads) {
            const Voi window_of_interest = voi_of(voi);
            const ArrayView from = view_of(pixels), to = writable_view_of(out);
            without_lock([&] { window(from, to, window_of_interest, num_threads); });
        },
        py::arg("pixels"), py::arg("out"), py::arg("voi"), py::arg("num_threads"));
    module.def(
        "rescale",
        [](const py::array &pixels, const py::array &out, double slope, double intercept, int num_threads) {
            const ArrayView from = view_of(pixels), to = writable_view_of(out);
            without_lock([&] { rescale(from, to, slope, intercept, num_threads); });
        },
        py::arg("pixels"), py::arg("out"), py::arg("slope"), py::arg("intercept"), py::arg("num_threads"));
    module.def(
        "look_up",
        [](const py::array &pixels, const py::array &out, const py::array &table, int num_threads) {
            const ArrayView from = view_of(pixels), to = writable_view_of(out), entries = view_of(table);
            without_lock([&] { look_up(from, to, entries, num_threads); });
        },
        py::arg("pixels"), py::arg("out"), py::arg("table"), py::arg("num_threads"));
}

} // namespace radpix::bindings
