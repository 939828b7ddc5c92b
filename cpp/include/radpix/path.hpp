// SPDX-License-Identifier: Apache-2.0
/// Curves through points in patient space, that curved reformats follow: arc length, positions, and frames
/// that do not twist.
///
/// A curve is n cubic segments, `segments` (n, 4, 3): the start p, the way w to the end, and what the
/// derivatives at the start and the end differ from the way, a and b, in units of the segment. At t in [0, 1]
/// of a segment the position is (p + t * w) + (t * (1 - t)) * ((1 - t) * a - t * b), which is exact on a
/// straight path, and the derivative (w + ((1 - t) * (1 - 3 * t)) * a) + (t * (3 * t - 2)) * b. Parameter k +
/// t is t of segment k; n is the end of the last one.
///
/// All arrays are float64 and C-contiguous. Only operations that IEEE 754 rounds correctly are used, one by
/// one in the order that is written here, so that every machine gives the same bits. Squares, and products of
/// vectors, are added as (x + y) + z. Throws Error: shape_mismatch and unsupported_type for other arrays.
#pragma once

#include "radpix/view.hpp"

namespace radpix::path {

/// Divides segment k into `counts` (n,; int64) [k] chords of equal parameters. Writes the m = 1 + sum of the
/// counts parameters k + j / counts[k], their `positions` (m, 3), and the `lengths` (m,) from the start,
/// along the chords. Throws Error too: invalid_argument for counts below 1, shape_mismatch where m is another
/// one.
void measure(const ArrayView &segments, const ArrayView &counts, const ArrayView &parameters,
             const ArrayView &positions, const ArrayView &lengths);

/// Writes `positions` (m, 3) and unit `tangents` (m, 3) at `parameters` (m,); parameters outside [0, n] count
/// as the nearest of these, no number as 0. The tangent of a derivative of length 0 is 0.
void sample(const ArrayView &segments, const ArrayView &parameters, const ArrayView &positions,
            const ArrayView &tangents);

/// A turn about the tangent, by the right-hand rule.
struct Turn {
    double cosine = 1.0, sine = 0.0;
};

/// Carries `first` (3,), perpendicular to the first tangent, along the path without twist, by double
/// reflection (Wang et al., ACM TOG 27(1), 2008, table I), and makes it perpendicular to each tangent and of
/// length 1. Writes that, turned, as `across` (m, 3), and across x tangent as `normals` (m, 3). Returns
/// whether every row has such a direction: not where a tangent is 0, or the path turns back on itself.
[[nodiscard]] bool carry(const ArrayView &positions, const ArrayView &tangents, const ArrayView &first,
                         Turn turn, const ArrayView &across, const ArrayView &normals);

} // namespace radpix::path
