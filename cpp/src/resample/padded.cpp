// SPDX-License-Identifier: Apache-2.0
// The passes of the separable filter run twice, in float64: over the voxels with 0 for the absent ones, and
// over 1 for absent and 0 for present ones. The second sum is 0 exactly where no absent voxel has a weight; a
// sum over the present ones would have to be compared with a 1 that is rounded. Where weights are negative
// they may cancel, and flags of what is touched at all go along.
//
// This is done only for groups of outputs whose windows have both absent and present voxels. Windows without
// absent ones keep what they have, and those without others are padding: weights sum to 1 exactly.
#include "resample/padded.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"
#include "resample/absent_map.hpp"
#include "resample/absent_runs.hpp"
#include "resample/separable.hpp"
#include "resample/touched.hpp"

namespace radpix::resample {
namespace {

constexpr Index rows_per_band = 8;
constexpr Index slices_per_chunk = 32;

std::size_t at(Index i) noexcept {
    return static_cast<std::size_t>(i);
}

template <class T>
T voxel_of(double value) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        return value != value ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(value);
    } else {
        constexpr double rounder = 6755399441055744.0; // 1.5 * 2^52: adding it rounds half to even
        const double low = std::numeric_limits<T>::min();
        const double high = std::numeric_limits<T>::max();
        return static_cast<T>(static_cast<std::int64_t>((std::clamp(value, low, high) + rounder) - rounder));
    }
}

/// Rows of values, of the weights of what is absent from them, and of flags where any of that has a weight.
struct Rows {
    Rows(Index count, Index length, bool has_negative)
        // Not a power of two: rows below each other would crowd one another out of the cache.
        : stride(ceil_div(length, group_size) * group_size + group_size), values(at(count * stride)),
          missing(at(count * stride)), touched(has_negative ? at(count * stride) : 0) {}

    Index stride;
    std::vector<double> values, missing;
    std::vector<std::uint8_t> touched;
};

bool has_negative_weight(const std::array<AxisTaps, 3> &axes) {
    return std::any_of(axes.begin(), axes.end(), [](const AxisTaps &axis) {
        return std::any_of(axis.weights.begin(), axis.weights.end(), [](double w) { return w < 0.0; });
    });
}

Range reach_of(const AxisTaps &axis, Range outputs) noexcept {
    return {axis.start[at(outputs.begin)], axis.start[at(outputs.end - 1)] + axis.taps};
}

/// Goes through all slices for one band of output rows after the other.
template <class T>
class Padded {
public:
    Padded(const VolumeView<const T> &voxels, const VolumeView<T> &out, const std::array<AxisTaps, 3> &axes,
           Absent<T> absent, const PaddedKernels<T> &kernels, int threads)
        : in_(voxels), out_(out), z_(axes[0]), y_(axes[1]), x_(axes[2]), absent_(absent),
          kernels_(kernels.rows), columns_(axes[2]), blocks_(columns_.plan),
          has_negative_(has_negative_weight(axes)), touched_columns_(columns_.plan),
          map_(voxels, reach_of(z_, {0, z_.count()}), reach_of(y_, {0, y_.count()}), absent, kernels.mark,
               threads) {}

    void run(int threads) const {
        parallel_for(0, ceil_div(y_.count(), rows_per_band), 1, threads, [this](Index first, Index last) {
            Scratch scratch(*this);
            for (Index band = first; band < last; ++band) {
                const Index y = band * rows_per_band;
                run_band(scratch, {y, std::min(y + rows_per_band, y_.count())});
            }
        });
    }

private:
    struct Scratch {
        explicit Scratch(const Padded &call)
            : input(call.most_rows(), call.in_.width, call.has_negative_),
              blended(1, call.in_.width + row_padding, call.has_negative_),
              ring(call.z_.taps * rows_per_band, call.columns_.plan.groups * group_size, call.has_negative_),
              sums(1, call.columns_.plan.groups * group_size, false), held(at(call.z_.taps)),
              runs(rows_per_band), runs_before(rows_per_band),
              sources(at(std::max(call.y_.taps, call.z_.taps))) {}

        Rows input;              ///< the rows of one slice that a band takes
        Rows blended;            ///< after the y pass
        Rows ring;               ///< after the x pass, row y of slice s at s % taps * rows_per_band + y
        Rows sums;               ///< after the z pass
        std::vector<Index> held; ///< the slices in the ring
        std::vector<AbsentRuns> runs, runs_before; ///< of the band's rows
        std::vector<char> needed;                  ///< the blocks of `input`
        BlockBits bits;
        std::vector<const double *> sources;
        std::vector<std::int32_t> counts;
    };

