// SPDX-License-Identifier: Apache-2.0
/// Which outputs of a row have only absent voxels in their windows, and which have some.
#pragma once

#include <vector>

#include "resample/absent_map.hpp"
#include "resample/axis_taps.hpp"
#include "resample/separable.hpp"

namespace radpix::resample {

/// Groups of outputs (of group_size) of one row.
struct AbsentRuns {
    std::vector<Range> some; ///< some voxels of the windows may be absent
    std::vector<Range> all;  ///< all are

    void clear() noexcept {
        some.clear();
        all.clear();
    }
};

/// The blocks of columns that each group of outputs takes.
class GroupBlocks {
public:
    template <class A>
    explicit GroupBlocks(const ColumnPlan<A> &plan) {
        for (Index group = 0; group < plan.groups; ++group) {
            const std::int32_t *start = plan.start + group * group_size;
            blocks_.push_back(
                {start[0] / absent_block, (start[group_size - 1] + plan.taps - 1) / absent_block + 1});
        }
    }

    [[nodiscard]] Range of(Index group) const noexcept { return blocks_[static_cast<std::size_t>(group)]; }

    /// The runs of a row whose windows have these blocks.
    void find(const BlockBits &bits, AbsentRuns &runs) const {
        runs.clear();
        for (Index group = 0; group < static_cast<Index>(blocks_.size()); ++group) {
            const Range blocks = of(group);
            if (!BlockBits::some(bits.any, blocks.begin, blocks.end)) {
                continue;
            }
            auto &found = BlockBits::every(bits.all, blocks.begin, blocks.end) ? runs.all : runs.some;
            if (!found.empty() && found.back().end == group) {
                ++found.back().end;
            } else {
                found.push_back({group, group + 1});
            }
        }
    }

private:
    std::vector<Range> blocks_;
};

} // namespace radpix::resample
