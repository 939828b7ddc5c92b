// SPDX-License-Identifier: Apache-2.0
#include "radpix/slices.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <system_error>

#include "base/file_reader.hpp"
#include "base/target_region.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"
#include "radpix/parallel.hpp"
#include "radpix/window.hpp"
#include "slices/kernels.hpp"

namespace radpix {
namespace slices {

const Kernels &kernels() {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        return avx2_kernels;
    }
#endif
    return scalar_kernels;
}

} // namespace slices

namespace {

/// Read at once, into the second-level cache: the kernel takes 15 pages of a file at a time.
constexpr Index chunk_bytes = Index{30} << 12;
/// Looked at and rescaled at once, in the first-level cache.
constexpr Index block_bytes = Index{12} << 10;

bool is_stored_type(DataType type) noexcept {
    return type <= DataType::int32; // the enumerators of 8, 16 and 32 bits come first
}

void check(std::span<const StoredSlice> slices, StoredPixels stored, const ArrayView &out) {
    if (!is_stored_type(stored.type) || out.type == DataType::uint64 || out.type == DataType::int64) {
        throw_error(Errc::unsupported_type,
                    "slices of integers of up to 32 bits are read, into those or floating point");
    }
    if (stored.bits_stored < 1 || stored.bits_stored > 8 * size_of(stored.type)) {
        throw_error(Errc::invalid_argument, std::to_string(stored.bits_stored) + " bits stored of " +
                                                std::to_string(8 * size_of(stored.type)));
    }
    Index stride = 1;
    bool is_contiguous = out.rank > 0 && out.shape[0] == static_cast<Index>(slices.size());
    for (int axis = out.rank - 1; axis >= 0; --axis) {
        const auto k = static_cast<std::size_t>(axis);
        is_contiguous = is_contiguous && (out.strides[k] == stride || out.shape[k] <= 1);
        stride *= out.shape[k];
    }
    if (!is_contiguous) {
        throw_error(Errc::shape_mismatch, "slices are read into a C-contiguous array of as many");
    }
    for (const StoredSlice &slice : slices) {
        if (slice.offset < 0 || !std::isfinite(slice.slope) || !std::isfinite(slice.intercept)) {
            throw_error(Errc::invalid_argument, "offsets are positive, slopes and intercepts finite");
        }
    }
}

ArrayView line(void *data, DataType type, Index count) noexcept {
    ArrayView view{data, type, 1};
    view.shape[0] = count;
    view.strides[0] = 1;
    return view;
}

/// Reads slices of one array, one after the other.
class Reader {
public:
    Reader(StoredPixels stored, const ArrayView &out, bool find_range)
        : stored_(stored), out_(out), count_(out.shape[0] > 0 ? out.size() / out.shape[0] : 0),
          find_range_(find_range) {}

    SliceOutcome read(const StoredSlice &slice, Index place) {
        SliceOutcome outcome;
        auto *const target = static_cast<std::byte *>(out_.data) + place * count_ * size_of(out_.type);
        try {
            FileReader file(slice.file);
            if (slice.offset <= file.size()) {
                outcome = read(file, slice, target);
            }
        } catch (const std::system_error &) { // whoever asked says more of it by reading in the usual way
            outcome.is_complete = false;
        }
        return outcome;
    }

private:
    SliceOutcome read(FileReader &file, const StoredSlice &slice, std::byte *target) {
        const Index item = size_of(stored_.type);
        const bool as_stored = slice.slope == 1.0 && slice.intercept == 0.0 && out_.type == stored_.type;
        const bool is_looked_at = find_range_ || stored_.bits_stored < 8 * item;
        const Index most = as_stored && !is_looked_at ? count_ : chunk_bytes / item;
        if (!as_stored && scratch_ == nullptr) {
            scratch_ = std::make_unique_for_overwrite<std::byte[]>(chunk_bytes);
        }
        SliceOutcome outcome{true, std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()};
        for (Index done = 0; done < count_; done += most) {
            const Index count = std::min(most, count_ - done);
            std::byte *const out = target + done * size_of(out_.type);
            std::byte *const values = as_stored ? out : scratch_.get();
            const std::span bytes(values, static_cast<std::size_t>(count * item));
            if (file.read(slice.offset + done * item, bytes) != bytes.size()) {
                return {};
            }
            for (Index first = 0; first < count; first += block_bytes / item) {
                const Index length = std::min(block_bytes / item, count - first);
                std::byte *const block = values + first * item;
                const ArrayView to = line(out + first * size_of(out_.type), out_.type, length);
                if (as_stored) {
                    look_at(block, length, outcome);
                } else if (shifts(slice) && shift(block, to, static_cast<int>(slice.intercept), outcome)) {
                    continue;
                } else {
                    look_at(block, length, outcome);
                    rescale(line(block, stored_.type, length), to, slice.slope, slice.intercept, 1);
                }
            }
        }
        return outcome;
    }

