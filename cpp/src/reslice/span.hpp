// SPDX-License-Identifier: Apache-2.0
/// Which columns of an output row need which kernel.
#pragma once

#include "reslice/kernels.hpp"

namespace radpix::reslice {

/// Half-open ranges of columns. Outside [outer_first, outer_last) no sample is inside the volume; within
/// [inner_first, inner_last) all samples lie in [0, n - 1) on every axis. Both are safe, not tight.
struct Span {
    Index outer_first = 0, outer_last = 0;
    Index inner_first = 0, inner_last = 0;
};

[[nodiscard]] Span span_of(const Line &line, const Index (&shape)[3], Index columns) noexcept;

} // namespace radpix::reslice
