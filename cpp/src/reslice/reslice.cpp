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
#include "radpix/watch.hpp"
#include "reslice/kernels.hpp"
#include "reslice/nearest.hpp"
#include "reslice/span.hpp"
#include "reslice/store.hpp"

namespace radpix::reslice {
namespace {

// A tile of 64 columns x 16 rows x 29 samples touches 0.2-0.5 MB of voxels: it stays in the L2 cache,
// whatever way the plane lies.
constexpr Index tile_columns = pick_columns;
constexpr Index band_rows = 16;

/// The value of absent voxels, and of pixels with no others; that value too where it is not given.
struct Padding {
    std::optional<double> value, fill;
};

void check_samples(Index samples) {
    if (samples < 1 || samples > max_slab_samples) {
        throw_error(Errc::invalid_argument, "a slab has 1 to " + std::to_string(max_slab_samples) +
                                                " samples, not " + std::to_string(samples));
    }
}

void check_grid(const Grid &grid) {
    for (const Vector *vector :
         {&grid.origin, &grid.plane_step, &grid.row_step, &grid.column_step, &grid.slab_step}) {
        for (const double number : *vector) {
            if (!std::isfinite(number)) {
                throw_error(Errc::invalid_argument, "the grid's positions and steps are finite numbers");
            }
        }
    }
    check_samples(grid.slab_samples);
}

void check_arrays(const ArrayView &voxels, const ArrayView &out, double fill,
                  std::optional<double> absent_fill = std::nullopt) {
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
    if (!is_float && (std::isnan(fill) || std::isnan(absent_fill.value_or(0.0)))) {
        throw_error(Errc::invalid_argument, "integer pixels cannot be filled with NaN");
    }
}

void check_lines(const ArrayView &lines, const ArrayView &out) {
    if (lines.type != DataType::float64) {
        throw_error(Errc::unsupported_type, "lines are float64");
    }
    const Index rows = checked_mul(out.shape[0], out.shape[1]);
    if (lines.rank != 3 || lines.shape[0] != rows || lines.shape[1] != 3 || lines.shape[2] != 3) {
        throw_error(Errc::shape_mismatch, "lines have the shape (planes * rows, 3, 3)");
    }
    const auto all = lines.volume<const double>();
    for (Index row = 0; row < rows; ++row) {
        for (Index i = 0; i < 9; ++i) {
            if (!std::isfinite(all(row, i / 3, i % 3))) {
                throw_error(Errc::invalid_argument, "the lines' positions and steps are finite numbers");
            }
        }
    }
}

/// The slab's offsets for each axis, one after the other.
void write_offsets(const Vector &step, Index samples, double *offsets) noexcept {
    const double middle = static_cast<double>(samples - 1) / 2;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        for (Index k = 0; k < samples; ++k) {
            *offsets++ = (static_cast<double>(k) - middle) * step[axis];
        }
    }
}

void set_slab(Line &line, const double *offsets) noexcept {
    for (std::size_t axis = 0; axis < 3; ++axis) {
        line.slab[axis] = offsets + static_cast<Index>(axis) * line.samples;
    }
}

/// Whether offsets and strides are below 2^50: exact in double, with room.
template <class T>
bool is_reach_small(const Source<T> &source) noexcept {
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
    return reach < limit;
}

template <class T>
bool fits_avx2(const Source<T> &source) noexcept {
    return is_reach_small(source) && source.strides[2] == 1 && source.shape[2] > 1;
}

template <class T>
bool is_for_avx2(const Source<T> &source, Combine combine) {
#if RADPIX_HAS_AVX2_TARGET
    return cpu_level() >= CpuLevel::avx2 && combine != Combine::median && fits_avx2(source);
#else
    static_cast<void>(source);
    static_cast<void>(combine);
    return false;
#endif
}

template <class T>
PickKernel pick_kernel(const Source<T> &source) {
#if RADPIX_HAS_AVX2_TARGET
    constexpr Index longest = std::numeric_limits<std::int32_t>::max();
    if (cpu_level() >= CpuLevel::avx2 && is_reach_small(source) &&
        *std::max_element(source.shape, source.shape + 3) <= longest) {
        return avx2_pick;
    }
#endif
    static_cast<void>(source);
    return nullptr;
}

template <class T>
const KernelSet<T> &kernels_for(const Source<T> &source, Combine combine) {
#if RADPIX_HAS_AVX2_TARGET
    if constexpr (has_avx2_kernel<T>) {
        if (is_for_avx2(source, combine)) {
            return avx2_kernels.of<T>();
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

/// Where the rows lie: on a grid, or each on its own line.
struct Rows {
    const Grid *grid = nullptr;
    VolumeView<const double> lines{};
};

/// One call: everything that is the same for all rows.
template <class T, class Out>
struct Job {
    Source<T> source;
    VolumeView<Out> out;
    Rows rows;
    const KernelSet<T> &kernels;
    Line line; ///< without start; of single lines, without step and slab either
    bool nearest;
    bool picks;      ///< nearest without a slab
    PickKernel pick; ///< of interior columns; may be null
};

/// The offsets that `line_of` needs room for.
template <class T, class Out>
Index offset_count(const Job<T, Out> &job) noexcept {
    return job.rows.grid == nullptr ? 3 * job.line.samples : 0;
}

template <class T, class Out>
Line line_of(const Job<T, Out> &job, Index row, double *offsets) noexcept {
    Line line = job.line;
    if (job.rows.grid == nullptr) {
        const VolumeView<const double> &lines = job.rows.lines;
        for (Index axis = 0; axis < 3; ++axis) {
            line.start[axis] = lines(row, 0, axis);
            line.step[axis] = lines(row, 1, axis);
        }
        write_offsets({lines(row, 2, 0), lines(row, 2, 1), lines(row, 2, 2)}, line.samples, offsets);
        set_slab(line, offsets);
        return line;
    }
    const Grid &grid = *job.rows.grid;
    const auto p = static_cast<double>(row / job.out.height);
    const auto r = static_cast<double>(row % job.out.height);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        line.start[axis] = (grid.origin[axis] + p * grid.plane_step[axis]) + r * grid.row_step[axis];
    }
    return line;
}

/// The columns [column, column + tile_columns) of one row; `span` is that of the row.
template <class T, class Out>
void run_tile(const Job<T, Out> &job, const Line &line, const Span &span, Index column, Index row) noexcept {
    using W = Work<T>;
    const Index count = std::min(tile_columns, job.out.width - column);
    Out *const out_row = &job.out(row / job.out.height, row % job.out.height, 0);
    if constexpr (std::is_same_v<T, Out>) {
        if (job.picks) {
            return pick(job.source, line, span, job.pick, column, column + count, out_row,
                        job.out.column_stride);
        }
    }
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
    store_row(values.data(), count, out_row + column * job.out.column_stride, job.out.column_stride);
}

template <class T, class Out>
void run_band(const Job<T, Out> &job, Index first, Index last) {
    std::array<Line, band_rows> lines;
    std::array<Span, band_rows> spans;
    std::vector<Work<T>> scratch;
    if (job.line.combine == Combine::median) {
        scratch.resize(static_cast<std::size_t>(job.line.samples));
    }
    const Index room = offset_count(job);
    std::vector<double> offsets(static_cast<std::size_t>(room * (last - first)));
    for (Index row = first; row < last; ++row) {
        const auto i = static_cast<std::size_t>(row - first);
        lines[i] = line_of(job, row, offsets.data() + (row - first) * room);
        lines[i].scratch = scratch.data();
        spans[i] = span_of(lines[i], job.source.shape, job.out.width);
    }
    for (Index column = 0; column < job.out.width; column += tile_columns) {
        for (Index row = first; row < last; ++row) {
            check_cancelled();
            const auto i = static_cast<std::size_t>(row - first);
            run_tile(job, lines[i], spans[i], column, row);
        }
    }
}

template <class T, class Out>
void run(const ArrayView &voxels, const ArrayView &out, const Rows &where, const Line &line, bool nearest,
         int num_threads, const Padding &padding) {
    Source<T> source;
    source.data = static_cast<const T *>(voxels.data);
    std::copy_n(voxels.shape.begin(), 3, source.shape);
    std::copy_n(voxels.strides.begin(), 3, source.strides);
    const std::optional<Absent<T>> absent = absent_of<T>(padding.value);
    const KernelSet<T> &set = absent    ? padded_kernels<T>(is_for_avx2(source, line.combine))
                              : nearest ? scalar_kernels<T>()
                                        : kernels_for(source, line.combine);
    Job<T, Out> job{source,
                    out.volume<Out>(),
                    where,
                    set,
                    line,
                    nearest,
                    nearest && line.samples == 1 && !(absent && padding.fill),
                    pick_kernel(source)};
    job.line.fill = usable_fill<Work<T>, Out>(line.fill);
    job.line.padding = absent ? static_cast<double>(absent->value) : 0.0;
    job.line.absent_fill = padding.fill ? usable_fill<Work<T>, Out>(*padding.fill) : job.line.padding;
    const Index rows = checked_mul(job.out.depth, job.out.height);
    parallel_for(0, rows, band_rows, num_threads,
                 [&](Index first, Index last) { run_band(job, first, last); });
}

void run_any(const ArrayView &voxels, const ArrayView &out, const Rows &where, const Line &line, bool nearest,
             int num_threads, const Padding &padding) {
    with_type(voxels.type, [&]<class T>(std::type_identity<T>) {
        if (out.type == voxels.type) {
            run<T, T>(voxels, out, where, line, nearest, num_threads, padding);
        } else if (out.type == DataType::float64) {
            run<T, double>(voxels, out, where, line, nearest, num_threads, padding);
        } else if constexpr (!std::is_same_v<T, double>) {
            run<T, float>(voxels, out, where, line, nearest, num_threads, padding);
        }
    });
}

Line common_line(Index samples, Combine combine, double fill) noexcept {
    Line line;
    line.samples = samples;
    line.combine = combine;
    line.fill = fill;
    return line;
}

} // namespace

void apply(const ArrayView &voxels, const ArrayView &out, const Grid &grid, Combine combine,
           Interpolation interpolation, double fill, int num_threads, std::optional<double> padding,
           std::optional<double> absent_fill) {
    check_arrays(voxels, out, fill, absent_fill);
    check_grid(grid);
    if (out.size() == 0) {
        return;
    }
    Line line = common_line(grid.slab_samples, combine, fill);
    std::vector<double> offsets(3 * static_cast<std::size_t>(grid.slab_samples));
    write_offsets(grid.slab_step, grid.slab_samples, offsets.data());
    set_slab(line, offsets.data());
    std::copy(grid.column_step.begin(), grid.column_step.end(), line.step);
    run_any(voxels, out, {&grid, {}}, line, interpolation == Interpolation::nearest, num_threads,
            {padding, absent_fill});
}

void apply_lines(const ArrayView &voxels, const ArrayView &out, const ArrayView &lines, Index slab_samples,
                 Combine combine, Interpolation interpolation, double fill, int num_threads,
                 std::optional<double> padding) {
    check_arrays(voxels, out, fill);
    check_samples(slab_samples);
    check_lines(lines, out);
    if (out.size() == 0) {
        return;
    }
    const Line line = common_line(slab_samples, combine, fill);
    run_any(voxels, out, {nullptr, lines.volume<const double>()}, line,
            interpolation == Interpolation::nearest, num_threads, {padding, std::nullopt});
}

} // namespace radpix::reslice
