// SPDX-License-Identifier: Apache-2.0
/// Voxels that hold the padding value (PS3.3 C.7.5.1.1.2) are absent: there is no tissue value at their
/// place.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>

namespace radpix {

/// Tells the absent voxels of type T, those equal to `value`; a value of NaN makes every NaN absent.
template <class T>
struct Absent {
    T value;
    bool is_nan;

    [[nodiscard]] bool operator()(T voxel) const noexcept {
        if constexpr (std::is_floating_point_v<T>) {
            return is_nan ? voxel != voxel : voxel == value;
        } else {
            return voxel == value;
        }
    }
};

/// Nothing where no voxel of the type can equal `padding`. For float32 the padding is rounded as the voxels
/// are.
template <class T>
[[nodiscard]] std::optional<Absent<T>> absent_of(std::optional<double> padding) noexcept {
    if (!padding) {
        return std::nullopt;
    }
    const double value = *padding;
    if constexpr (std::is_floating_point_v<T>) {
        if (std::isnan(value)) {
            return Absent<T>{std::numeric_limits<T>::quiet_NaN(), true};
        }
        if (std::isfinite(value) && std::abs(value) > static_cast<double>(std::numeric_limits<T>::max())) {
            return std::nullopt;
        }
        return Absent<T>{static_cast<T>(value), false};
    } else {
        // Both bounds are powers of two (or 0), exact in float64 for integers of 64 bits as well.
        const double low = static_cast<double>(std::numeric_limits<T>::min());
        const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
        if (!(value >= low && value < end) || value != std::floor(value)) {
            return std::nullopt;
        }
        return Absent<T>{static_cast<T>(value), false};
    }
}

} // namespace radpix
