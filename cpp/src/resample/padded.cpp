// SPDX-License-Identifier: Apache-2.0
// The passes of the separable filter run twice: over the voxels with 0 for the absent ones, and
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

/// Rows of values, of the weights of what is absent from them, and of flags where any of that has a weight.
template <class A>
struct Rows {
    Rows(Index count, Index length, bool has_negative)
        // Not a power of two: rows below each other would crowd one another out of the cache.
        : stride(ceil_div(length, group_size) * group_size + group_size), values(at(count * stride)),
          missing(at(count * stride)), touched(has_negative ? at(count * stride) : 0) {}

    Index stride;
    std::vector<A> values, missing;
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

/// Sorts ranges and joins those that meet.
void join(std::vector<Range> &ranges) {
    std::sort(ranges.begin(), ranges.end(), [](Range a, Range b) { return a.begin < b.begin; });
    std::size_t kept = 0;
    for (std::size_t i = 1; i < ranges.size(); ++i) {
        if (ranges[i].begin <= ranges[kept].end) {
            ranges[kept].end = std::max(ranges[kept].end, ranges[i].end);
        } else {
            ranges[++kept] = ranges[i];
        }
    }
    ranges.resize(std::min(ranges.size(), kept + 1));
}

/// Goes through all slices for one band of output rows after the other.
template <class T, class A>
class Padded {
public:
    Padded(const VolumeView<const T> &voxels, const VolumeView<T> &out, const std::array<AxisTaps, 3> &axes,
           Absent<T> absent, const PaddedKernels<T, A> &kernels, int threads)
        : in_(voxels), out_(out), z_(axes[0]), y_(axes[1]), x_(axes[2]), absent_(absent),
          kernels_(kernels.rows), absent_kernels_(kernels.absent), columns_(axes[2]), blocks_(columns_.plan),
          has_negative_(has_negative_weight(axes)), touched_columns_(columns_.plan),
          y_weights_(y_.weights.begin(), y_.weights.end()), z_weights_(z_.weights.begin(), z_.weights.end()),
          map_(voxels, reach_of(z_, {0, z_.count()}), reach_of(y_, {0, y_.count()}), absent,
               kernels.absent.mark, threads) {}

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
              sums(1, call.columns_.plan.groups * group_size, call.has_negative_), held(at(call.z_.taps)),
              runs(rows_per_band), runs_before(rows_per_band), columns(at(call.most_rows())),
              sources(at(std::max(call.y_.taps, call.z_.taps))), y_flags(at(call.y_.taps)),
              z_flags(at(call.z_.taps)), packed(at(call.in_.column_stride == 1 ? 0 : call.in_.width)),
              staged(at(call.out_.column_stride == 1 ? 0 : call.x_.count())) {}

        Rows<A> input;           ///< the rows of one slice that a band takes
        Rows<A> blended;         ///< after the y pass
        Rows<A> ring;            ///< after the x pass, row y of slice s at s % taps * rows_per_band + y
        Rows<A> sums;            ///< after the z pass
        std::vector<Index> held; ///< the slices in the ring
        std::vector<AbsentRuns> runs, runs_before; ///< of the band's rows
        std::vector<std::vector<Range>> columns;   ///< that a row of `input` needs
        bool is_needed = false;                    ///< any of them
        BlockBits bits;
        std::vector<const A *> sources;
        std::vector<const std::uint8_t *> y_flags, z_flags;
        std::vector<std::int32_t> counts;
        std::vector<T> packed, staged;
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
        const Index first_row = y_.start[at(band.begin)];
        for (std::vector<Range> &columns : s.columns) {
            columns.clear();
        }
        s.is_needed = false;
        bool is_same = true;
        for (Index y = band.begin; y < band.end; ++y) {
            AbsentRuns &runs = s.runs[at(y - band.begin)];
            map_.find(reach_of(z_, chunk), reach_of(y_, {y, y + 1}), s.bits);
            blocks_.find(s.bits, runs);
            is_same = is_same && runs.some == s.runs_before[at(y - band.begin)].some;
            for (const Range run : runs.some) {
                s.is_needed = true;
                for (Index j = 0; j < y_.taps; ++j) {
                    s.columns[at(y_.start[at(y)] + j - first_row)].push_back(columns_of(run));
                }
            }
        }
        for (std::vector<Range> &columns : s.columns) {
            join(columns);
        }
        return is_same;
    }

    /// The input columns of a run of groups.
    [[nodiscard]] Range columns_of(Range run) const noexcept {
        const ColumnPlan<A> &plan = columns_.plan;
        return {plan.start[run.begin * group_size], plan.start[run.end * group_size - 1] + plan.taps};
    }

    void run_slice(Scratch &s, Range band, Index z) const {
        if (s.is_needed) {
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
            for (const Range columns : s.columns[at(y - rows.begin)]) {
                read_columns(s, slice, y, columns, (y - rows.begin) * s.input.stride + columns.begin);
            }
        }
        for (Index y = band.begin; y < band.end; ++y) {
            const Index line = slice % z_.taps * rows_per_band + y - band.begin;
            for (const Range run : s.runs[at(y - band.begin)].some) {
                filter_run(s, y, rows.begin, run, line * s.ring.stride);
            }
        }
    }

