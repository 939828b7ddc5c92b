// SPDX-License-Identifier: Apache-2.0
/// The separable filter over tiles of the output. A tile is a band of rows and columns that runs through all
/// slices: every input slice of the band is resampled in y and x once, kept in a ring as long as the z
/// windows need it, and written rounded straight to the output. Bands share nothing, so no work is done twice
/// and the ring (256 KiB) stays in the second-level cache.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "radpix/parallel.hpp"
#include "resample/axis_taps.hpp"
#include "resample/kernels.hpp"

namespace radpix::resample {

inline constexpr Index ring_bytes = Index{256} << 10;
inline constexpr Index pack_bytes = Index{4} << 20;
inline constexpr Index max_tile_rows = 32;
inline constexpr Index max_tile_columns = 2048;
inline constexpr Index wanted_tiles = 8; ///< enough for a few threads to share evenly

inline constexpr Index rows_ahead = 4; ///< to prefetch
inline constexpr Index cache_line = 64;

/// Turning rows and back takes as long as the permutations of six taps.
inline constexpr Index least_taps_to_turn = 8;

// Inlined by force: GCC takes a function that only prefetches for one without effects and drops the call.
#if defined(__GNUC__)
#define RADPIX_PREFETCHING [[gnu::always_inline]] inline
RADPIX_PREFETCHING void prefetch(const void *address) noexcept {
    __builtin_prefetch(address);
}
#else
#define RADPIX_PREFETCHING inline
inline void prefetch(const void * /*address*/) noexcept {}
#endif

[[nodiscard]] constexpr Index ceil_div(Index a, Index b) noexcept {
    return (a + b - 1) / b;
}

/// The x windows in the form of ColumnPlan.
template <class A>
class ColumnTables {
public:
    explicit ColumnTables(const AxisTaps &axis) : is_shift(axis.is_shift()) {
        const Index count = axis.count();
        const Index groups = ceil_div(count, group_size);
        const Index padded = groups * group_size;
        start_.resize(static_cast<std::size_t>(padded));
        weights_.resize(static_cast<std::size_t>(padded * axis.taps));
        for (Index i = 0; i < padded; ++i) {
            const Index from = std::min(i, count - 1);
            start_[static_cast<std::size_t>(i)] = axis.start[static_cast<std::size_t>(from)];
            for (Index j = 0; j < axis.taps; ++j) {
                weights_[static_cast<std::size_t>(j * padded + i)] =
                    static_cast<A>(axis.weights[static_cast<std::size_t>(from * axis.taps + j)]);
            }
        }
        plan = {groups, axis.taps, start_.data(), weights_.data()};
    }
    ColumnTables(const ColumnTables &) = delete;
    ColumnTables &operator=(const ColumnTables &) = delete;

    ColumnPlan<A> plan;
    bool is_shift; ///< the x pass only moves the row

private:
    std::vector<std::int32_t> start_;
    std::vector<A> weights_;
};

/// Output ranges relative to the first sample inside the volume.
struct Tile {
    Index z0, z1, y0, y1, x0, x1;
};

/// How the output is cut; depends on the shapes only.
struct Tiling {
    Index rows, columns, slices;
    Index y_tiles, x_tiles, z_tiles;

    [[nodiscard]] Index count() const noexcept { return y_tiles * x_tiles * z_tiles; }
};

/// `packed`: whether rows of the input are copied first, which takes scratch for a band of one slice.
[[nodiscard]] Tiling make_tiling(const std::array<AxisTaps, 3> &axes, Index arithmetic_bytes, bool packed);

/// One call. A: the type of the arithmetic.
template <class T, class A>
class Separable {
public:
    Separable(const VolumeView<const T> &voxels, const VolumeView<T> &out,
              const std::array<AxisTaps, 3> &axes, const RowKernels<T, A> &kernels)
        : in_(voxels), out_(out), z_(axes[0]), y_(axes[1]), x_(axes[2]), kernels_(kernels), columns_(axes[2]),
          z_weights_(z_.weights.begin(), z_.weights.end()), y_weights_(y_.weights.begin(), y_.weights.end()),
          tiling_(make_tiling(axes, sizeof(A), voxels.column_stride != 1)) {}

