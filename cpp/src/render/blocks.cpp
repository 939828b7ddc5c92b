// SPDX-License-Identifier: Apache-2.0
#include "render/blocks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "base/absent.hpp"
#include "radpix/error.hpp"
#include "radpix/parallel.hpp"
#include "render/sample.hpp"

namespace radpix::render {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// How far interpolation may round beyond a range, and more, beside absent voxels too: their weights are up
/// to 1/2, and dividing by the rest doubles what was rounded.
[[nodiscard]] float rounding_of(float low, float high) noexcept {
    return std::max(std::abs(low), std::abs(high)) * 0x1p-18F;
}

/// Widens each block's range by its part of a row.
template <class T, class IsAbsent>
void fold_row(const T *row, Index stride, Index width, const IsAbsent &is_absent, std::vector<T> &low,
              std::vector<T> &high, std::vector<char> &nan) noexcept {
    for (std::size_t b = 0; b < low.size(); ++b) {
        const Index first = static_cast<Index>(b) * block;
        const Index end = std::min(first + block + 1, width);
        T lowest = low[b];
        T highest = high[b];
        bool unordered = false;
        for (Index x = first; x < end; ++x) {
            const T value = row[x * stride];
            if (is_absent(value)) {
                continue;
            }
            lowest = value < lowest ? value : lowest;
            highest = value > highest ? value : highest;
            unordered |= value != value;
        }
        low[b] = lowest;
        high[b] = highest;
        nan[b] = static_cast<char>(nan[b] | static_cast<char>(unordered));
    }
}

template <class T, class IsAbsent>
void ranges_of_row(const VolumeView<const T> &voxels, Index bz, Index by, const IsAbsent &is_absent,
                   float *out) {
    const Index count = blocks_along(voxels.width);
    std::vector<T> low(static_cast<std::size_t>(count), std::numeric_limits<T>::max());
    std::vector<T> high(static_cast<std::size_t>(count), std::numeric_limits<T>::lowest());
    std::vector<char> nan(static_cast<std::size_t>(count), 0);
    for (Index z = bz * block; z < std::min(bz * block + block + 1, voxels.depth); ++z) {
        for (Index y = by * block; y < std::min(by * block + block + 1, voxels.height); ++y) {
            fold_row(voxels.row(z, y), voxels.column_stride, voxels.width, is_absent, low, high, nan);
        }
    }
    for (std::size_t b = 0; b < low.size(); ++b) {
        const bool is_empty = low[b] > high[b];
        out[2 * b] = nan[b] != 0 ? -infinity : is_empty ? infinity : static_cast<float>(low[b]);
        out[2 * b + 1] = nan[b] != 0 ? infinity : is_empty ? -infinity : static_cast<float>(high[b]);
    }
}

void check_ranges(const ArrayView &voxels, const ArrayView &out) {
    bool fits = voxels.rank == 3 && out.rank == 4 && out.type == DataType::float32 && out.shape[3] == 2;
    Index stride = 2;
    for (std::size_t axis = 3; fits && axis-- > 0;) {
        fits = voxels.shape[axis] > 0 && out.shape[axis] == blocks_along(voxels.shape[axis]) &&
               (out.strides[axis] == stride || out.shape[axis] == 1);
        stride *= out.shape[axis];
    }
    if (!fits || out.strides[3] != 1) {
        throw_error(Errc::shape_mismatch,
                    "block ranges are contiguous float32 (blocks z, y, x, 2) of a volume");
    }
}

template <class T, class IsAbsent>
void fill_ranges(const ArrayView &voxels, const ArrayView &out, const IsAbsent &is_absent, int threads) {
    const auto source = voxels.volume<const T>();
    const Index across = out.shape[1], blocks = out.shape[2];
    auto *const target = static_cast<float *>(out.data);
    parallel_for(0, out.shape[0] * across, 4, threads, [&](Index first, Index last) {
        for (Index row = first; row < last; ++row) {
            ranges_of_row<T>(source, row / across, row % across, is_absent, target + row * blocks * 2);
        }
    });
}

/// Farther is not told apart: 16 blocks are skipped at a time.
constexpr std::int32_t farthest = 16;

/// Distances of blocks, counted in steps to any of 26 neighbours, from those of 0: every step goes to one of
/// the 13 neighbours that come first in the memory or to one of the others, and a shortest way may take all
/// steps of one kind before those of the other. So two passes find it (6 instead of 30 ns for a block).
class Spreading {
public:
    Spreading(std::int32_t *distance, const std::array<Index, 3> &shape)
        : distance_(distance), shape_(shape), least_(static_cast<std::size_t>(shape[2] + 2), farthest) {}

