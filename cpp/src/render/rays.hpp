// SPDX-License-Identifier: Apache-2.0
/// From rays in patient mm to samples in indices.
#pragma once

#include "render/kernels.hpp"

namespace radpix::render {

/// Where samples lie along a ray's part inside the volume.
enum class Spacing : std::uint8_t {
    whole_steps, ///< one step apart from the entry on, then the rest
    equal_parts, ///< in the middles of equal parts no longer than a step
};

/// mm; shorter ways are not sampled.
inline constexpr double shortest_rest = 1e-9;

/// The ray in indices: position at t = 0 and way per mm.
struct Line {
    double origin[3], direction[3];
    double from, to; ///< t within the volume; empty unless from < to

    /// Whether it is long enough to be sampled.
    [[nodiscard]] bool hits() const noexcept { return to - from > shortest_rest; }
};

[[nodiscard]] Line line_of(const Rays &rays, const Index *shape, double row, double column) noexcept;

/// Places the samples of ray `i` between the ends of its line.
void place(Packet &packet, int i, const Line &line, double step, Spacing spacing) noexcept;

/// Throws Error(invalid_argument) for rays that are not finite, a step that is not positive, or more than
/// 2^20 samples through the volume's diagonal.
void check_rays(const Rays &rays, const Index *shape);

/// The rays of `count` <= lanes neighbouring columns from `column` on; the other lanes are empty.
[[nodiscard]] Packet packet_of(const Rays &rays, const Index *shape, Index row, Index column, Index count,
                               Spacing spacing) noexcept;

/// 1 - exp(-depth) for depth >= 0, by multiplications only, so that every system has the same bits.
[[nodiscard]] double opacity_of(double depth) noexcept;

} // namespace radpix::render
