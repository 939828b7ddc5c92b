// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "bindings.hpp"
#include "radpix/cpu.hpp"
#include "radpix/parallel.hpp"

namespace radpix::bindings {

void bind_runtime(py::module_ &module) {
    module.def("num_threads", &num_threads);
    module.def("set_num_threads", &set_num_threads, py::arg("count"));
    module.def("cpu_level", [] { return std::string(name_of(cpu_level())); });
    module.def("detected_cpu_level", [] { return std::string(name_of(detected_cpu_level())); });
    module.def("set_cpu_level", [](const std::string &name) { set_cpu_level(name); }, py::arg("name"));
}

} // namespace radpix::bindings
