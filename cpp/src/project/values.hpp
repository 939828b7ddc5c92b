// SPDX-License-Identifier: Apache-2.0
/// From accumulators to output values.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "radpix/view.hpp"

namespace radpix::project {

/// The value with one representation of NaN and of zero, so that no order of the voxels shows.
template <class U, class V>
[[nodiscard]] U canonical(V value) noexcept {
    if constexpr (std::is_floating_point_v<V>) {
        return value != value ? std::numeric_limits<U>::quiet_NaN() : static_cast<U>(value + V(0));
    } else {
        return static_cast<U>(value);
    }
}

/// sum / count to the nearest integer, halves to even.
[[nodiscard]] inline std::int64_t rounded_quotient(std::int64_t sum, std::int64_t count) noexcept {
    // Up to 2^18 voxels of 32 bits the quotient in float64 is off by less than its distance from a half.
    if (count <= (Index{1} << 18)) {
        constexpr double rounder = 6755399441055744.0; // 1.5 * 2^52: adding it rounds half to even
        return static_cast<std::int64_t>((static_cast<double>(sum) / static_cast<double>(count) + rounder) -
                                         rounder);
    }
    std::int64_t quotient = sum / count;
    std::int64_t rest = sum % count;
    if (rest < 0) { // towards minus infinity
        rest += count;
        --quotient;
    }
    const bool up = 2 * rest > count || (2 * rest == count && quotient % 2 != 0);
    return quotient + (up ? 1 : 0);
}

template <class U, class Sum>
[[nodiscard]] U mean_of(Sum sum, Index count) noexcept {
    if constexpr (std::is_floating_point_v<U>) {
        return canonical<U>(static_cast<double>(sum) / static_cast<double>(count));
    } else {
        return static_cast<U>(rounded_quotient(sum, count));
    }
}

template <class U, class Sum>
[[nodiscard]] U sum_of(Sum sum) noexcept {
    if constexpr (std::is_floating_point_v<U>) {
        return canonical<U>(static_cast<double>(sum));
    } else {
        const std::int64_t wide = sum;
        const std::int64_t low = std::numeric_limits<U>::min();
        const std::int64_t high = std::numeric_limits<U>::max();
        return static_cast<U>(wide < low ? low : wide > high ? high : wide);
    }
}

} // namespace radpix::project
