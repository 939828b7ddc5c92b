// SPDX-License-Identifier: Apache-2.0
/// Rays through a volume: compositing of a transfer function, projections, line integrals.
///
/// Rays are given in patient mm. A ray's part inside the volume (-0.5 <= index <= n - 0.5 on every axis) is
/// sampled by trilinear interpolation in float32, along x, then y, then z, clamped at the outermost centres.
/// Every CPU level and thread count gives the same bits.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "radpix/view.hpp"

namespace radpix::render {

using Vector = std::array<double, 3>;

/// The ray of pixel (r, c): origin + r * origin_row + c * origin_column + t * unit(direction + ...), t in mm
/// within [near, far]. Vectors are (x, y, z) in patient space.
struct Rays {
    Vector origin{}, origin_row{}, origin_column{};
    Vector direction{}, direction_row{}, direction_column{};
    std::array<double, 12> to_index{}; ///< 3 x 4, row-major: patient mm to index (z, y, x)
    double near = 0, far = 0;
    double step = 1; ///< mm between samples
};

/// Colours and extinction of the values first, first + 1 / scale, ...: `table` (entries, 4) float32, each
/// red, green, blue in [0, 1] and the extinction per mm. Values between take the nearest entry, values
/// outside the first or last; a NaN is transparent.
struct Transfer {
    ArrayView table;
    double first = 0, scale = 1;
};

/// Blinn-Phong with the light at the eye: colour * (ambient + diffuse * n) + specular * n^power.
struct Lighting {
    bool shading = false;
    float ambient = 0, diffuse = 0, specular = 0;
    int power = 1;
};

/// Blocks of this many voxels along each axis are skipped as one.
inline constexpr Index block = 8;

/// Fills `out` (blocks z, blocks y, blocks x, 2), float32: the smallest and the largest voxel that samples
/// with their lower corner in the block can meet, which are block + 1 along each axis. A block with a NaN has
/// an infinite range. Voxels equal to `padding` (NaN: every NaN) take no part; a block of nothing else is
/// from infinity to -infinity. What takes these ranges takes the same padding.
void block_ranges(const ArrayView &voxels, const ArrayView &out, int threads,
                  std::optional<double> padding = std::nullopt);

/// Fills `out` (rows, columns, 4), float32: red, green, blue weighted with the opacity, and the opacity.
/// The last, partial step of a ray counts with its length; a ray ends at an opacity above 1023 / 1024.
/// Voxels equal to `padding` (NaN: every NaN) are absent: a sample is the mean of the others by their
/// weights, one of which they have more than 1/2 is transparent. Beside such a sample the gradient is
/// one-sided, and 0 along an axis with one on either side.
void composite(const ArrayView &voxels, const ArrayView &ranges, const ArrayView &out, const Rays &rays,
               const Transfer &transfer, const Lighting &lighting, int threads,
               std::optional<double> padding = std::nullopt);

/// A volume that is composited with others along the same rays.
struct Layer {
    ArrayView voxels, ranges;
    std::array<double, 12> to_index{}; ///< as of `Rays`, of this volume
    Transfer transfer;
    Lighting lighting;
    std::optional<double> padding{}; ///< as of `composite`
};

/// As `composite`, of 1 to 16 volumes that share the rays (whose own to_index does not count) and lie
/// anywhere. Samples lie where those of the first one alone would, and on from there where a ray meets only
/// others; where several show, extinctions add up and colours weigh as their extinctions do. A layer counts
/// for the samples inside it, each with a whole step. One layer alone, and any that shows nothing beside it,
/// gives the bits of `composite`.
void composite_layers(std::span<const Layer> layers, const ArrayView &out, const Rays &rays, int threads);

enum class Combine : std::uint8_t { max, min, mean, integral, local_max };

/// "max", "min", "mean", "integral", "local-max"; throws Error(invalid_argument) for any other name.
[[nodiscard]] Combine combine_named(std::string_view name);

/// What `cast` makes of the samples.
struct Reduction {
    Combine combine = Combine::max;
    float threshold = 0;         ///< of local_max: the first local maximum that reaches it, else the maximum
    float scale = 1, offset = 0; ///< of integral: the integral of max(0, scale * value + offset) over mm
    double fill = 0;             ///< where a ray meets no voxel, or none that is a number
    /// Voxels equal to it (NaN: every NaN) are absent: a sample is the mean of the others by their weights,
    /// one of which they have more than 1/2 is left out; the integral over it is 0. A ray that meets voxels
    /// and has no other samples is the padding value.
    std::optional<double> padding{};
};

/// Fills `out` and `depth`, both (rows, columns) float32, `out` also float64: of values that are float32,
/// with the fill as it is. The depth is t of the sample found (NaN where there is none, and for mean and
/// integral). A ray has ceil(length / step) samples, in the middles of equal parts.
void cast(const ArrayView &voxels, const ArrayView &ranges, const ArrayView &out, const ArrayView &depth,
          const Rays &rays, const Reduction &reduction, int threads);

} // namespace radpix::render
