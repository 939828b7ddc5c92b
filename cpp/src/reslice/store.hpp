// SPDX-License-Identifier: Apache-2.0
/// From the kernels' floating point rows to the output's type.
#pragma once

#include <limits>
#include <type_traits>

#include "radpix/view.hpp"

namespace radpix::reslice {

/// Rounded half to even and saturated; `value` is a number.
template <class Out, class W>
[[nodiscard]] inline Out rounded(W value) noexcept {
    if constexpr (sizeof(Out) == 8) {
        // Above 2^52 every double is an integer already; 2^63 and 2^64 do not fit.
        constexpr W limit = std::is_signed_v<Out> ? W(9223372036854775808.0) : W(18446744073709551616.0);
        if (value >= limit) {
            return std::numeric_limits<Out>::max();
        }
        if (value <= (std::is_signed_v<Out> ? -limit : W{0})) {
            return std::numeric_limits<Out>::min();
        }
        constexpr W magic = W(4503599627370496.0);
        const W size = value < 0 ? -value : value;
        const W whole = size < magic ? (size + magic) - magic : size;
        return static_cast<Out>(value < 0 ? -whole : whole);
    } else {
        // Adding 1.5 * 2^(bits of the mantissa) leaves no fraction, in the rounding mode of IEC 559. Unlike
        // nearbyint it is vectorised with SSE2: 0.5 ms less for 512 x 512.
        constexpr W magic = std::is_same_v<W, float> ? W(12582912.0) : W(6755399441055744.0);
        constexpr W low = static_cast<W>(std::numeric_limits<Out>::min());
        constexpr W high = static_cast<W>(std::numeric_limits<Out>::max());
        const W inside = value < low ? low : (value > high ? high : value);
        return static_cast<Out>((inside + magic) - magic);
    }
}

/// Writes `count` values; for integers none may be NaN.
template <class W, class Out>
inline void store_row(const W *values, Index count, Out *out, Index stride) noexcept {
    for (Index i = 0; i < count; ++i) {
        if constexpr (std::is_floating_point_v<Out>) {
            out[i * stride] = static_cast<Out>(values[i]);
        } else {
            out[i * stride] = rounded<Out>(values[i]);
        }
    }
}

} // namespace radpix::reslice
