// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "array.hpp"
#include "bindings.hpp"
#include "paths.hpp"
#include "radpix/slices.hpp"
#include "watched.hpp"

namespace radpix::bindings {
namespace {

/// From (path, offset, slope, intercept).
StoredSlice slice_from(const py::handle &fields) {
    const auto slice = py::cast<py::tuple>(fields);
    if (slice.size() != 4 || !py::isinstance<py::str>(slice[0])) {
        throw py::type_error("a slice is (path as str, offset, slope, intercept)");
    }
    return {path_from(slice[0]), slice[1].cast<Index>(), slice[2].cast<double>(), slice[3].cast<double>()};
}

py::list read_slices_into(const py::sequence &slices, const py::dtype &stored, int bits_stored,
                          const py::array &out, bool find_range, int num_threads) {
    const StoredPixels pixels{data_type_of(stored), bits_stored};
    const ArrayView to = writable_view_of(out);
    std::vector<StoredSlice> sources;
    for (const py::handle slice : slices) {
        sources.push_back(slice_from(slice));
    }
    std::vector<SliceOutcome> outcomes;
    without_lock([&] { outcomes = read_slices(sources, pixels, to, find_range, num_threads); });
    py::list results(outcomes.size());
    for (std::size_t k = 0; k < outcomes.size(); ++k) {
        results[k] = py::make_tuple(outcomes[k].is_complete, outcomes[k].minimum, outcomes[k].maximum);
    }
    return results;
}

} // namespace

void bind_slices(py::module_ &module) {
    module.def("read_slices", &read_slices_into, py::arg("slices"), py::arg("stored"), py::arg("bits_stored"),
               py::arg("out"), py::arg("find_range"), py::arg("num_threads"));
}

} // namespace radpix::bindings
