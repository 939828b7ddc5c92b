// SPDX-License-Identifier: Apache-2.0
/// Checks, points, and tiling.
#include "radpix/transform.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"
#include "radpix/parallel.hpp"
#include "reslice/store.hpp"
#include "transform/kernels.hpp"
#include "transform/lanczos.hpp"
#include "transform/points.hpp"

namespace radpix::transform {
namespace {

constexpr Index band_rows = 16; // of a block's width: what they touch stays in the second-level cache

template <class T>
Sampler<T> sampler_for(CpuLevel level) {
#if RADPIX_HAS_AVX2_TARGET
    if (level == CpuLevel::avx2) {
        return avx2::sampler<T>();
    }
#endif
    static_cast<void>(level);
    return scalar::sampler<T>();
}

template <class T>
LanczosSum<T> lanczos_sum_for(CpuLevel level) {
#if RADPIX_HAS_AVX2_TARGET
    if (level == CpuLevel::avx2) {
        return avx2::lanczos_sum<T>();
    }
#endif
    static_cast<void>(level);
    return nullptr;
}

/// One call: what is the same for all points. T: voxels, Out: result.
template <class T, class Out>
class Job {
public:
    using W = Work<T>;

    Job(const ArrayView &voxels, const ArrayView &out, const reslice::Grid &grid, const Options &options)
        : out_(out.volume<Out>()), grid_(grid), options_(options), fill_(fill_of(options.fill)),
          absent_(absent_of<T>(options.padding)), gone_(gone_of(options, absent_)),
          sampler_(sampler_for<T>(cpu_level())) {
        source_.data = static_cast<const T *>(voxels.data);
        std::copy_n(voxels.shape.begin(), 3, source_.shape);
        std::copy_n(voxels.strides.begin(), 3, source_.strides);
        line_.padding = absent_ ? static_cast<double>(absent_->value) : 0.0;
    }

    void run() const {
        parallel_for(0, out_.depth * out_.height, band_rows, options_.threads,
                     [this](Index first, Index last) {
                         for (Index column = 0; column < out_.width; column += block_size) {
                             for (Index row = first; row < last; ++row) {
                                 write_block(row / out_.height, row % out_.height, column);
                             }
                         }
                     });
    }

private:
    static W fill_of(double fill) noexcept {
        if constexpr (std::is_integral_v<Out>) {
            const double low = std::numeric_limits<Out>::min();
            const double high = std::numeric_limits<Out>::max();
            return static_cast<W>(std::nearbyint(std::clamp(fill, low, high)));
        } else {
            return static_cast<W>(fill);
        }
    }

    static W gone_of(const Options &options, const std::optional<Absent<T>> &absent) noexcept {
        if (options.absent_fill) {
            return fill_of(*options.absent_fill);
        }
        return absent ? static_cast<W>(absent->value) : W(0);
    }

    void write_block(Index plane, Index row, Index column) const {
        Block block;
        block.count = std::min(block_size, out_.width - column);
        find_points(plane, row, column, block);
        if (options_.displacement) {
            if (options_.displacement->type == DataType::float32) {
                displace<float>(plane, row, column, block);
            } else {
                displace<double>(plane, row, column, block);
            }
        }
        W values[block_size];
        sample(block, values);
        for (Index i = 0; i < block.count; ++i) {
            if constexpr (std::is_floating_point_v<Out>) {
                values[i] = reslice::with_one_nan(values[i]);
            } else if constexpr (std::is_floating_point_v<T>) {
                values[i] = values[i] == values[i] ? values[i] : W(0); // no integer stands for NaN
            }
        }
        reslice::store_row(values, block.count, &out_(plane, row, column), out_.column_stride);
    }

    void find_points(Index plane, Index row, Index column, Block &block) const noexcept {
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const double start = (grid_.origin[axis] + static_cast<double>(plane) * grid_.plane_step[axis]) +
                                 static_cast<double>(row) * grid_.row_step[axis];
            for (Index i = 0; i < block.count; ++i) {
                block.position[axis][i] = start + static_cast<double>(column + i) * grid_.column_step[axis];
            }
        }
    }

