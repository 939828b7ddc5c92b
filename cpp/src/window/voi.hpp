// SPDX-License-Identifier: Apache-2.0
/// The terms of the formulas, and their checks.
#pragma once

#include "radpix/window.hpp"
#include "window/kernels.hpp"

namespace radpix::window_kernels {

/// Throws Error(shape_mismatch, invalid_argument) unless both arrays have one shape and `slope` and
/// `intercept` are finite.
void check_arguments(const ArrayView &pixels, const ArrayView &out, double slope, double intercept);

/// Throws Error(invalid_argument, unsupported_type) for a window that has no meaning for this output type.
void check_voi(const Voi &voi, DataType out);

[[nodiscard]] VoiTerms terms_of(const Voi &voi) noexcept;
[[nodiscard]] StoreTerms store_terms_of(const Voi &voi) noexcept;

/// A window ready to be applied to blocks.
struct Literal {
    Literal(const Voi &voi, const Kernels &used) noexcept
        : slope(voi.slope), intercept(voi.intercept), terms(terms_of(voi)), store(store_terms_of(voi)),
          evaluate(voi.function == VoiFunction::sigmoid ? used.sigmoid : used.linear), kernels(&used) {}

    /// The formula itself, `n` <= block_length pixels of any type and stride.
    void apply(DataType from, const void *pixels, Index pixel_stride, DataType to, void *out,
               Index out_stride, Index n) const noexcept {
        double values[block_length];
        kernels->load[static_cast<std::size_t>(from)](pixels, pixel_stride, values, n, slope, intercept);
        evaluate(values, n, terms);
        kernels->store[static_cast<std::size_t>(to)](values, out, out_stride, n, store);
    }

    double slope, intercept;
    VoiTerms terms;
    StoreTerms store;
    Evaluate evaluate;
    const Kernels *kernels;
};

} // namespace radpix::window_kernels
