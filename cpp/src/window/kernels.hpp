// SPDX-License-Identifier: Apache-2.0
/// What a CPU level provides for window() and rescale(). Values pass through float64 in blocks that stay in
/// the first-level cache: load + rescale, evaluate the window, store; only the common cases have fused
/// kernels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "radpix/view.hpp"

namespace radpix::window_kernels {

/// Terms of y = ((x - base) / span + 0.5) * range + minimum, minimum for x <= low, maximum for x > high; for
/// SIGMOID base and span are center and width.
struct VoiTerms {
    double base, span, low, high, range, minimum, maximum;
};

/// An integer y is clamped to [low, high] and rounded half to even; then, for all types, sign * y + offset.
struct StoreTerms {
    double low, high, sign, offset;
};

/// y = scale * (x - origin) + offset in float32, with one rounding or two, then rounded half to even and
/// saturated to uint8. The CPU levels may differ, also by saturating the difference to int16, but each is
/// monotone in x. `origin` is a value of the pixels' type, |scale| <= 1024, |offset| < 1e9.
struct Ramp {
    float scale, offset;
    std::int32_t origin;
};

inline constexpr std::size_t type_count = 10; // entries of DataType

using Load = void (*)(const void *pixels, Index stride, double *values, Index n, double slope,
                      double intercept) noexcept;
using Evaluate = void (*)(double *values, Index n, const VoiTerms &terms) noexcept;
using Store = void (*)(const double *values, void *out, Index stride, Index n,
                       const StoreTerms &terms) noexcept;

struct Kernels {
    std::array<Load, type_count> load; ///< by DataType
    Evaluate linear, sigmoid;
    std::array<Store, type_count> store; ///< by DataType; null for 64-bit integers
    void (*ramp_int16)(const std::int16_t *pixels, std::uint8_t *out, Index n, Ramp ramp,
                       bool stream) noexcept;
    void (*ramp_uint16)(const std::uint16_t *pixels, std::uint8_t *out, Index n, Ramp ramp,
                        bool stream) noexcept;
    /// Saturated pixels + term as int16; for uint16 pixels term is in [-65536, 32767].
    void (*shift_int16)(const std::int16_t *pixels, std::int16_t *out, Index n, int term,
                        bool stream) noexcept;
    void (*shift_uint16)(const std::uint16_t *pixels, std::int16_t *out, Index n, int term,
                         bool stream) noexcept;
};

extern const Kernels scalar_kernels;
extern const Kernels avx2_kernels;

/// The kernels of the CPU level in use.
[[nodiscard]] const Kernels &kernels();

/// Values of a block: 8 KiB of float64.
inline constexpr Index block_length = 1024;

} // namespace radpix::window_kernels