    void run(int threads) const {
        parallel_for(0, tiling_.count(), 1, threads, [this](Index first, Index last) {
            for (Index i = first; i < last; ++i) {
                run_tile(tile(i));
            }
        });
    }

private:
    struct Scratch {
        Tile tile;
        Index x_begin, x_end; ///< input columns
        Index stride;         ///< of the ring's rows
        std::vector<A> ring;  ///< [slot][row][column]
        std::vector<A> rows;  ///< of the x pass, row_stride apart
        std::vector<A> turned;
        Index row_stride;
        std::vector<Index> held; ///< the input slice of each slot
        std::vector<T> packed, staged;
        std::vector<const T *> in_rows;
        std::vector<const A *> slabs;
    };

    [[nodiscard]] static std::size_t at(Index i) noexcept { return static_cast<std::size_t>(i); }

    [[nodiscard]] Tile tile(Index i) const noexcept {
        const Index x = i % tiling_.x_tiles * tiling_.columns;
        const Index y = i / tiling_.x_tiles % tiling_.y_tiles * tiling_.rows;
        const Index z = i / tiling_.x_tiles / tiling_.y_tiles * tiling_.slices;
        return {z, std::min(z + tiling_.slices, z_.count()), y, std::min(y + tiling_.rows, y_.count()),
                x, std::min(x + tiling_.columns, x_.count())};
    }

    [[nodiscard]] Scratch make_scratch(const Tile &tile) const {
        Scratch s{};
        s.tile = tile;
        s.x_begin = x_.start[at(tile.x0)];
        s.x_end = x_.start[at(tile.x1 - 1)] + x_.taps;
        s.stride = ceil_div(tile.x1 - tile.x0, group_size) * group_size;
        s.ring.resize(at(z_.taps * (tile.y1 - tile.y0) * s.stride));
        s.row_stride = ceil_div(s.x_end - s.x_begin + row_padding, group_size) * group_size;
        s.rows.resize(at(s.row_stride * rows_together()));
        s.turned.resize(rows_together() > 1 ? s.rows.size() : 0);
        s.held.assign(at(z_.taps), -1);
        s.in_rows.resize(at(y_.taps));
        s.slabs.resize(at(z_.taps));
        if (in_.column_stride != 1) {
            s.packed.resize(at((rows_end(tile) - rows_begin(tile)) * (s.x_end - s.x_begin)));
        }
        if (out_.column_stride != 1) {
            s.staged.resize(at(tile.x1 - tile.x0));
        }
        return s;
    }

    [[nodiscard]] Index rows_begin(const Tile &tile) const noexcept { return y_.start[at(tile.y0)]; }
    [[nodiscard]] Index rows_end(const Tile &tile) const noexcept {
        return y_.start[at(tile.y1 - 1)] + y_.taps;
    }

    void run_tile(const Tile &tile) const {
        Scratch s = make_scratch(tile);
        const Index slab = (tile.y1 - tile.y0) * s.stride;
        for (Index z = tile.z0; z < tile.z1; ++z) {
            const Index start = z_.start[at(z)];
            for (Index j = 0; j < z_.taps; ++j) {
                const Index slot = (start + j) % z_.taps;
                if (s.held[at(slot)] != start + j) {
                    resample_slice(s, start + j, s.ring.data() + slot * slab);
                    s.held[at(slot)] = start + j;
                }
                s.slabs[at(j)] = s.ring.data() + slot * slab;
            }
            write_slice(s, z);
        }
    }

    /// y and x passes of one input slice.
    void resample_slice(Scratch &s, Index slice, A *slab) const {
        const bool packed = in_.column_stride != 1;
        const Index begin = rows_begin(s.tile);
        const T *origin = packed ? pack(s, slice) : &in_(slice, begin, s.x_begin);
        const Index row_stride = packed ? s.x_end - s.x_begin : in_.row_stride;
        for (Index y = s.tile.y0; y < s.tile.y1; ++y, slab += s.stride) {
            for (Index j = 0; j < y_.taps; ++j) {
                s.in_rows[at(j)] = origin + (y_.start[at(y)] - begin + j) * row_stride;
            }
            const A *weights = y_weights_.data() + y * y_.taps;
            if (!packed) {
                prefetch_for(s, slice, y);
            }
            const Index waiting = (y - s.tile.y0) % rows_together();
            A *target = columns_.is_shift ? slab : s.rows.data() + waiting * s.row_stride;
            kernels_.blend_in(s.in_rows.data(), weights, y_.taps, s.x_end - s.x_begin, target);
            if (!columns_.is_shift && (waiting + 1 == rows_together() || y + 1 == s.tile.y1)) {
                blend_columns(s, waiting + 1, slab - waiting * s.stride);
            }
        }
    }

