// SPDX-License-Identifier: Apache-2.0
/// Grids as Python hands them over.
#pragma once

#include <pybind11/stl.h>

#include <tuple>

#include "bindings.hpp"
#include "radpix/reslice.hpp"

namespace radpix::bindings {

/// From `radpix._backend.Grid`.
inline reslice::Grid grid_of(const py::tuple &fields) {
    using reslice::Vector;
    const auto [origin, plane, row, column, slab, samples] =
        fields.cast<std::tuple<Vector, Vector, Vector, Vector, Vector, Index>>();
    return {origin, plane, row, column, slab, samples};
}

} // namespace radpix::bindings
