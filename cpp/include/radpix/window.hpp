// SPDX-License-Identifier: Apache-2.0
/// Values: from stored to modality (rescale) and from modality to display (VOI window).
#pragma once

#include <cstdint>
#include <string_view>

#include "radpix/view.hpp"

namespace radpix {

/// VOI LUT Function (0028,1056), PS3.3 C.11.2.1.3.
enum class VoiFunction : std::uint8_t { linear, linear_exact, sigmoid };

/// The enumerator for a defined term such as "LINEAR_EXACT"; throws Error(invalid_argument) for other text.
[[nodiscard]] VoiFunction voi_function_named(std::string_view term);

/// A window after a rescale: y = function(slope * stored + intercept), between `minimum` and `maximum`.
struct Voi {
    VoiFunction function = VoiFunction::linear;
    double center = 0.0;
    double width = 1.0; ///< >= 1 for linear, > 0 for the others
    double slope = 1.0;
    double intercept = 0.0;
    double minimum = 0.0;
    double maximum = 255.0;
    bool invert = false; ///< y becomes maximum + minimum - y, after rounding where the output is integer

    friend bool operator==(const Voi &, const Voi &) = default;
};

/// Windows `pixels` (any element type, rank and strides) into `out` (uint8, uint16, float32 or float64, the
/// same shape, other memory). The result is that of the standard's formula evaluated in float64 in the order
/// it is written in PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2, for integer outputs rounded half to
/// even; on every CPU level and for every number of threads. NaN becomes `minimum` (before inversion) in
/// integer outputs and stays NaN in others.
/// Throws Error(invalid_argument, shape_mismatch, unsupported_type); `out` is untouched then.
void window(const ArrayView &pixels, const ArrayView &out, const Voi &voi, int threads = 0);

/// Computes slope * pixels + intercept in float64 (PS3.3 C.11.1.1.2) into `out` of the same shape: any
/// integer type of up to 32 bits, rounded half to even and saturated (NaN becomes the type's least value), or
/// float32 or float64. Throws as window() does.
void rescale(const ArrayView &pixels, const ArrayView &out, double slope, double intercept, int threads = 0);

/// Replaces every one of `pixels` (integers of 8 or 16 bits) by the entry of `table` that its bits number,
/// read as unsigned: the table has 256 or 65536 adjacent entries of the type of `out`, which is of the shape
/// of `pixels` and shares memory with neither. A table of (entries, 4) gives colours: `out` has one axis
/// more, of three adjacent samples, and the fourth of an entry is padding, so that one load reads it. Throws
/// Error(shape_mismatch, unsupported_type); `out` is untouched then.
void look_up(const ArrayView &pixels, const ArrayView &out, const ArrayView &table, int threads = 0);

} // namespace radpix