    /// Rows whose x pass is done at once: many taps pay for turning them.
    [[nodiscard]] Index rows_together() const noexcept {
        return kernels_.columns_of_rows != nullptr && x_.taps >= least_taps_to_turn ? row_group : 1;
    }

    /// x pass of the first `count` of `s.rows`.
    void blend_columns(Scratch &s, Index count, A *slab) const {
        const auto column = static_cast<std::int32_t>(s.x_begin);
        const Index group = s.tile.x0 / group_size;
        const Index groups = s.stride / group_size;
        if (rows_together() == 1) {
            kernels_.columns(s.rows.data(), column, columns_.plan, group, groups, slab);
        } else {
            kernels_.columns_of_rows(s.rows.data(), s.row_stride, count, column, columns_.plan, group, groups,
                                     slab, s.stride, s.turned.data());
        }
    }

    /// Asks for the input rows that the output rows after y will be the first to read: a band is too short
    /// for the processor to notice its stream (linear to 1 mm: 26 instead of 34 ms).
    RADPIX_PREFETCHING void prefetch_for(const Scratch &s, Index slice, Index y) const {
        const Index begin = rows_begin(s.tile);
        const Index end = rows_end(s.tile);
        const Index reach = y_.taps + rows_ahead;
        Index row = y == s.tile.y0 ? begin + rows_ahead : y_.start[at(y - 1)] + reach;
        for (; row < y_.start[at(y)] + reach; ++row) {
            const bool here = row < end;
            const Index wrapped = here ? row : row - end + begin;
            if (wrapped >= end || (!here && slice + 1 >= in_.depth)) {
                return;
            }
            const T *samples = &in_(here ? slice : slice + 1, wrapped, s.x_begin);
            for (Index x = 0; x < s.x_end - s.x_begin; x += cache_line / static_cast<Index>(sizeof(T))) {
                prefetch(samples + x);
            }
        }
    }

    /// Copies the band of a slice whose columns are not neighbours.
    const T *pack(Scratch &s, Index slice) const {
        const Index width = s.x_end - s.x_begin;
        T *target = s.packed.data();
        for (Index y = rows_begin(s.tile); y < rows_end(s.tile); ++y) {
            const T *source = &in_(slice, y, s.x_begin);
            for (Index x = 0; x < width; ++x) {
                *target++ = source[x * in_.column_stride];
            }
        }
        return s.packed.data();
    }

    /// z pass of one output slice.
    void write_slice(Scratch &s, Index z) const {
        const Index width = s.tile.x1 - s.tile.x0;
        const A *weights = z_weights_.data() + z * z_.taps;
        for (Index y = s.tile.y0; y < s.tile.y1; ++y) {
            T *target = &out_(z_.first + z, y_.first + y, x_.first + s.tile.x0);
            if (out_.column_stride == 1) {
                kernels_.blend_out(s.slabs.data(), weights, z_.taps, width, target);
            } else {
                kernels_.blend_out(s.slabs.data(), weights, z_.taps, width, s.staged.data());
                for (Index x = 0; x < width; ++x) {
                    target[x * out_.column_stride] = s.staged[at(x)];
                }
            }
            for (const A *&rows : s.slabs) {
                rows += s.stride;
            }
        }
    }

    VolumeView<const T> in_;
    VolumeView<T> out_;
    const AxisTaps &z_, &y_, &x_;
    const RowKernels<T, A> &kernels_;
    ColumnTables<A> columns_;
    std::vector<A> z_weights_, y_weights_;
    Tiling tiling_;
};

} // namespace radpix::resample
