// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "watched.hpp"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
    module.doc() = "radpix's compiled core. Private: use the functions of the radpix package.";
    module.attr("__version__") = RADPIX_VERSION;
    radpix::bindings::register_errors(module);
    radpix::bindings::bind_runtime(module);
    radpix::bindings::bind_watched(module);
    radpix::bindings::bind_path(module);
    radpix::bindings::bind_project(module);
    radpix::bindings::bind_reslice(module);
    radpix::bindings::bind_fuse(module);
    radpix::bindings::bind_render(module);
    radpix::bindings::bind_resample(module);
    radpix::bindings::bind_transform(module);
    radpix::bindings::bind_window(module);
    radpix::bindings::bind_codec(module);
    radpix::bindings::bind_dicom(module);
    radpix::bindings::bind_slices(module);
}
