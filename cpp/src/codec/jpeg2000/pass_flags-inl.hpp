// SPDX-License-Identifier: Apache-2.0
// What the coding passes share, included once for each CPU level inside its anonymous namespace.

/// What a coefficient that becomes significant in row 0 to 3 changes in the next stripe, above or below.
struct NextStripe {
    std::int32_t direction;    ///< of the stripe; 0 where there is nothing to change
    std::uint32_t significant; ///< bit of the column on its right
    std::uint32_t negative;    ///< its sign in its own column
};
constexpr NextStripe next_stripes[4] = {{-1, 1U << 15U, 1U << 23U}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1U << 18U}};
/// D.7: a causal stripe knows nothing of the next one.
constexpr NextStripe causal_next_stripes[4] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1U << 18U}};

/// Marks row `row` of the column at `at` significant. Without a branch: rows are as good as random.
template <bool causal>
RADPIX_MQ_INLINE void mark_significant(Flags *at, Index stride, unsigned row, unsigned sign) noexcept {
    const unsigned bit = 3 * row + 3;
    at[-1] |= 4U << bit;
    at[0] |= 2U << bit | sign << (19 + row);
    at[1] |= 1U << bit;
    const NextStripe &next = causal ? causal_next_stripes[row] : next_stripes[row];
    Flags *const there = at + next.direction * stride;
    there[-1] |= next.significant << 2U;
    there[0] |= next.significant << 1U | (next.negative & (0U - sign));
    there[1] |= next.significant;
}

/// Where the sign of row `row` is found in sign_contexts.
RADPIX_MQ_INLINE unsigned sign_entry(const Flags *at, unsigned row) noexcept {
    const Flags flags = at[0];
    return sign_contexts[(flags >> (3 * row) & 0xAAU) | (flags >> (18 + row) & 1U) |
                         (at[-1] >> (19 + row) & 1U) << 2U | (at[1] >> (19 + row) & 1U) << 4U |
                         (flags >> (20 + row) & 1U) << 6U];
}

constexpr std::uint64_t first_rows = 0x1111111111111111, last_rows = 0x8888888888888888;

/// A bit each for `middle` and the columns on either side of it.
RADPIX_MQ_INLINE std::uint64_t side_columns(std::uint64_t left, std::uint64_t middle,
                                            std::uint64_t right) noexcept {
    return middle << 4U | left >> 60U | middle >> 4U | right << 60U;
}

/// Significance of the columns on either side of each of the group's.
RADPIX_MQ_INLINE std::uint64_t on_both_sides(const ColumnGroup *group) noexcept {
    return side_columns(group[-1].significant, group[0].significant, group[1].significant);
}

/// Coefficients of the group with a significant neighbour.
template <bool causal>
RADPIX_MQ_INLINE std::uint64_t near_significant_of(const ColumnGroup *group, Index stride) noexcept {
    const std::uint64_t sides = on_both_sides(group), all = sides | group->significant;
    const ColumnGroup *const above = group - stride, *const below = group + stride;
    std::uint64_t near = sides | (all << 1U & ~first_rows) | (all >> 1U & ~last_rows);
    near |= (on_both_sides(above) | above->significant) >> 3U & first_rows;
    if (!causal) {
        near |= (on_both_sides(below) | below->significant) << 3U & last_rows;
    }
    return near;
}

/// Where a pass is among the groups of a block.
template <bool causal>
class GroupCursor {
public:
    RADPIX_MQ_INLINE explicit GroupCursor(const BlockState &block) noexcept
        : flags(block.flags - group_columns), magnitudes(block.magnitudes - 4 * group_columns),
          group(block.groups - 1), block_(block), end_(block.groups + block.stripes() * block.group_stride),
          left_(block.group_stride) {}

    /// Goes to the next group. False at the end of the block.
    RADPIX_MQ_INLINE bool next() noexcept {
        ++group;
        flags += group_columns;
        magnitudes += 4 * group_columns;
        if (--left_ == 0) { // over the border, into the next stripe
            const Index beyond = (block_.group_stride - 1) * group_columns;
            left_ = block_.group_stride - 1;
            ++group;
            flags += block_.stride - beyond;
            magnitudes += 4 * (block_.width - beyond);
        }
        return group < end_;
    }

    [[nodiscard]] RADPIX_MQ_INLINE std::uint64_t near_significant() const noexcept {
        return near_significant_of<causal>(group, block_.group_stride);
    }

    Flags *flags;
    std::uint32_t *magnitudes;
    ColumnGroup *group;

private:
    const BlockState &block_;
    ColumnGroup *end_;
    Index left_; ///< groups in this stripe, this one among them
};