    template <class D>
    void displace(Index plane, Index row, Index column, Block &block) const noexcept {
        const ArrayView &field = *options_.displacement;
        const Index *const strides = field.strides.data();
        const D *vector =
            static_cast<const D *>(field.data) + plane * strides[0] + row * strides[1] + column * strides[2];
        for (Index i = 0; i < block.count; ++i, vector += strides[2]) {
            const auto x = static_cast<double>(vector[0]);
            const auto y = static_cast<double>(vector[strides[3]]);
            const auto z = static_cast<double>(vector[2 * strides[3]]);
            for (std::size_t axis = 0; axis < 3; ++axis) {
                const reslice::Vector &m = options_.to_index[axis];
                block.position[axis][i] += (m[0] * x + m[1] * y) + m[2] * z;
            }
        }
    }

    void sample(const Block &block, W *values) const noexcept {
        switch (options_.interpolation) {
        case Interpolation::nearest:
            return for_each_inside(source_, block, fill_, values, [this](const reslice::Vector &position) {
                return static_cast<W>(*reslice::nearest_voxel(source_, position));
            });
        case Interpolation::label:
            return for_each_inside(source_, block, fill_, values, [this](const reslice::Vector &position) {
                return static_cast<W>(voted(source_, position));
            });
        case Interpolation::linear:
            return sample_linear(block, values);
        case Interpolation::cubic:
            sampler_(source_, block, Taps::cubic, fill_, values);
            return absent_ ? correct_cubic(block, values) : void();
        case Interpolation::lanczos: {
            const Lanczos<T> lanczos(source_, absent_, gone_, lanczos_sum_for<T>(cpu_level()));
            return for_each_inside(source_, block, fill_, values,
                                   [&](const reslice::Vector &position) { return lanczos.sample(position); });
        }
        case Interpolation::spline:
            return sampler_(source_, block, Taps::spline, fill_, values);
        }
    }

    void sample_linear(const Block &block, W *values) const noexcept {
        const reslice::PresentLinear<T> present(line_);
        for_each_inside(source_, block, fill_, values, [&](const reslice::Vector &position) {
            if (!absent_) {
                return reslice::interpolated(reslice::cell_around(source_, position));
            }
            W value{};
            return present.sample(source_, position, value) ? value : gone_;
        });
    }

    void correct_cubic(const Block &block, W *values) const noexcept {
        const PresentCubic<T> present(source_, *absent_, gone_);
        for (Index i = 0; i < block.count; ++i) {
            const reslice::Vector position = position_of(block, i);
            if (reslice::is_inside(source_, position)) {
                present.correct(position, values[i]);
            }
        }
    }

    Source<T> source_;
    VolumeView<Out> out_;
    const reslice::Grid &grid_;
    const Options &options_;
    W fill_;
    std::optional<Absent<T>> absent_;
    W gone_; ///< of absent samples
    Sampler<T> sampler_;
    reslice::Line line_; ///< carries the padding to reslice's samples
};

bool is_float(DataType type) noexcept {
    return type == DataType::float32 || type == DataType::float64;
}

bool is_supported(DataType type) noexcept {
    return type != DataType::int64 && type != DataType::uint64;
}

void check_shapes(const ArrayView &voxels, const ArrayView &out) {
    if (voxels.rank != 3 || out.rank != 3 || voxels.size() == 0 || out.size() == 0) {
        throw_error(Errc::shape_mismatch,
                    "transform takes volumes of 3 axes (z, y, x), with a voxel along each at least");
    }
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (voxels.shape[axis] > std::numeric_limits<std::int32_t>::max()) {
            throw_error(Errc::size_overflow, "transform takes axes of up to 2^31 - 1 voxels, not " +
                                                 std::to_string(voxels.shape[axis]));
        }
    }
}

/// Whether `out` is the type in which integers are worked on.
bool is_work_type(DataType voxels, DataType out) noexcept {
    return !is_float(voxels) && out == (size_of(voxels) <= 2 ? DataType::float32 : DataType::float64);
}

