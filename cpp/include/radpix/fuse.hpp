// SPDX-License-Identifier: Apache-2.0
/// Fusion: a coloured overlay blended onto grey levels.
#pragma once

#include "radpix/view.hpp"

namespace radpix::fuse {

/// An opacity of 1 in `Colors::table`.
inline constexpr int opaque = 1 << 14;

/// Colour and opacity of the values first, first + 1 / scale, ...: `table` (entries, 4) uint16, each red,
/// green and blue up to 255 and the opacity in units of 1 / opaque. Values between take the nearest entry,
/// halves the upper one, values outside the first or last. Below `threshold`, as a NaN, nothing is drawn.
struct Colors {
    ArrayView table;
    double first = 0, scale = 1, threshold = 0;
};

/// Fills `out` (rows, columns, 3), uint8, with (grey * (opaque - opacity) + color * opacity + opaque / 2) /
/// opaque, rounded down: PS3.4 N.2.6, foreground blending, with values rounded half up. `base` (rows,
/// columns) is uint8, `overlay` (rows, columns) float32 or float64; the entry is found in its type. Throws
/// Error(shape_mismatch, unsupported_type, invalid_argument); `out` is untouched then.
void blend(const ArrayView &base, const ArrayView &overlay, const ArrayView &out, const Colors &colors,
           int threads = 0);

} // namespace radpix::fuse