    /// CT, MR and most others: slope 1, a whole intercept and 16 bits.
    [[nodiscard]] bool shifts(const StoredSlice &slice) const noexcept {
        return (stored_.type == DataType::uint16 || stored_.type == DataType::int16) &&
               out_.type == DataType::int16 && slice.slope == 1.0 &&
               std::floor(slice.intercept) == slice.intercept && std::abs(slice.intercept) <= 65536.0;
    }

    /// What look_at() and rescale() do, in one pass over values that are within Bits Stored and stay within
    /// the output; false where they are not: 150 slices of 512 x 512 take 1.2 of 13 ms less.
    bool shift(const std::byte *values, const ArrayView &out, int term, SliceOutcome &outcome) const {
        const auto kernel = stored_.type == DataType::int16 ? kernels_.shift_int16 : kernels_.shift_uint16;
        const slices::Ends ends = kernel(values, static_cast<std::int16_t *>(out.data), out.shape[0], term);
        const bool is_signed = stored_.type == DataType::int16;
        const double most = std::ldexp(1.0, stored_.bits_stored - (is_signed ? 1 : 0)) - 1.0;
        const double least = is_signed ? -most - 1.0 : 0.0;
        if (ends.minimum < least || ends.maximum > most || ends.minimum + term < -32768.0 ||
            ends.maximum + term > 32767.0) {
            return false;
        }
        include(ends, outcome);
        return true;
    }

    static void include(const slices::Ends &ends, SliceOutcome &outcome) noexcept {
        outcome.minimum = std::min(outcome.minimum, ends.minimum);
        outcome.maximum = std::max(outcome.maximum, ends.maximum);
    }

    void look_at(std::byte *values, Index count, SliceOutcome &outcome) const {
        const auto type = static_cast<std::size_t>(stored_.type);
        if (stored_.bits_stored < 8 * size_of(stored_.type) &&
            kernels_.has_other_bits[type](values, count, stored_.bits_stored)) {
            kernels_.keep_low_bits[type](values, count, stored_.bits_stored);
        }
        if (find_range_) {
            include(kernels_.ends[type](values, count), outcome);
        }
    }

    const slices::Kernels &kernels_ = slices::kernels();
    StoredPixels stored_;
    ArrayView out_;
    Index count_; ///< pixels of a slice
    bool find_range_;
    std::unique_ptr<std::byte[]> scratch_;
};

} // namespace

std::vector<SliceOutcome> read_slices(std::span<const StoredSlice> slices, StoredPixels stored,
                                      const ArrayView &out, bool find_range, int threads) {
    check(slices, stored, out);
    std::vector<SliceOutcome> outcomes(slices.size());
    parallel_for(0, static_cast<Index>(slices.size()), 1, threads, [&](Index first, Index last) {
        Reader reader(stored, out, find_range);
        for (Index place = first; place < last; ++place) {
            const auto k = static_cast<std::size_t>(place);
            outcomes[k] = reader.read(slices[k], place);
        }
    });
    return outcomes;
}

} // namespace radpix