    void run() noexcept {
        const Index rows = shape_[0] * shape_[1];
        for (Index row = 0; row < rows; ++row) {
            take_from_rows_before(row, -1);
            std::int32_t *here = distance_ + row * shape_[2];
            for (Index x = 1; x < shape_[2]; ++x) {
                here[x] = std::min(here[x], here[x - 1] + 1);
            }
        }
        for (Index row = rows; row-- > 0;) {
            take_from_rows_before(row, 1);
            std::int32_t *here = distance_ + row * shape_[2];
            for (Index x = shape_[2] - 1; x-- > 0;) {
                here[x] = std::min(here[x], here[x + 1] + 1);
            }
        }
    }

private:
    /// Of the rows on one side: three of the slice there, one of this slice.
    void take_from_rows_before(Index row, Index side) noexcept {
        const Index z = row / shape_[1];
        const Index y = row % shape_[1];
        std::fill(least_.begin(), least_.end(), farthest);
        for (Index dy = -1; dy <= 1; ++dy) {
            take_least(z + side, y + dy);
        }
        take_least(z, y + side);
        const std::int32_t *least = least_.data();
        std::int32_t *here = distance_ + row * shape_[2];
        for (Index x = 0; x < shape_[2]; ++x) {
            here[x] = std::min(here[x], std::min(std::min(least[x], least[x + 1]), least[x + 2]) + 1);
        }
    }

    void take_least(Index z, Index y) noexcept {
        if (z < 0 || z >= shape_[0] || y < 0 || y >= shape_[1]) {
            return;
        }
        const std::int32_t *from = distance_ + (z * shape_[1] + y) * shape_[2];
        std::int32_t *least = least_.data() + 1;
        for (Index x = 0; x < shape_[2]; ++x) {
            least[x] = std::min(least[x], from[x]);
        }
    }

    std::int32_t *distance_;
    std::array<Index, 3> shape_;
    std::vector<std::int32_t> least_; ///< of a row, with a block more at either end
};

} // namespace

void block_ranges(const ArrayView &voxels, const ArrayView &out, int threads, std::optional<double> padding) {
    check_ranges(voxels, out);
    with_type(voxels.type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        if (const std::optional<Absent<T>> absent = absent_of<T>(padding)) {
            fill_ranges<T>(voxels, out, *absent, threads);
        } else {
            fill_ranges<T>(voxels, out, [](T) { return false; }, threads);
        }
    });
}

std::vector<std::int32_t> distances(const ArrayView &ranges, const Scene &scene,
                                    const std::vector<Index> &shown_before) {
    const auto *range = static_cast<const float *>(ranges.data);
    const auto size = static_cast<std::size_t>(ranges.size() / 2);
    std::vector<std::int32_t> distance(size);
    for (std::size_t b = 0; b < size; ++b) {
        if (range[2 * b] > range[2 * b + 1]) {
            distance[b] = farthest; // nothing but absent voxels
            continue;
        }
        const float margin = rounding_of(range[2 * b], range[2 * b + 1]);
        const Index low = entry_of(range[2 * b] - margin, scene.first, scene.scale, scene.entries);
        const Index high = entry_of(range[2 * b + 1] + margin, scene.first, scene.scale, scene.entries);
        const auto from = static_cast<std::size_t>(low);
        const auto to = static_cast<std::size_t>(high + 1);
        distance[b] = shown_before[to] > shown_before[from] ? 0 : farthest;
    }
    Spreading(distance.data(), {ranges.shape[0], ranges.shape[1], ranges.shape[2]}).run();
    return distance;
}

std::vector<float> bounds_of(const ArrayView &ranges, float sign) {
    const auto *range = static_cast<const float *>(ranges.data);
    std::vector<float> bounds(static_cast<std::size_t>(ranges.size() / 2));
    for (std::size_t b = 0; b < bounds.size(); ++b) {
        const float low = range[2 * b];
        const float high = range[2 * b + 1];
        // NaN cannot be: infinities have one sign here.
        bounds[b] = low > high ? -infinity : (sign > 0 ? high : -low) + rounding_of(low, high);
    }
    return bounds;
}

} // namespace radpix::render
