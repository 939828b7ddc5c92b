// SPDX-License-Identifier: Apache-2.0
// The passes of the separable filter run twice, in float64: over the voxels with 0 for the absent ones, and
// over 1 for absent and 0 for present ones. The second sum is 0 exactly where no absent voxel has a weight; a
// sum over the present ones would have to be compared with a 1 that is rounded. Where weights are negative
// they may cancel, and a third run, with their magnitudes, tells whether an absent voxel has any.
#include "resample/padded.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"
#include "resample/separable.hpp"

namespace radpix::resample {
namespace {

constexpr Index rows_per_piece = 8;

std::size_t at(Index i) noexcept {
    return static_cast<std::size_t>(i);
}

template <class T>
T voxel_of(double value) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        return value != value ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(value);
    } else {
        const double low = std::numeric_limits<T>::min();
        const double high = std::numeric_limits<T>::max();
        return static_cast<T>(std::nearbyint(std::clamp(value, low, high)));
    }
}

/// Rows of values, of the weights of what is absent from them, and of these weights' magnitudes.
struct Rows {
    Rows(Index count, Index length, bool has_negative)
        : stride(length), values(at(count * length)), missing(at(count * length)),
          touched(has_negative ? at(count * length) : 0) {}

    Index stride;
    std::vector<double> values, missing, touched;
};

std::array<AxisTaps, 3> with_magnitudes(std::array<AxisTaps, 3> axes) {
    for (AxisTaps &axis : axes) {
        for (double &weight : axis.weights) {
            weight = std::abs(weight);
        }
    }
    return axes;
}

bool has_negative_weight(const std::array<AxisTaps, 3> &axes) {
    return std::any_of(axes.begin(), axes.end(), [](const AxisTaps &axis) {
        return std::any_of(axis.weights.begin(), axis.weights.end(), [](double w) { return w < 0.0; });
    });
}

/// Goes through all slices for one output row after the other.
template <class T>
class Padded {
public:
    Padded(const VolumeView<const T> &voxels, const VolumeView<T> &out, const std::array<AxisTaps, 3> &axes,
           Absent<T> absent, const RowKernels<double, double> &kernels)
        : in_(voxels), out_(out), z_(axes[0]), y_(axes[1]), x_(axes[2]), absent_(absent), kernels_(kernels),
          columns_(axes[2]), has_negative_(has_negative_weight(axes)), magnitudes_(with_magnitudes(axes)),
          column_magnitudes_(magnitudes_[2]) {}

    void run(int threads) const {
        parallel_for(0, y_.count(), rows_per_piece, threads, [this](Index first, Index last) {
            Scratch scratch(*this);
            for (Index y = first; y < last; ++y) {
                check_cancelled();
                run_row(scratch, y);
            }
        });
    }

private:
    struct Scratch {
        explicit Scratch(const Padded &call)
            : input(call.y_.taps, call.in_.width, false),
              blended(1, call.in_.width + row_padding, call.has_negative_),
              ring(call.z_.taps, call.columns_.plan.groups * group_size, call.has_negative_),
              sums(1, call.columns_.plan.groups * group_size, call.has_negative_), held(at(call.z_.taps)),
              touched(at(call.in_.depth)), sources(at(std::max(call.y_.taps, call.z_.taps))) {}

        Rows input;                ///< the y window of one slice
        Rows blended;              ///< after the y pass
        Rows ring;                 ///< after the x pass, slice s at s % taps
        Rows sums;                 ///< after the z pass
        std::vector<Index> held;   ///< the slices in the ring
        std::vector<char> touched; ///< whether the y window of a slice has absent voxels
        std::vector<const double *> sources;
    };

    void run_row(Scratch &s, Index y) const {
        std::fill(s.held.begin(), s.held.end(), Index{-1});
        for (Index slice = z_.start.front(); slice < z_.start.back() + z_.taps; ++slice) {
            s.touched[at(slice)] = has_absent(slice, y) ? 1 : 0;
        }
        for (Index z = 0; z < z_.count(); ++z) {
            const Index start = z_.start[at(z)];
            const auto window = s.touched.begin() + start;
            if (std::find(window, window + z_.taps, 1) == window + z_.taps) {
                continue;
            }
            for (Index slice = start; slice < start + z_.taps; ++slice) {
                if (s.held[at(slice % z_.taps)] != slice) {
                    filter_slice(s, slice, y);
                    s.held[at(slice % z_.taps)] = slice;
                }
            }
            write_row(s, z, y);
        }
    }

    [[nodiscard]] bool has_absent(Index slice, Index y) const {
        for (Index j = 0; j < y_.taps; ++j) {
            const T *row = in_.row(slice, y_.start[at(y)] + j);
            bool found = false; // without an early exit: the loop becomes vector code
            for (Index x = 0; x < in_.width; ++x) {
                found |= absent_(row[x * in_.column_stride]);
            }
            if (found) {
                return true;
            }
        }
        return false;
    }

