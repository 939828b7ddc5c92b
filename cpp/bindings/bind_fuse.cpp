// SPDX-License-Identifier: Apache-2.0
#include "array.hpp"
#include "bindings.hpp"
#include "radpix/fuse.hpp"
#include "watched.hpp"

namespace radpix::bindings {

void bind_fuse(py::module_ &module) {
    module.def(
        "blend",
        [](const py::array &base, const py::array &overlay, const py::array &out, const py::array &table,
           double first, double scale, double threshold, int num_threads) {
            const ArrayView grey = view_of(base), values = view_of(overlay), image = writable_view_of(out);
            const fuse::Colors colors{view_of(table), first, scale, threshold};
            without_lock([&] { fuse::blend(grey, values, image, colors, num_threads); });
        },
        py::arg("base"), py::arg("overlay"), py::arg("out"), py::arg("table"), py::arg("first"),
        py::arg("scale"), py::arg("threshold"), py::arg("num_threads"));
}

} // namespace radpix::bindings
