// SPDX-License-Identifier: Apache-2.0
/// Where a volume has absent voxels.
#pragma once

#include <cstdint>
#include <vector>

#include "base/absent.hpp"
#include "resample/kernels.hpp"

namespace radpix::resample {

/// Bits of a row's blocks: whether any voxel of the block is absent, and whether all are.
struct BlockBits {
    std::vector<std::uint64_t> any, all;

    /// Whether any bit of `bits` is set from block `first` to before `last`.
    [[nodiscard]] static bool some(const std::vector<std::uint64_t> &bits, Index first, Index last) noexcept;
    /// Whether all of them are.
    [[nodiscard]] static bool every(const std::vector<std::uint64_t> &bits, Index first, Index last) noexcept;
};

/// From `begin` to before `end`.
struct Range {
    Index begin, end;

    [[nodiscard]] Index count() const noexcept { return end - begin; }
    [[nodiscard]] bool operator==(const Range &other) const noexcept = default;
};

/// Marks, by one look at every voxel, which blocks of absent_block neighbours along x have absent ones: a
/// field of view leaves most blocks with none or with nothing else (CT of 512 x 512: all but 1 in 50).
class AbsentMap {
public:
    template <class T>
    AbsentMap(const VolumeView<const T> &voxels, Range slices, Range rows, Absent<T> absent,
              MarkAbsent<T> mark, int threads);

    /// Sets `bits` to those of a box: any voxel of its rows and slices, all of them.
    void find(Range slices, Range rows, BlockBits &bits) const;

private:
    [[nodiscard]] std::size_t at(Index slice, Index row) const noexcept {
        return static_cast<std::size_t>(((slice - slices_.begin) * rows_.count() + row - rows_.begin) *
                                        words_);
    }

    Range slices_, rows_;
    Index words_;
    std::vector<std::uint64_t> any_, all_;
};

} // namespace radpix::resample
