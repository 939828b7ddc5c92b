// SPDX-License-Identifier: Apache-2.0
/// Checks, choice of the kernel, and tiling.
#include "radpix/reslice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/absent.hpp"
#include "base/checked_math.hpp"
#include "base/target_region.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"
#include "radpix/parallel.hpp"
#include "reslice/kernels.hpp"
#include "reslice/nearest.hpp"
#include "reslice/span.hpp"
#include "reslice/store.hpp"

namespace radpix::reslice {
namespace {

// A tile of 64 columns x 16 rows x 29 samples touches 0.2-0.5 MB of voxels: it stays in the L2 cache,
// whatever way the plane lies.
constexpr Index tile_columns = 64;
constexpr Index band_rows = 16;

void check_grid(const Grid &grid) {
    for (const Vector *vector :
         {&grid.origin, &grid.plane_step, &grid.row_step, &grid.column_step, &grid.slab_step}) {
        for (const double number : *vector) {
            if (!std::isfinite(number)) {
                throw_error(Errc::invalid_argument, "the grid's positions and steps are finite numbers");
            }
        }
    }
    if (grid.slab_samples < 1 || grid.slab_samples > max_slab_samples) {
        throw_error(Errc::invalid_argument, "a slab has 1 to " + std::to_string(max_slab_samples) +
                                                " samples, not " + std::to_string(grid.slab_samples));
    }
}

void check_arrays(const ArrayView &voxels, const ArrayView &out, double fill) {
    if (voxels.rank != 3 || out.rank != 3) {
        throw_error(Errc::shape_mismatch,
                    "voxels are (z, y, x) and the output (planes, rows, columns), not of " +
                        std::to_string(voxels.rank) + " and " + std::to_string(out.rank) + " dimensions");
    }
    const bool is_float = out.type == DataType::float32 || out.type == DataType::float64;
    if (out.type != voxels.type && !is_float) {
        throw_error(Errc::unsupported_type, "the output has the type of the voxels, float32 or float64");
    }
    if (voxels.type == DataType::float64 && out.type == DataType::float32) {
        throw_error(Errc::unsupported_type, "the output of float64 voxels is float64");
    }
    if (!is_float && std::isnan(fill)) {
        throw_error(Errc::invalid_argument, "integer pixels cannot be filled with NaN");
    }
}

/// The slab's offsets for each axis, one after the other.
std::vector<double> slab_offsets(const Grid &grid) {
    std::vector<double> offsets;
    offsets.reserve(3 * static_cast<std::size_t>(grid.slab_samples));
    const double middle = static_cast<double>(grid.slab_samples - 1) / 2;
    for (const double step : grid.slab_step) {
        for (Index k = 0; k < grid.slab_samples; ++k) {
            offsets.push_back((static_cast<double>(k) - middle) * step);
        }
    }
    return offsets;
}

template <class T>
bool fits_avx2(const Source<T> &source) noexcept {
    constexpr Index limit = Index{1} << 50;
    Index reach = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const Index steps = source.shape[axis] - 1;
        const Index stride = std::abs(source.strides[axis]);
        if (steps > limit || stride > limit || (steps > 0 && stride > limit / steps)) {
            return false;
        }
        reach += steps * stride;
    }
    return reach < limit && source.strides[2] == 1 && source.shape[2] > 1;
}

template <class T>
const KernelSet<T> &kernels_for(const Source<T> &source, Combine combine) {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() >= CpuLevel::avx2 && combine != Combine::median && fits_avx2(source)) {
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            return avx2_kernels.u8;
        } else if constexpr (std::is_same_v<T, std::uint16_t>) {
            return avx2_kernels.u16;
        } else if constexpr (std::is_same_v<T, std::int16_t>) {
            return avx2_kernels.i16;
        } else if constexpr (std::is_same_v<T, float>) {
            return avx2_kernels.f32;
        }
    }
#endif
    static_cast<void>(source);
    static_cast<void>(combine);
    return scalar_kernels<T>();
}

/// `fill` in the range of the output, with the one NaN of the kernels.
template <class W, class Out>
double usable_fill(double fill) noexcept {
    if constexpr (std::is_integral_v<Out>) {
        const auto low = static_cast<double>(std::numeric_limits<Out>::min());
        const auto high = static_cast<double>(std::numeric_limits<Out>::max());
        return std::clamp(std::nearbyint(fill), low, high);
    } else {
        constexpr auto largest = static_cast<double>(std::numeric_limits<W>::max());
        constexpr double infinity = std::numeric_limits<double>::infinity();
        if (fill != fill) {
            return std::numeric_limits<double>::quiet_NaN();
        }
        return fill > largest ? infinity : (fill < -largest ? -infinity : fill);
    }
}

/// One call: everything that is the same for all rows.
template <class T, class Out>
struct Job {
    Source<T> source;
    VolumeView<Out> out;
    const Grid &grid;
    const KernelSet<T> &kernels;
    Line line; ///< without start
    bool nearest;
};

template <class T, class Out>
Line line_of(const Job<T, Out> &job, Index row) noexcept {
    Line line = job.line;
    const auto p = static_cast<double>(row / job.out.height);
    const auto r = static_cast<double>(row % job.out.height);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        line.start[axis] =
            (job.grid.origin[axis] + p * job.grid.plane_step[axis]) + r * job.grid.row_step[axis];
    }
    return line;
}