void check_types(const ArrayView &voxels, const ArrayView &out, const Options &options) {
    const bool spline = options.interpolation == Interpolation::spline;
    // float32 coefficients hold the values of narrow integers only.
    const bool holds =
        voxels.type == DataType::float64 || (voxels.type == DataType::float32 && size_of(out.type) <= 2);
    const bool alike = voxels.type == out.type || (spline ? holds : is_work_type(voxels.type, out.type));
    if (!is_supported(voxels.type) || !is_supported(out.type) || !alike) {
        throw_error(Errc::unsupported_type,
                    "transform takes 8, 16 and 32-bit integers, float32 and float64, the output of the "
                    "input's type or, of integers, the type of the work; splines have floating point "
                    "coefficients");
    }
    if (options.interpolation == Interpolation::label && is_float(voxels.type)) {
        throw_error(Errc::unsupported_type, "labels are integers of 8, 16 or 32 bits");
    }
    if (!is_float(out.type) &&
        !(std::isfinite(options.fill) && std::isfinite(options.absent_fill.value_or(0.0)))) {
        throw_error(Errc::invalid_argument, "fill is a finite number for integer voxels");
    }
}

void check_points(const ArrayView &out, const reslice::Grid &grid, const Options &options) {
    const auto finite = [](const reslice::Vector &v) {
        return std::isfinite(v[0]) && std::isfinite(v[1]) && std::isfinite(v[2]);
    };
    if (!finite(grid.origin) || !finite(grid.plane_step) || !finite(grid.row_step) ||
        !finite(grid.column_step) || !std::all_of(options.to_index.begin(), options.to_index.end(), finite)) {
        throw_error(Errc::invalid_argument, "the grid's positions and steps are finite numbers");
    }
    if (!options.displacement) {
        return;
    }
    const ArrayView &field = *options.displacement;
    if (field.rank != 4 || field.shape[3] != 3 ||
        !std::equal(&out.shape[0], &out.shape[3], &field.shape[0])) {
        throw_error(Errc::shape_mismatch, "displacements are (z, y, x, 3) for the output's (z, y, x)");
    }
    if (!is_float(field.type)) {
        throw_error(Errc::unsupported_type, "displacements are float32 or float64");
    }
}

} // namespace

Interpolation interpolation_named(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, Interpolation>, 6> known{
        {{"nearest", Interpolation::nearest},
         {"linear", Interpolation::linear},
         {"cubic", Interpolation::cubic},
         {"spline", Interpolation::spline},
         {"lanczos", Interpolation::lanczos},
         {"label", Interpolation::label}}};
    for (const auto &[known_name, interpolation] : known) {
        if (name == known_name) {
            return interpolation;
        }
    }
    throw_error(Errc::invalid_argument,
                "interpolation is one of nearest, linear, cubic, spline, lanczos, label, not " +
                    std::string(name.substr(0, 40)));
}

void apply(const ArrayView &voxels, const ArrayView &out, const reslice::Grid &grid, const Options &options) {
    check_shapes(voxels, out);
    check_types(voxels, out, options);
    check_points(out, grid, options);
    with_type(voxels.type, [&]<class T>(std::type_identity<T>) {
        if constexpr (std::is_floating_point_v<T>) {
            if (out.type != voxels.type) {
                with_type(out.type, [&]<class Out>(std::type_identity<Out>) {
                    if constexpr (sizeof(Out) <= 2 || (sizeof(T) == 8 && sizeof(Out) == 4)) {
                        Job<T, Out>(voxels, out, grid, options).run();
                    }
                });
                return;
            }
        }
        if constexpr (std::is_integral_v<T> && sizeof(T) <= 4) {
            if (out.type != voxels.type) {
                Job<T, Work<T>>(voxels, out, grid, options).run();
                return;
            }
        }
        if constexpr (std::is_floating_point_v<T> || sizeof(T) <= 4) {
            Job<T, T>(voxels, out, grid, options).run();
        }
    });
}

} // namespace radpix::transform