    /// Input rows of a band, at most.
    [[nodiscard]] Index most_rows() const noexcept {
        Index most = 0;
        for (Index y = 0; y < y_.count(); y += rows_per_band) {
            most = std::max(most, reach_of(y_, {y, std::min(y + rows_per_band, y_.count())}).count());
        }
        return most;
    }

    void run_band(Scratch &s, Range band) const {
        std::fill(s.held.begin(), s.held.end(), Index{-1});
        for (Index z = 0; z < z_.count(); z += slices_per_chunk) {
            check_cancelled();
            const Range chunk{z, std::min(z + slices_per_chunk, z_.count())};
            if (!find_runs(s, band, chunk)) {
                std::fill(s.held.begin(), s.held.end(), Index{-1}); // what they hold is not what comes next
            }
            for (Index k = chunk.begin; k < chunk.end; ++k) {
                run_slice(s, band, k);
            }
        }
    }

    /// Finds what is to be done for a chunk of slices. Returns whether it is the same as before.
    bool find_runs(Scratch &s, Range band, Range chunk) const {
        s.runs.swap(s.runs_before);
        s.needed.assign(at(ceil_div(in_.width, absent_block)), 0);
        bool is_same = true;
        for (Index y = band.begin; y < band.end; ++y) {
            AbsentRuns &runs = s.runs[at(y - band.begin)];
            map_.find(reach_of(z_, chunk), reach_of(y_, {y, y + 1}), s.bits);
            blocks_.find(s.bits, runs);
            is_same = is_same && runs.some == s.runs_before[at(y - band.begin)].some;
            for (const Range run : runs.some) {
                std::fill(s.needed.begin() + blocks_.of(run.begin).begin,
                          s.needed.begin() + blocks_.of(run.end - 1).end, char{1});
            }
        }
        return is_same;
    }

    void run_slice(Scratch &s, Range band, Index z) const {
        if (std::find(s.needed.begin(), s.needed.end(), 1) != s.needed.end()) {
            for (Index slice = z_.start[at(z)]; slice < z_.start[at(z)] + z_.taps; ++slice) {
                if (s.held[at(slice % z_.taps)] != slice) {
                    filter_slice(s, slice, band);
                    s.held[at(slice % z_.taps)] = slice;
                }
            }
        }
        for (Index y = band.begin; y < band.end; ++y) {
            write_row(s, z, y, y - band.begin);
        }
    }

    /// y and x passes of a band's rows.
    void filter_slice(Scratch &s, Index slice, Range band) const {
        const Range rows = reach_of(y_, band);
        for (Index y = rows.begin; y < rows.end; ++y) {
            read_row(s, slice, y, (y - rows.begin) * s.input.stride);
        }
        for (Index y = band.begin; y < band.end; ++y) {
            const Index line = slice % z_.taps * rows_per_band + y - band.begin;
            for (const Range run : s.runs[at(y - band.begin)].some) {
                filter_run(s, y, rows.begin, run, line * s.ring.stride);
            }
        }
    }

    void read_row(Scratch &s, Index slice, Index y, Index place) const {
        const T *row = in_.row(slice, y);
        double *values = s.input.values.data() + place;
        double *missing = s.input.missing.data() + place;
        std::uint8_t *touched = has_negative_ ? s.input.touched.data() + place : nullptr;
        for (std::size_t b = 0; b < s.needed.size(); ++b) {
            if (s.needed[b] == 0) {
                continue;
            }
            const Index first = static_cast<Index>(b) * absent_block;
            const Index end = std::min(first + absent_block, in_.width);
            for (Index x = first; x < end; ++x) {
                const T voxel = row[x * in_.column_stride];
                const bool gone = absent_(voxel);
                values[x] = gone ? 0.0 : static_cast<double>(voxel);
                missing[x] = gone ? 1.0 : 0.0;
            }
            for (Index x = first; has_negative_ && x < end; ++x) {
                touched[x] = missing[x] != 0.0 ? 1 : 0;
            }
        }
    }

    /// y and x passes of a run of groups; `first_row` is the first one of `input`, `place` the ring's row.
    void filter_run(Scratch &s, Index y, Index first_row, Range run, Index place) const {
        const ColumnPlan<double> &plan = columns_.plan;
        const Index first = run.begin * group_size;
        const Range columns{plan.start[first], plan.start[run.end * group_size - 1] + plan.taps};
        const Index from = (y_.start[at(y)] - first_row) * s.input.stride + columns.begin;
        const double *weights = y_.weights.data() + y * y_.taps;
        filter_rows(s, s.input.values.data() + from, weights, columns, run, s.blended.values.data(),
                    s.ring.values.data() + place + first);
        filter_rows(s, s.input.missing.data() + from, weights, columns, run, s.blended.missing.data(),
                    s.ring.missing.data() + place + first);
        if (has_negative_) {
            touch_rows(s.input.touched.data() + from, s.input.stride, {weights, y_.taps}, columns.count(),
                       s.blended.touched.data());
            touched_columns_.blend(s.blended.touched.data(), columns, run, s.counts,
                                   s.ring.touched.data() + place + first);
        }
    }