/// The columns [column, column + tile_columns) of one row; `span` is that of the row.
template <class T, class Out>
void run_tile(const Job<T, Out> &job, const Line &line, const Span &span, Index column, Index row) noexcept {
    using W = Work<T>;
    const Index count = std::min(tile_columns, job.out.width - column);
    const Index groups = (count + group - 1) / group;
    // Groups of the tile: [0, outer) fill, then border, [inner, border_again) interior, border, [end, ...)
    // fill.
    const auto floor_group = [&](Index c) { return std::clamp((c - column) / group, Index{0}, groups); };
    const auto ceil_group = [&](Index c) {
        return std::clamp((c - column + group - 1) / group, Index{0}, groups);
    };
    const Index outer = floor_group(std::max(span.outer_first, column));
    const Index end = std::max(outer, ceil_group(std::max(span.outer_last, column)));
    const Index inner = std::clamp(ceil_group(std::max(span.inner_first, column)), outer, end);
    const Index border_again = std::clamp(floor_group(std::max(span.inner_last, column)), inner, end);

    std::array<W, tile_columns> values;
    values.fill(static_cast<W>(line.fill));
    const auto run = [&](Kernel<T> kernel, Index first, Index last) {
        if (first < last) {
            kernel(job.source, line, column + first * group, last - first, values.data() + first * group);
        }
    };
    if (job.nearest) {
        run(job.kernels.nearest, outer, end);
    } else {
        run(job.kernels.linear_border, outer, inner);
        run(job.kernels.linear_interior, inner, border_again);
        run(job.kernels.linear_border, border_again, end);
    }
    const Index height = job.out.height;
    store_row(values.data(), count, &job.out(row / height, row % height, column), job.out.column_stride);
}

template <class T, class Out>
void run_band(const Job<T, Out> &job, Index first, Index last) {
    std::array<Line, band_rows> lines;
    std::array<Span, band_rows> spans;
    std::vector<Work<T>> scratch;
    if (job.line.combine == Combine::median) {
        scratch.resize(static_cast<std::size_t>(job.line.samples));
    }
    for (Index row = first; row < last; ++row) {
        const auto i = static_cast<std::size_t>(row - first);
        lines[i] = line_of(job, row);
        lines[i].scratch = scratch.data();
        spans[i] = span_of(lines[i], job.source.shape, job.out.width);
    }
    for (Index column = 0; column < job.out.width; column += tile_columns) {
        for (Index row = first; row < last; ++row) {
            const auto i = static_cast<std::size_t>(row - first);
            run_tile(job, lines[i], spans[i], column, row);
        }
    }
}

template <class T, class Out>
void run(const ArrayView &voxels, const ArrayView &out, const Grid &grid, const Line &line, bool nearest,
         int num_threads, std::optional<double> padding) {
    Source<T> source;
    source.data = static_cast<const T *>(voxels.data);
    std::copy_n(voxels.shape.begin(), 3, source.shape);
    std::copy_n(voxels.strides.begin(), 3, source.strides);
    const std::optional<Absent<T>> absent = absent_of<T>(padding);
    const KernelSet<T> &set = absent    ? padded_kernels<T>()
                              : nearest ? scalar_kernels<T>()
                                        : kernels_for(source, line.combine);
    Job<T, Out> job{source, out.volume<Out>(), grid, set, line, nearest};
    job.line.fill = usable_fill<Work<T>, Out>(line.fill);
    job.line.padding = absent ? static_cast<double>(absent->value) : 0.0;
    const Index rows = checked_mul(job.out.depth, job.out.height);
    parallel_for(0, rows, band_rows, num_threads, [&](Index first, Index last) {
        if constexpr (std::is_same_v<T, Out>) {
            if (nearest && job.line.samples == 1) {
                for (Index row = first; row < last; ++row) {
                    Out *const target = &job.out(row / job.out.height, row % job.out.height, 0);
                    pick_row(job.source, line_of(job, row), job.out.width, target, job.out.column_stride);
                }
                return;
            }
        }
        run_band(job, first, last);
    });
}

} // namespace

void apply(const ArrayView &voxels, const ArrayView &out, const Grid &grid, Combine combine,
           Interpolation interpolation, double fill, int num_threads, std::optional<double> padding) {
    check_arrays(voxels, out, fill);
    check_grid(grid);
    if (out.size() == 0) {
        return;
    }
    const std::vector<double> offsets = slab_offsets(grid);
    Line line;
    line.samples = grid.slab_samples;
    line.combine = combine;
    line.fill = fill;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        line.step[axis] = grid.column_step[axis];
        line.slab[axis] = offsets.data() + static_cast<Index>(axis) * grid.slab_samples;
    }
    const bool nearest = interpolation == Interpolation::nearest;
    with_type(voxels.type, [&]<class T>(std::type_identity<T>) {
        if (out.type == voxels.type) {
            run<T, T>(voxels, out, grid, line, nearest, num_threads, padding);
        } else if (out.type == DataType::float64) {
            run<T, double>(voxels, out, grid, line, nearest, num_threads, padding);
        } else if constexpr (!std::is_same_v<T, double>) {
            run<T, float>(voxels, out, grid, line, nearest, num_threads, padding);
        }
    });
}

} // namespace radpix::reslice