    /// y and x passes.
    void filter_slice(Scratch &s, Index slice, Index y) const {
        for (Index j = 0; j < y_.taps; ++j) {
            const T *row = in_.row(slice, y_.start[at(y)] + j);
            double *values = s.input.values.data() + j * s.input.stride;
            double *missing = s.input.missing.data() + j * s.input.stride;
            for (Index x = 0; x < in_.width; ++x) {
                const T voxel = row[x * in_.column_stride];
                const bool gone = absent_(voxel);
                values[x] = gone ? 0.0 : static_cast<double>(voxel);
                missing[x] = gone ? 1.0 : 0.0;
            }
        }
        const Index place = slice % z_.taps * s.ring.stride;
        filter_rows(s, s.input.values, {y_, columns_}, s.blended.values, y, s.ring.values.data() + place);
        filter_rows(s, s.input.missing, {y_, columns_}, s.blended.missing, y, s.ring.missing.data() + place);
        if (has_negative_) {
            filter_rows(s, s.input.missing, {magnitudes_[1], column_magnitudes_}, s.blended.touched, y,
                        s.ring.touched.data() + place);
        }
    }

    /// The windows of the y and x passes.
    struct Windows {
        const AxisTaps &y;
        const ColumnTables<double> &columns;
    };

    void filter_rows(Scratch &s, const std::vector<double> &input, const Windows &windows,
                     std::vector<double> &blended, Index y, double *target) const {
        for (Index j = 0; j < y_.taps; ++j) {
            s.sources[at(j)] = input.data() + j * s.input.stride;
        }
        kernels_.blend_in(s.sources.data(), windows.y.weights.data() + y * y_.taps, y_.taps, in_.width,
                          blended.data());
        kernels_.columns(blended.data(), 0, windows.columns.plan, 0, columns_.plan.groups, target);
    }

    /// z pass.
    void blend_slices(Scratch &s, const std::vector<double> &ring, const AxisTaps &windows, Index z,
                      std::vector<double> &sums) const {
        for (Index j = 0; j < z_.taps; ++j) {
            s.sources[at(j)] = ring.data() + (z_.start[at(z)] + j) % z_.taps * s.ring.stride;
        }
        kernels_.blend_out(s.sources.data(), windows.weights.data() + z * z_.taps, z_.taps, x_.count(),
                           sums.data());
    }

    void write_row(Scratch &s, Index z, Index y) const {
        blend_slices(s, s.ring.values, z_, z, s.sums.values);
        blend_slices(s, s.ring.missing, z_, z, s.sums.missing);
        if (has_negative_) {
            blend_slices(s, s.ring.touched, magnitudes_[0], z, s.sums.touched);
        }
        const std::vector<double> &touched = has_negative_ ? s.sums.touched : s.sums.missing;
        for (Index x = 0; x < x_.count(); ++x) {
            T &target = out_(z_.first + z, y_.first + y, x_.first + x);
            const double missing = s.sums.missing[at(x)];
            // A NaN may have come from an absent voxel of weight 0.
            if (touched[at(x)] == 0.0 && target == target) {
                continue;
            }
            target = missing > 0.5 ? absent_.value : voxel_of<T>(s.sums.values[at(x)] / (1.0 - missing));
        }
    }

    VolumeView<const T> in_;
    VolumeView<T> out_;
    const AxisTaps &z_, &y_, &x_;
    Absent<T> absent_;
    const RowKernels<double, double> &kernels_;
    ColumnTables<double> columns_;
    bool has_negative_;
    std::array<AxisTaps, 3> magnitudes_;
    ColumnTables<double> column_magnitudes_;
};

} // namespace

template <class T>
void exclude_absent(const VolumeView<const T> &voxels, const VolumeView<T> &out,
                    const std::array<AxisTaps, 3> &axes, Absent<T> absent,
                    const RowKernels<double, double> &kernels, int threads) {
    Padded<T>(voxels, out, axes, absent, kernels).run(threads);
}

#define RADPIX_INSTANTIATE(T)                                                                                \
    template void exclude_absent(const VolumeView<const T> &, const VolumeView<T> &,                         \
                                 const std::array<AxisTaps, 3> &, Absent<T>,                                 \
                                 const RowKernels<double, double> &, int);
RADPIX_INSTANTIATE(std::int8_t)
RADPIX_INSTANTIATE(std::uint8_t)
RADPIX_INSTANTIATE(std::int16_t)
RADPIX_INSTANTIATE(std::uint16_t)
RADPIX_INSTANTIATE(std::int32_t)
RADPIX_INSTANTIATE(std::uint32_t)
RADPIX_INSTANTIATE(float)
RADPIX_INSTANTIATE(double)
#undef RADPIX_INSTANTIATE

} // namespace radpix::resample
