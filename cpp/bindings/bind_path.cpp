// SPDX-License-Identifier: Apache-2.0
#include "array.hpp"
#include "bindings.hpp"
#include "radpix/path.hpp"
#include "watched.hpp"

namespace radpix::bindings {

void bind_path(py::module_ &module) {
    module.def(
        "measure_path",
        [](const py::array &segments, const py::array &counts, const py::array &parameters,
           const py::array &positions, const py::array &lengths) {
            const ArrayView curve = view_of(segments), chords = view_of(counts);
            const ArrayView at = writable_view_of(parameters), there = writable_view_of(positions);
            const ArrayView length = writable_view_of(lengths);
            without_lock([&] { path::measure(curve, chords, at, there, length); });
        },
        py::arg("segments"), py::arg("counts"), py::arg("parameters"), py::arg("positions"),
        py::arg("lengths"));
    module.def(
        "sample_path",
        [](const py::array &segments, const py::array &parameters, const py::array &positions,
           const py::array &tangents) {
            const ArrayView curve = view_of(segments), at = view_of(parameters);
            const ArrayView there = writable_view_of(positions), along = writable_view_of(tangents);
            without_lock([&] { path::sample(curve, at, there, along); });
        },
        py::arg("segments"), py::arg("parameters"), py::arg("positions"), py::arg("tangents"));
    module.def(
        "carry_frames",
        [](const py::array &positions, const py::array &tangents, const py::array &first, double cosine,
           double sine, const py::array &across, const py::array &normals) {
            const ArrayView there = view_of(positions), along = view_of(tangents), start = view_of(first);
            const ArrayView beside = writable_view_of(across), away = writable_view_of(normals);
            bool all = false;
            without_lock([&] { all = path::carry(there, along, start, {cosine, sine}, beside, away); });
            return all;
        },
        py::arg("positions"), py::arg("tangents"), py::arg("first"), py::arg("cosine"), py::arg("sine"),
        py::arg("across"), py::arg("normals"));
}

} // namespace radpix::bindings
