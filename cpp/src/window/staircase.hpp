// SPDX-License-Identifier: Apache-2.0
/// A window of 8 or 16-bit integers onto uint8 is a staircase: monotone, with at most 255 steps. Knowing the
/// steps, a cheaper kernel can be proven equal to the standard's float64 formula for every pixel value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "window/voi.hpp"

namespace radpix::window_kernels {

/// Pixel values first .. last all have this level.
struct Step {
    std::int32_t first, last;
    std::int32_t level;
};

class Staircase {
public:
    /// `type` is an integer type of up to 16 bits.
    Staircase(const Voi &voi, DataType type, const Kernels &used);

    /// Steps by ascending pixel value; they cover the type's range.
    [[nodiscard]] std::vector<Step> steps() const;

private:
    void find_starts();
    void correct(std::int32_t level, std::int32_t guess);
    [[nodiscard]] bool reaches(std::int32_t position, std::int32_t level) const noexcept;
    void evaluate(const std::int32_t *pixels, std::uint8_t *levels, Index n) const noexcept;

    Voi voi_;
    Literal literal_;
    // Positions are pixel values, negated where levels fall with rising values: levels rise with positions.
    std::int32_t direction_;
    std::int32_t first_, last_;     ///< positions of the type's range
    std::int32_t lowest_, highest_; ///< levels
    std::array<std::int32_t, 256>
        start_{}; ///< first position whose level is at least the index; last_ + 1: none
};

/// Whether rounding can never make the formula fall where it should rise. LINEAR and LINEAR_EXACT are sums,
/// products and quotients, each monotone; the exponential of SIGMOID errs by an ulp, so neighbouring pixel
/// values must differ by more.
[[nodiscard]] bool is_monotone(const Voi &voi) noexcept;

/// A ramp with which the kernel for `type` (int16 or uint16) is proven to give the staircase for every pixel
/// value, where one was found.
[[nodiscard]] std::optional<Ramp> proven_ramp(const Voi &voi, DataType type, const std::vector<Step> &steps,
                                              const Kernels &used) noexcept;

} // namespace radpix::window_kernels