    void filter_rows(Scratch &s, const double *input, const double *weights, Range columns, Range run,
                     double *blended, double *target) const {
        for (Index j = 0; j < y_.taps; ++j) {
            s.sources[at(j)] = input + j * s.input.stride;
        }
        kernels_.blend_in(s.sources.data(), weights, y_.taps, columns.count(), blended);
        kernels_.columns(blended, static_cast<std::int32_t>(columns.begin), columns_.plan, run.begin,
                         run.count(), target);
    }

    /// z pass of `n` outputs from `first` on of a band's row.
    void blend_slices(Scratch &s, const std::vector<double> &ring, Index z, Index row, Range outputs,
                      double *sums) const {
        for (Index j = 0; j < z_.taps; ++j) {
            const Index line = (z_.start[at(z)] + j) % z_.taps * rows_per_band + row;
            s.sources[at(j)] = ring.data() + line * s.ring.stride + outputs.begin;
        }
        kernels_.blend_out(s.sources.data(), z_.weights.data() + z * z_.taps, z_.taps, outputs.count(), sums);
    }

    [[nodiscard]] Range outputs_of(Range run) const noexcept {
        return {run.begin * group_size, std::min(run.end * group_size, x_.count())};
    }

    void write_row(Scratch &s, Index z, Index y, Index row) const {
        T *target = &out_(z_.first + z, y_.first + y, x_.first);
        for (const Range run : s.runs[at(row)].all) {
            const Range outputs = outputs_of(run);
            for (Index x = outputs.begin; x < outputs.end; ++x) {
                target[x * out_.column_stride] = absent_.value;
            }
        }
        for (const Range run : s.runs[at(row)].some) {
            const Range outputs = outputs_of(run);
            blend_slices(s, s.ring.values, z, row, outputs, s.sums.values.data());
            blend_slices(s, s.ring.missing, z, row, outputs, s.sums.missing.data());
            for (Index x = outputs.begin; x < outputs.end; ++x) {
                const std::size_t i = at(x - outputs.begin);
                correct(target[x * out_.column_stride], s.sums.values[i], s.sums.missing[i],
                        has_negative_ && s.sums.missing[i] == 0.0 && is_touched(s, z, row, x));
            }
        }
    }

    /// `is_touched`: whether absent voxels have weights although these sum to 0.
    void correct(T &target, double value, double missing, bool is_touched) const noexcept {
        // A NaN may have come from an absent voxel of weight 0.
        if (missing != 0.0 || is_touched || target != target) {
            target = missing > 0.5 ? absent_.value : voxel_of<T>(value / (1.0 - missing));
        }
    }

    [[nodiscard]] bool is_touched(const Scratch &s, Index z, Index row, Index x) const noexcept {
        bool found = false;
        for (Index j = 0; j < z_.taps; ++j) {
            const Index line = (z_.start[at(z)] + j) % z_.taps * rows_per_band + row;
            found |=
                s.ring.touched[at(line * s.ring.stride + x)] != 0 && z_.weights[at(z * z_.taps + j)] != 0.0;
        }
        return found;
    }

    VolumeView<const T> in_;
    VolumeView<T> out_;
    const AxisTaps &z_, &y_, &x_;
    Absent<T> absent_;
    const RowKernels<double, double> &kernels_;
    ColumnTables<double> columns_;
    GroupBlocks blocks_;
    bool has_negative_;
    TouchedColumns touched_columns_;
    AbsentMap map_;
};

} // namespace

template <class T>
void exclude_absent(const VolumeView<const T> &voxels, const VolumeView<T> &out,
                    const std::array<AxisTaps, 3> &axes, Absent<T> absent, const PaddedKernels<T> &kernels,
                    int threads) {
    Padded<T>(voxels, out, axes, absent, kernels, threads).run(threads);
}

#define RADPIX_INSTANTIATE(T)                                                                                \
    template void exclude_absent(const VolumeView<const T> &, const VolumeView<T> &,                         \
                                 const std::array<AxisTaps, 3> &, Absent<T>, const PaddedKernels<T> &, int);
RADPIX_RESAMPLE_VOXELS(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

} // namespace radpix::resample
