// SPDX-License-Identifier: Apache-2.0
#include "resample/absent_map.hpp"

#include <algorithm>

#include "base/voxel_types.hpp"
#include "radpix/parallel.hpp"

namespace radpix::resample {
namespace {

constexpr Index word_bits = 64;

/// The bits from `first` to before `last` that lie in word `word`.
std::uint64_t mask_of(Index word, Index first, Index last) noexcept {
    const Index low = std::max(first - word * word_bits, Index{0});
    const Index high = std::min(last - word * word_bits, word_bits);
    const std::uint64_t below = high == word_bits ? ~std::uint64_t{0} : (std::uint64_t{1} << high) - 1;
    return below & ~((std::uint64_t{1} << low) - 1);
}

/// A block of columns of all rows, whose columns are no neighbours: column by column, as they may lie in
/// memory.
template <class T>
void mark_block(const VolumeView<const T> &voxels, Index slice, Range rows, Range columns, Absent<T> absent,
                std::vector<std::uint8_t> &any, std::vector<std::uint8_t> &all) {
    std::fill(any.begin(), any.end(), std::uint8_t{0});
    std::fill(all.begin(), all.end(), std::uint8_t{1});
    for (Index x = columns.begin; x < columns.end; ++x) {
        const T *voxel = &voxels(slice, rows.begin, x);
        for (std::size_t y = 0; y < any.size(); ++y, voxel += voxels.row_stride) {
            const std::uint8_t gone = absent(*voxel) ? 1 : 0;
            any[y] = any[y] | gone;
            all[y] = all[y] & gone;
        }
    }
}

} // namespace

bool BlockBits::some(const std::vector<std::uint64_t> &bits, Index first, Index last) noexcept {
    for (Index word = first / word_bits; word * word_bits < last; ++word) {
        if ((bits[static_cast<std::size_t>(word)] & mask_of(word, first, last)) != 0) {
            return true;
        }
    }
    return false;
}

bool BlockBits::every(const std::vector<std::uint64_t> &bits, Index first, Index last) noexcept {
    for (Index word = first / word_bits; word * word_bits < last; ++word) {
        const std::uint64_t mask = mask_of(word, first, last);
        if ((bits[static_cast<std::size_t>(word)] & mask) != mask) {
            return false;
        }
    }
    return true;
}

template <class T>
AbsentMap::AbsentMap(const VolumeView<const T> &voxels, Range slices, Range rows, Absent<T> absent,
                     MarkAbsent<T> mark, int threads)
    : slices_(slices), rows_(rows),
      words_((voxels.width + word_bits * absent_block - 1) / (word_bits * absent_block)) {
    any_.resize(static_cast<std::size_t>(slices.count() * rows.count() * words_));
    all_.resize(any_.size());
    parallel_for(slices.begin, slices.end, 1, threads, [&](Index slice, Index) {
        if (voxels.column_stride == 1) {
            for (Index row = rows.begin; row < rows.end; ++row) {
                mark(voxels.row(slice, row), voxels.width, absent.value, absent.is_nan,
                     any_.data() + at(slice, row), all_.data() + at(slice, row));
            }
            return;
        }
        std::vector<std::uint8_t> any(static_cast<std::size_t>(rows.count())), all(any.size());
        for (Index x = 0; x < voxels.width; x += absent_block) {
            const Range columns{x, std::min(x + absent_block, voxels.width)};
            mark_block(voxels, slice, rows, columns, absent, any, all);
            const Index bit = x / absent_block;
            for (Index row = rows.begin; row < rows.end; ++row) {
                const std::size_t word = at(slice, row) + static_cast<std::size_t>(bit / word_bits);
                const auto y = static_cast<std::size_t>(row - rows.begin);
                any_[word] |= std::uint64_t{any[y]} << (bit % word_bits);
                all_[word] |= std::uint64_t{all[y]} << (bit % word_bits);
            }
        }
    });
}

void AbsentMap::find(Range slices, Range rows, BlockBits &bits) const {
    bits.any.assign(static_cast<std::size_t>(words_), 0);
    bits.all.assign(static_cast<std::size_t>(words_), ~std::uint64_t{0});
    for (Index slice = slices.begin; slice < slices.end; ++slice) {
        std::size_t from = at(slice, rows.begin);
        for (Index row = rows.begin; row < rows.end; ++row) {
            for (std::size_t word = 0; word < bits.any.size(); ++word, ++from) {
                bits.any[word] |= any_[from];
                bits.all[word] &= all_[from];
            }
        }
    }
}

#define RADPIX_INSTANTIATE(T)                                                                                \
    template AbsentMap::AbsentMap(const VolumeView<const T> &, Range, Range, Absent<T>, MarkAbsent<T>, int);
RADPIX_FILTERED_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

} // namespace radpix::resample
