// SPDX-License-Identifier: Apache-2.0
#include "radpix/resample.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"
#include "radpix/watch.hpp"
#include "resample/label.hpp"
#include "resample/nearest.hpp"
#include "resample/padded.hpp"
#include "resample/separable.hpp"

namespace radpix::resample {
namespace {

/// float32 sums of more taps could be off by a grey level at 16 bits.
constexpr Index max_float_taps = 32;

template <class T, class A>
const RowKernels<T, A> &row_kernels_for(CpuLevel level) {
#if RADPIX_HAS_AVX2_TARGET
    if (level == CpuLevel::avx2) {
        return avx2::row_kernels<T, A>();
    }
#endif
    static_cast<void>(level);
    return scalar::row_kernels<T, A>();
}

template <class T, class A>
PaddedKernels<T, A> padded_kernels_for(CpuLevel level) {
    const RowKernels<A, A> &rows = row_kernels_for<A, A>(level);
#if RADPIX_HAS_AVX2_TARGET
    if (level == CpuLevel::avx2) {
        return {rows, avx2::absent_kernels<T, A>()};
    }
#endif
    return {rows, scalar::absent_kernels<T, A>()};
}

template <class T>
constexpr bool is_narrow = std::is_integral_v<T> && sizeof(T) <= 2;

template <class T, class A>
void run_filters(const ArrayView &voxels, const ArrayView &out, const std::array<AxisTaps, 3> &axes,
                 std::optional<Absent<T>> absent, int threads) {
    const auto in = voxels.volume<const T>();
    const CpuLevel level = cpu_level();
    Separable<T, A>(in, out.volume<T>(), axes, row_kernels_for<T, A>(level)).run(threads);
    if (absent) {
        exclude_absent(in, out.volume<T>(), axes, *absent, padded_kernels_for<T, A>(level), threads);
    }
}

template <class T>
void run_separable(const ArrayView &voxels, const ArrayView &out, const std::array<AxisTaps, 3> &axes,
                   std::optional<Absent<T>> absent, int threads) {
    if constexpr (is_narrow<T>) {
        if (std::max({axes[0].taps, axes[1].taps, axes[2].taps}) <= max_float_taps) {
            run_filters<T, float>(voxels, out, axes, absent, threads);
            return;
        }
    }
    run_filters<T, double>(voxels, out, axes, absent, threads);
}

template <class T>
T fill_as(double fill) noexcept {
    if constexpr (std::is_integral_v<T>) {
        const double low = std::numeric_limits<T>::min();
        const double high = std::numeric_limits<T>::max();
        return static_cast<T>(std::nearbyint(std::min(std::max(fill, low), high)));
    } else {
        return static_cast<T>(fill);
    }
}

/// Whether every axis lies inside the volume.
template <class T>
bool is_inside(const VolumeView<T> &out, const std::array<AxisTaps, 3> &axes) noexcept {
    return axes[0].count() == out.depth && axes[1].count() == out.height && axes[2].count() == out.width;
}

/// Writes `value` wherever an axis lies outside the volume.
template <class T>
void fill_outside(const VolumeView<T> &out, const std::array<AxisTaps, 3> &axes, T value, int threads) {
    // Names instead of a structured binding, which clang before 16 does not capture.
    const AxisTaps &z_axis = axes[0];
    const AxisTaps &y_axis = axes[1];
    const AxisTaps &x_axis = axes[2];
    parallel_for(0, out.depth, 1, threads, [&](Index z, Index) {
        const bool slice_inside = z >= z_axis.first && z < z_axis.last;
        for (Index y = 0; y < out.height; ++y) {
            const bool inside = slice_inside && y >= y_axis.first && y < y_axis.last;
            const Index left = inside ? x_axis.first : out.width;
            for (Index x = 0; x < left; ++x) {
                out(z, y, x) = value;
            }
            for (Index x = inside ? x_axis.last : out.width; x < out.width; ++x) {
                out(z, y, x) = value;
            }
        }
    });
}

/// What takes no part; nearest voxels and labels take what they find.
template <class T>
std::optional<Absent<T>> absent_for(const Options &options) {
    const bool filters = options.filter != Filter::nearest && options.filter != Filter::label;
    return filters ? absent_of<T>(options.padding) : std::nullopt;
}

template <class T>
void run_typed(const ArrayView &voxels, const ArrayView &out, const std::array<AxisMap, 3> &maps,
               const Options &options) {
    // Exact in the arithmetic: a constant times such weights, which sum to 1, is that constant.
    const double filter_unit = is_narrow<T> || std::is_same_v<T, float> ? 0x1p-24 : 0x1p-32;
    const double weight_unit = options.filter == Filter::label ? label_weight_unit : filter_unit;
    std::array<AxisTaps, 3> axes;
    for (std::size_t k = 0; k < 3; ++k) {
        axes[k] =
            make_taps(voxels.shape[k], out.shape[k], maps[k], options.filter, options.antialias, weight_unit);
    }
    const bool inside = is_inside(out.volume<T>(), axes);
    const std::optional<Absent<T>> absent = absent_for<T>(options);
    expect_stages((inside ? 0 : 1) + 1 + (absent ? padded_stages : 0));
    if (!inside) {
        fill_outside(out.volume<T>(), axes, fill_as<T>(options.fill), options.threads);
    }
    if (axes[0].count() == 0 || axes[1].count() == 0 || axes[2].count() == 0) {
        return;
    }
    if (options.filter == Filter::nearest) {
        run_nearest(voxels, out, axes, options.threads);
    } else if (options.filter == Filter::label) {
        run_label(voxels, out, axes, options.threads);
    } else {
        run_separable<T>(voxels, out, axes, absent, options.threads);
    }
}

void check_shapes(const ArrayView &voxels, const ArrayView &out) {
    if (voxels.rank != 3 || out.rank != 3) {
        throw_error(Errc::shape_mismatch, "resample takes volumes of 3 axes (z, y, x), not " +
                                              std::to_string(voxels.rank) + " and " +
                                              std::to_string(out.rank));
    }
    for (std::size_t k = 0; k < 3; ++k) {
        if (voxels.shape[k] < 1 || out.shape[k] < 1) {
            throw_error(Errc::shape_mismatch, "resample needs at least one voxel along every axis");
        }
        if (voxels.shape[k] > std::numeric_limits<std::int32_t>::max()) {
            throw_error(Errc::size_overflow, "resample takes axes of up to 2^31 - 1 voxels, not " +
                                                 std::to_string(voxels.shape[k]));
        }
    }
}

bool is_supported(DataType type) noexcept {
    return type != DataType::int64 && type != DataType::uint64;
}

void check(const ArrayView &voxels, const ArrayView &out, const std::array<AxisMap, 3> &axes,
           const Options &options) {
    check_shapes(voxels, out);
    if (voxels.type != out.type || !is_supported(voxels.type)) {
        throw_error(Errc::unsupported_type,
                    "resample takes 8, 16 and 32-bit integers, float32 and float64, the "
                    "output of the input's type");
    }
    for (const AxisMap &axis : axes) {
        if (!std::isfinite(axis.scale) || !std::isfinite(axis.offset) || axis.scale <= 0.0) {
            throw_error(Errc::invalid_argument,
                        "the scale of an axis is positive and finite, its offset finite");
        }
    }
    const bool is_float = voxels.type == DataType::float32 || voxels.type == DataType::float64;
    if (!is_float && !std::isfinite(options.fill)) {
        throw_error(Errc::invalid_argument, "fill is a finite number for integer voxels");
    }
    if (is_float && options.filter == Filter::label) {
        throw_error(Errc::unsupported_type, "labels are integers of 8, 16 or 32 bits");
    }
}

} // namespace

Filter filter_named(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, Filter>, 6> filters{{{"nearest", Filter::nearest},
                                                                          {"linear", Filter::linear},
                                                                          {"cubic", Filter::cubic},
                                                                          {"lanczos", Filter::lanczos},
                                                                          {"bspline", Filter::bspline},
                                                                          {"label", Filter::label}}};
    for (const auto &[known, filter] : filters) {
        if (name == known) {
            return filter;
        }
    }
    throw_error(Errc::invalid_argument,
                "interpolation is one of nearest, linear, cubic, lanczos, bspline, label, not " +
                    std::string(name.substr(0, 40)));
}

void apply(const ArrayView &voxels, const ArrayView &out, const std::array<AxisMap, 3> &axes,
           const Options &options) {
    check(voxels, out, axes, options);
    with_type(voxels.type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        if constexpr (!std::is_integral_v<T> || sizeof(T) < 8) {
            run_typed<T>(voxels, out, axes, options);
        }
    });
}

} // namespace radpix::resample
