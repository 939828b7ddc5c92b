// SPDX-License-Identifier: Apache-2.0
#include "resample/separable.hpp"

namespace radpix::resample {

Tiling make_tiling(const std::array<AxisTaps, 3> &axes, Index arithmetic_bytes, bool packed) {
    const auto &[z, y, x] = axes;
    Tiling tiling{};
    const Index fitting = ring_bytes * 4 / (z.taps * arithmetic_bytes) / group_size * group_size;
    tiling.columns = std::clamp(fitting, group_size, max_tile_columns);
    tiling.rows = std::clamp(ring_bytes / (z.taps * std::min(tiling.columns, x.count()) * arithmetic_bytes),
                             Index{1}, max_tile_rows);
    if (packed) {
        // What a band of rows and columns covers in the input, for voxels of at most 8 bytes.
        const auto reach = [](const AxisTaps &axis, Index outputs) {
            const Index extent = axis.start.back() - axis.start.front();
            return ceil_div(extent * std::min(outputs, axis.count()), axis.count()) + axis.taps;
        };
        while (tiling.columns > group_size &&
               reach(y, tiling.rows) * reach(x, tiling.columns) > pack_bytes / 8) {
            tiling.columns = tiling.columns / 2 / group_size * group_size;
        }
    }
    // Bands of the same height: a last one of few rows leaves a thread without work for most of a band.
    tiling.y_tiles = ceil_div(y.count(), tiling.rows);
    tiling.rows = ceil_div(y.count(), tiling.y_tiles);
    tiling.x_tiles = ceil_div(x.count(), tiling.columns);
    // Cutting through slices recomputes those that two tiles need: only where there are too few bands.
    const Index bands = tiling.y_tiles * tiling.x_tiles;
    const Index chunks = std::clamp(wanted_tiles / bands, Index{1}, std::max<Index>(z.count() / 16, 1));
    tiling.slices = ceil_div(z.count(), chunks);
    tiling.z_tiles = ceil_div(z.count(), tiling.slices);
    return tiling;
}

} // namespace radpix::resample
