// SPDX-License-Identifier: Apache-2.0
#include "radpix/project.hpp"

#include <limits>
#include <string>
#include <type_traits>

#include "base/target_region.hpp"
#include "project/lines.hpp"
#include "project/median.hpp"
#include "project/padded.hpp"
#include "project/values.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace radpix::project {
namespace {

template <class T, class U>
struct Call {
    LinesView<T> lines;
    PlaneView<U> out;
    Combine combine;
    int threads;
};

template <class T, class U>
void run_extremum(const Call<T, U> &call) {
    const bool is_max = call.combine == Combine::max;
    Kernels<T, T> kernels = is_max ? scalar::max_kernels<T>() : scalar::min_kernels<T>();
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        kernels = is_max ? avx2::max_kernels<T>() : avx2::min_kernels<T>();
    }
#endif
    combine_lines(call.lines, kernels, call.threads,
                  [&call](Index row, Index column, const T *values, Index n) {
                      for (Index i = 0; i < n; ++i) {
                          call.out(row, column + i) = canonical<U>(values[i]);
                      }
                  });
}

template <class Sum, class T, class U>
void run_sum(const Call<T, U> &call) {
    Kernels<T, Sum> kernels = scalar::sum_kernels<T, Sum>();
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        kernels = avx2::sum_kernels<T, Sum>();
    }
#endif
    const Index length = call.lines.length;
    const bool is_mean = call.combine == Combine::mean;
    combine_lines(call.lines, kernels, call.threads, [&](Index row, Index column, const Sum *sums, Index n) {
        for (Index i = 0; i < n; ++i) {
            call.out(row, column + i) = is_mean ? mean_of<U>(sums[i], length) : sum_of<U>(sums[i]);
        }
    });
}

template <class T, class U>
void run(const Call<T, U> &call) {
    if (call.combine == Combine::median) {
        project_median(call.lines, call.out, call.threads);
    } else if (call.combine == Combine::max || call.combine == Combine::min) {
        run_extremum(call);
    } else if constexpr (std::is_floating_point_v<T>) {
        run_sum<double>(call);
    } else if constexpr (sizeof(T) == 4) {
        run_sum<std::int64_t>(call);
    } else if (call.lines.length <= max_short_length) {
        run_sum<std::int32_t>(call);
    } else {
        run_sum<std::int64_t>(call);
    }
}

/// Lines whose rows follow each other without a gap, in the input and in the output, are one long row.
template <class T, class U>
void join_rows(Call<T, U> &call) {
    LinesView<T> &lines = call.lines;
    if (lines.column_stride == 1 && lines.row_stride == lines.columns && call.out.column_stride == 1 &&
        call.out.row_stride == lines.columns) {
        lines.columns *= lines.rows;
        lines.rows = 1;
        call.out.width = lines.columns;
        call.out.height = 1;
    }
}

template <class T, class U>
void run_typed(const ArrayView &voxels, const ArrayView &out, int axis, Combine combine, int threads,
               std::optional<double> padding) {
    const std::size_t row_axis = axis == 0 ? 1 : 0;
    const std::size_t column_axis = axis == 2 ? 1 : 2;
    const auto line_axis = static_cast<std::size_t>(axis);
    Call<T, U> call{{static_cast<const T *>(voxels.data), voxels.shape[row_axis], voxels.shape[column_axis],
                     voxels.shape[line_axis], voxels.strides[row_axis], voxels.strides[column_axis],
                     voxels.strides[line_axis]},
                    out.plane<U>(),
                    combine,
                    threads};
    join_rows(call);
    if (const std::optional<Absent<T>> absent = absent_of<T>(padding)) {
        project_present(call.lines, call.out, combine, *absent, threads);
    } else {
        run(call);
    }
}

void check_shapes(const ArrayView &voxels, const ArrayView &out, int axis) {
    if (voxels.rank != 3 || out.rank != 2) {
        throw_error(Errc::shape_mismatch, "project takes a volume of 3 axes and an output of 2, not " +
                                              std::to_string(voxels.rank) + " and " +
                                              std::to_string(out.rank));
    }
    if (axis < 0 || axis > 2) {
        throw_error(Errc::invalid_argument, "the axis is 0, 1 or 2, not " + std::to_string(axis));
    }
    const Index length = voxels.shape[static_cast<std::size_t>(axis)];
    if (voxels.size() < 1 || length > std::numeric_limits<std::int32_t>::max()) {
        throw_error(Errc::shape_mismatch, "project needs 1 to 2^31 - 1 voxels along every axis");
    }
    const Index rows = voxels.shape[axis == 0 ? 1 : 0];
    const Index columns = voxels.shape[axis == 2 ? 1 : 2];
    if (out.shape[0] != rows || out.shape[1] != columns) {
        throw_error(Errc::shape_mismatch, "the output is " + std::to_string(out.shape[0]) + " x " +
                                              std::to_string(out.shape[1]) + ", expected " +
                                              std::to_string(rows) + " x " + std::to_string(columns));
    }
}

void check_types(DataType voxels, DataType out) {
    const bool is_float = out == DataType::float32 || out == DataType::float64;
    if (voxels == DataType::int64 || voxels == DataType::uint64 || (out != voxels && !is_float)) {
        throw_error(Errc::unsupported_type,
                    "project takes 8, 16 and 32-bit integers, float32 and float64, the "
                    "output of the same type, float32 or float64");
    }
}

} // namespace

Combine combine_named(std::string_view name) {
    constexpr std::string_view names[] = {"mean", "max", "min", "sum", "median"};
    for (std::size_t i = 0; i < std::size(names); ++i) {
        if (name == names[i]) {
            return static_cast<Combine>(i);
        }
    }
    throw_error(Errc::invalid_argument,
                "combine is one of mean, max, min, sum, median, not " + std::string(name.substr(0, 40)));
}

void apply(const ArrayView &voxels, const ArrayView &out, int axis, Combine combine, int threads,
           std::optional<double> padding) {
    check_shapes(voxels, out, axis);
    check_types(voxels.type, out.type);
    with_type(voxels.type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        if constexpr (!std::is_integral_v<T> || sizeof(T) < 8) {
            if (out.type == voxels.type) {
                run_typed<T, T>(voxels, out, axis, combine, threads, padding);
            } else if (out.type == DataType::float32) {
                run_typed<T, float>(voxels, out, axis, combine, threads, padding);
            } else {
                run_typed<T, double>(voxels, out, axis, combine, threads, padding);
            }
        }
    });
}

} // namespace radpix::project