    void read_columns(Scratch &s, Index slice, Index y, Range columns, Index place) const {
        const T *row = &in_(slice, y, columns.begin);
        if (in_.column_stride != 1) {
            for (Index x = 0; x < columns.count(); ++x) {
                s.packed[at(x)] = row[x * in_.column_stride];
            }
            row = s.packed.data();
        } else if (slice + 1 < in_.depth) { // pieces of rows here and there are no stream to the processor
            for (Index x = 0; x < columns.count(); x += cache_line / static_cast<Index>(sizeof(T))) {
                prefetch(row + in_.slice_stride + x);
            }
        }
        A *missing = s.input.missing.data() + place;
        absent_kernels_.split(row, columns.count(), absent_.value, absent_.is_nan,
                              s.input.values.data() + place, missing);
        if (has_negative_) {
            std::uint8_t *__restrict touched = s.input.touched.data() + place;
            for (Index x = 0; x < columns.count(); ++x) {
                touched[x] = missing[x] != A(0) ? 1 : 0;
            }
        }
    }

    /// y and x passes of a run of groups; `first_row` is the first one of `input`, `place` the ring's row.
    void filter_run(Scratch &s, Index y, Index first_row, Range run, Index place) const {
        const Index first = run.begin * group_size;
        const Range columns = columns_of(run);
        const Index from = (y_.start[at(y)] - first_row) * s.input.stride + columns.begin;
        const A *weights = y_weights_.data() + y * y_.taps;
        filter_rows(s, s.input.values.data() + from, weights, columns, run, s.blended.values.data(),
                    s.ring.values.data() + place + first);
        filter_rows(s, s.input.missing.data() + from, weights, columns, run, s.blended.missing.data(),
                    s.ring.missing.data() + place + first);
        if (has_negative_) {
            for (Index j = 0; j < y_.taps; ++j) {
                s.y_flags[at(j)] = s.input.touched.data() + from + j * s.input.stride;
            }
            touch_rows(s.y_flags, y_.weights.data() + y * y_.taps, columns.count(), s.blended.touched.data());
            touched_columns_.blend(s.blended.touched.data(), columns, run, s.counts,
                                   s.ring.touched.data() + place + first);
        }
    }

    void filter_rows(Scratch &s, const A *input, const A *weights, Range columns, Range run, A *blended,
                     A *target) const {
        for (Index j = 0; j < y_.taps; ++j) {
            s.sources[at(j)] = input + j * s.input.stride;
        }
        kernels_.blend_in(s.sources.data(), weights, y_.taps, columns.count(), blended);
        kernels_.columns(blended, static_cast<std::int32_t>(columns.begin), columns_.plan, run.begin,
                         run.count(), target);
    }

    /// The row of the ring that holds the j-th slice of a window.
    [[nodiscard]] Index place_of(const Scratch &s, Index z, Index j, Index row) const noexcept {
        return ((z_.start[at(z)] + j) % z_.taps * rows_per_band + row) * s.ring.stride;
    }

    /// z pass of some outputs of a band's row.
    void blend_slices(Scratch &s, const std::vector<A> &ring, Index z, Index row, Range outputs,
                      A *sums) const {
        for (Index j = 0; j < z_.taps; ++j) {
            s.sources[at(j)] = ring.data() + place_of(s, z, j, row) + outputs.begin;
        }
        kernels_.blend_out(s.sources.data(), z_weights_.data() + z * z_.taps, z_.taps, outputs.count(), sums);
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
            if (has_negative_) {
                for (Index j = 0; j < z_.taps; ++j) {
                    s.z_flags[at(j)] = s.ring.touched.data() + place_of(s, z, j, row) + outputs.begin;
                }
                touch_rows(s.z_flags, z_.weights.data() + z * z_.taps, outputs.count(),
                           s.sums.touched.data());
            }
            merge_run(s, outputs.count(), target + outputs.begin * out_.column_stride);
        }
    }

    void merge_run(Scratch &s, Index n, T *target) const {
        const Index stride = out_.column_stride;
        T *out = stride == 1 ? target : s.staged.data();
        for (Index x = 0; stride != 1 && x < n; ++x) {
            out[x] = target[x * stride];
        }
        absent_kernels_.merge(s.sums.values.data(), s.sums.missing.data(),
                              has_negative_ ? s.sums.touched.data() : nullptr, n, absent_.value, out);
        for (Index x = 0; stride != 1 && x < n; ++x) {
            target[x * stride] = out[x];
        }
    }

    VolumeView<const T> in_;
    VolumeView<T> out_;
    const AxisTaps &z_, &y_, &x_;
    Absent<T> absent_;
    const RowKernels<A, A> &kernels_;
    AbsentKernels<T, A> absent_kernels_;
    ColumnTables<A> columns_;
    GroupBlocks blocks_;
    bool has_negative_;
    TouchedColumns<A> touched_columns_;
    std::vector<A> y_weights_, z_weights_;
    AbsentMap map_;
};

} // namespace

template <class T, class A>
void exclude_absent(const VolumeView<const T> &voxels, const VolumeView<T> &out,
                    const std::array<AxisTaps, 3> &axes, Absent<T> absent, const PaddedKernels<T, A> &kernels,
                    int threads) {
    Padded<T, A>(voxels, out, axes, absent, kernels, threads).run(threads);
}

#define RADPIX_INSTANTIATE(T, A)                                                                             \
    template void exclude_absent(const VolumeView<const T> &, const VolumeView<T> &,                         \
                                 const std::array<AxisTaps, 3> &, Absent<T>, const PaddedKernels<T, A> &,    \
                                 int);
RADPIX_RESAMPLE_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

} // namespace radpix::resample
