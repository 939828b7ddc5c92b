// SPDX-License-Identifier: Apache-2.0
/// The interpolation filters as functions of the distance.
#pragma once

#include "radpix/resample.hpp"

namespace radpix::resample {

/// Whether a window has two taps unless it is widened.
[[nodiscard]] constexpr bool is_two_taps(Filter filter) noexcept {
    return filter == Filter::linear || filter == Filter::label;
}

/// Half the width of a filter, in voxels where it is not widened.
[[nodiscard]] double radius_of(Filter filter, bool widened, double weight_unit) noexcept;

/// The filter at `distance` >= 0, not normalised, in elementary operations only: the same bits with every C
/// library. Defined for all but nearest.
[[nodiscard]] double filter_at(Filter filter, double distance) noexcept;

} // namespace radpix::resample
