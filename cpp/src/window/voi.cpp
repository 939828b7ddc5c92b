// SPDX-License-Identifier: Apache-2.0
#include "window/voi.hpp"

#include <cmath>
#include <string>

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace radpix {

VoiFunction voi_function_named(std::string_view term) {
    if (term == "LINEAR") {
        return VoiFunction::linear;
    }
    if (term == "LINEAR_EXACT") {
        return VoiFunction::linear_exact;
    }
    if (term == "SIGMOID") {
        return VoiFunction::sigmoid;
    }
    throw_error(Errc::invalid_argument,
                "the VOI LUT function is one of LINEAR, LINEAR_EXACT, SIGMOID, not \"" + std::string(term) +
                    "\"");
}

namespace window_kernels {

const Kernels &kernels() {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        return avx2_kernels;
    }
#endif
    return scalar_kernels;
}

void check_arguments(const ArrayView &pixels, const ArrayView &out, double slope, double intercept) {
    bool same = pixels.rank == out.rank;
    for (std::size_t axis = 0; same && axis < static_cast<std::size_t>(out.rank); ++axis) {
        same = pixels.shape[axis] == out.shape[axis];
    }
    if (!same) {
        throw_error(Errc::shape_mismatch, "the output does not have the shape of the pixels");
    }
    if (!std::isfinite(slope) || !std::isfinite(intercept)) {
        throw_error(Errc::invalid_argument, "rescale slope and intercept are finite numbers, not " +
                                                std::to_string(slope) + " and " + std::to_string(intercept));
    }
}

namespace {

/// The largest value of an integer output, 0 for floats.
double largest_of(DataType out) {
    switch (out) {
    case DataType::uint8:
        return 255.0;
    case DataType::uint16:
        return 65535.0;
    case DataType::float32:
    case DataType::float64:
        return 0.0;
    default:
        throw_error(Errc::unsupported_type, "a window is written as uint8, uint16, float32 or float64");
    }
}

} // namespace

void check_voi(const Voi &voi, DataType out) {
    const double most = largest_of(out);
    const double least_width = voi.function == VoiFunction::linear ? 1.0 : 0.0;
    const bool wide_enough = least_width == 1.0 ? voi.width >= 1.0 : voi.width > 0.0;
    if (!std::isfinite(voi.center) || !std::isfinite(voi.width) || !wide_enough) {
        // PS3.3 C.11.2.1.2.1: "Window Width (0028,1051) shall always be greater than or equal to 1"
        throw_error(Errc::invalid_argument,
                    "a window has a finite center and a width >= 1 (LINEAR) or > 0, not center " +
                        std::to_string(voi.center) + " and width " + std::to_string(voi.width));
    }
    if (!std::isfinite(voi.minimum) || !std::isfinite(voi.maximum) || voi.minimum > voi.maximum) {
        throw_error(Errc::invalid_argument, "the output range of a window is finite and not reversed");
    }
    const bool whole = std::floor(voi.minimum) == voi.minimum && std::floor(voi.maximum) == voi.maximum;
    if (most != 0.0 && (voi.minimum < 0.0 || voi.maximum > most || !whole)) {
        throw_error(Errc::invalid_argument,
                    "the output range of a window consists of numbers of the output's integer type");
    }
}

VoiTerms terms_of(const Voi &voi) noexcept {
    VoiTerms t{voi.center, voi.width, 0.0, 0.0, voi.maximum - voi.minimum, voi.minimum, voi.maximum};
    if (voi.function == VoiFunction::linear) { // PS3.3 C.11.2.1.2.1
        t.base = voi.center - 0.5;
        t.span = voi.width - 1.0;
    }
    t.low = t.base - t.span / 2.0;
    t.high = t.base + t.span / 2.0;
    return t;
}

StoreTerms store_terms_of(const Voi &voi) noexcept {
    return {voi.minimum, voi.maximum, voi.invert ? -1.0 : 1.0, voi.invert ? voi.maximum + voi.minimum : 0.0};
}

} // namespace window_kernels
} // namespace radpix
