// SPDX-License-Identifier: Apache-2.0
// The significance and cleanup passes, included once for each CPU level inside its anonymous namespace. One
// function a pass, never inlined: together the compiler would keep too little of the decoder in registers.
//
// A decision waits for the one before it, some 25 cycles, so most of the processor idles. The functions
// `of_two` take the decisions of two blocks in turn, each waiting for its own only.

/// The decisions of an arithmetic decoder.
class MqCoder {
public:
    RADPIX_MQ_INLINE explicit MqCoder(const CodingPass &pass) noexcept
        : contexts_(pass.block->contexts.data()), zero_context_(pass.block->zero_context),
          cursor_(*pass.decoder) {}
    RADPIX_MQ_INLINE void give_back(const CodingPass &pass) const noexcept {
        cursor_.give_back(*pass.decoder);
    }

    RADPIX_MQ_INLINE unsigned significance(Flags around) noexcept {
        return cursor_.decode(contexts_[zero_context_[around & 0x1FFU]]);
    }
    RADPIX_MQ_INLINE unsigned sign(const Flags *at, unsigned row) noexcept {
        const unsigned entry = sign_entry(at, row);
        return cursor_.decode(contexts_[entry & 0x1FU]) ^ entry >> 7U;
    }
    /// Whether the columns of a run are all insignificant; nothing is read where they may not be.
    RADPIX_MQ_INLINE bool pass_run(unsigned columns) noexcept {
        return cursor_.pass_zeros(contexts_[run_length_context], columns);
    }
    RADPIX_MQ_INLINE unsigned refinement(std::size_t context) noexcept {
        return cursor_.decode(contexts_[first_refinement_context + context]);
    }
    RADPIX_MQ_INLINE unsigned run_ends() noexcept { return cursor_.decode(contexts_[run_length_context]); }
    RADPIX_MQ_INLINE unsigned run_row() noexcept {
        const unsigned high = cursor_.decode(contexts_[uniform_context]);
        return high << 1U | cursor_.decode(contexts_[uniform_context]);
    }

private:
    MqContext *contexts_;
    const std::uint8_t *zero_context_;
    MqCursor cursor_;
};

/// Those of bypassed passes (D.6), the bits themselves.
class RawCoder {
public:
    RADPIX_MQ_INLINE explicit RawCoder(const CodingPass &pass) noexcept : bits_(*pass.bits) {}
    RADPIX_MQ_INLINE void give_back(const CodingPass &pass) const noexcept { *pass.bits = bits_; }
    RADPIX_MQ_INLINE unsigned significance(Flags /*around*/) noexcept { return bits_.bit(); }
    RADPIX_MQ_INLINE unsigned sign(const Flags * /*at*/, unsigned /*row*/) noexcept { return bits_.bit(); }
    RADPIX_MQ_INLINE unsigned refinement(std::size_t /*context*/) noexcept { return bits_.bit(); }

private:
    RawBits bits_;
};

/// Goes through the coefficients of a pass that are decided one by one.
template <bool causal, class Coder>
class PassCursor {
public:
    RADPIX_MQ_INLINE explicit PassCursor(const CodingPass &pass) noexcept
        : coder_(pass), at_(*pass.block), stride_(pass.block->stride), value_(3U << pass.plane) {}

    RADPIX_MQ_INLINE void give_back(const CodingPass &pass) const noexcept { coder_.give_back(pass); }

    /// The next decision; there has to be one.
    RADPIX_MQ_INLINE unsigned decode() noexcept {
        position_ = static_cast<unsigned>(std::countr_zero(members_));
        members_ &= members_ - 1U;
        return coder_.significance(at_.flags[position_ >> 2U] >> (3 * (position_ & 3U)));
    }

protected:
    /// Sign and value of the coefficient at position_, which has become significant.
    RADPIX_MQ_INLINE void begin_coefficient() noexcept {
        Flags *const column = at_.flags + (position_ >> 2U);
        const unsigned row = position_ & 3U, sign = coder_.sign(column, row);
        at_.magnitudes[position_] = value_;
        mark_significant<causal>(column, stride_, row, sign);
        significant_ |= std::uint64_t{1} << position_;
    }

    Coder coder_;
    GroupCursor<causal> at_;
    Index stride_;
    std::uint32_t value_;           ///< of a coefficient that becomes significant
    std::uint64_t members_ = 0;     ///< of this group, still to be decided
    std::uint64_t significant_ = 0; ///< of this group
    unsigned position_ = 0;         ///< of the last decision
};

template <bool causal, class Coder>
class SignificanceCursor : public PassCursor<causal, Coder> {
public:
    RADPIX_MQ_INLINE explicit SignificanceCursor(const CodingPass &pass) noexcept
        : PassCursor<causal, Coder>(pass) {}

    /// Goes to the next group with candidates. False at the end of the block.
    RADPIX_MQ_INLINE bool seek() noexcept {
        while (this->at_.next()) {
            this->significant_ = this->at_.group->significant;
            may_follow_ = this->at_.group->within & ~this->significant_;
            coded_ = this->members_ = this->at_.near_significant() & may_follow_;
            if (coded_ != 0) {
                return true;
            }
            this->at_.group->coded = 0;
        }
        return false;
    }

    /// Takes the last decision in, and goes to the next. False at the end of the block.
    RADPIX_MQ_INLINE bool settle(unsigned symbol) noexcept {
        if (symbol != 0) {
            this->begin_coefficient();
            const std::uint64_t follow =
                neighbours_behind[this->position_ & 3U] << this->position_ & may_follow_;
            this->members_ |= follow;
            coded_ |= follow;
        }
        if (this->members_ != 0) {
            return true;
        }
        this->at_.group->significant = this->significant_;
        this->at_.group->coded = coded_;
        return seek();
    }

private:
    /// Of a coefficient in row 0 to 3, those that the pass has not been at.
    static constexpr std::uint64_t neighbours_behind[4] = {0x32, 0x3A, 0x3A, 0x18};

    std::uint64_t coded_ = 0, may_follow_ = 0;
};

template <bool causal>
class CleanupCursor : public PassCursor<causal, MqCoder> {
public:
    RADPIX_MQ_INLINE explicit CleanupCursor(const CodingPass &pass) noexcept
        : PassCursor<causal, MqCoder>(pass) {}

    /// Goes to the next group with coefficients to be decided one by one. False at the end of the block.
    RADPIX_MQ_INLINE bool seek() noexcept {
        while (this->at_.next()) {
            const ColumnGroup &group = *this->at_.group;
            this->significant_ = group.significant;
            this->members_ = group.within & ~(group.significant | group.coded);
            near_ = this->at_.near_significant() | ~group.within;
            if (go_on()) {
                return true;
            }
        }
        return false;
    }

    RADPIX_MQ_INLINE bool settle(unsigned symbol) noexcept {
        if (symbol != 0) {
            this->begin_coefficient();
            near_ |= right_neighbours(this->position_);
        }
        return go_on() || seek();
    }

private:
    /// The next column on the right, as far as it is in the group, and their own.
    RADPIX_MQ_INLINE static std::uint64_t right_neighbours(unsigned position) noexcept {
        return std::uint64_t{0xFF} << (position & ~3U);
    }

    /// As many of so many runs as are seen at once to be insignificant; 0 where the next has to be decoded.
    RADPIX_MQ_INLINE unsigned pass_runs(unsigned columns) noexcept {
        const unsigned quarter = (columns + 3U) / 4U;
        if (this->coder_.pass_run(columns)) {
            return columns;
        }
        return this->coder_.pass_run(quarter) ? quarter : 0U;
    }

    /// Passes runs until there is a member to be decided. False at the end of the group.
    RADPIX_MQ_INLINE bool go_on() noexcept {
        while (this->members_ != 0) {
            const auto position = static_cast<unsigned>(std::countr_zero(this->members_));
            const std::uint64_t from_here = near_ >> (position & ~3U);
            if ((from_here & 15U) != 0) {
                return true;
            }
            // D.5: columns without a significant neighbour are coded as runs of four
            const unsigned alone = static_cast<unsigned>(std::countr_zero(from_here)) / 4U,
                           left = 16U - position / 4U;
            if (const unsigned columns = pass_runs(alone < left ? alone : left); columns != 0) {
                this->members_ &= ~(((std::uint64_t{2} << (4U * columns - 1U)) - 1U) << position);
                continue;
            }
            this->members_ &= ~(std::uint64_t{15} << position);
            if (this->coder_.run_ends() != 0) {
                const unsigned row = this->coder_.run_row();
                this->members_ |= (std::uint64_t{14} << row & 15U) << position;
                this->position_ = position + row;
                this->begin_coefficient();
                near_ |= right_neighbours(position);
            }
        }
        this->at_.group->significant = this->significant_;
        return false;
    }

    std::uint64_t near_ = 0; ///< of this group, and all bits beyond the block
};

/// The refinement pass. Which coefficients it codes, and in which contexts, is known before it begins.
template <bool causal, class Coder>
class RefinementCursor {
public:
    RADPIX_MQ_INLINE explicit RefinementCursor(const CodingPass &pass) noexcept
        : coder_(pass), at_(*pass.block), changes_{3U << pass.plane, 1U << pass.plane} {}

    RADPIX_MQ_INLINE void give_back(const CodingPass &pass) const noexcept { coder_.give_back(pass); }

    /// Goes to the next group with coefficients to be refined. False at the end of the block.
    RADPIX_MQ_INLINE bool seek() noexcept {
        while (at_.next()) {
            ColumnGroup &group = *at_.group;
            members_ = group.significant & ~group.coded;
            if (members_ != 0) {
                refined_ = group.refined;
                near_ = at_.near_significant() & ~refined_;
                group.refined |= members_;
                return true;
            }
        }
        return false;
    }

    RADPIX_MQ_INLINE unsigned decode() noexcept {
        position_ = static_cast<unsigned>(std::countr_zero(members_));
        members_ &= members_ - 1U;
        // table D.4
        return coder_.refinement(
            static_cast<std::size_t>((refined_ >> position_ & 1U) << 1U | (near_ >> position_ & 1U)));
    }

    RADPIX_MQ_INLINE bool settle(unsigned bit) noexcept {
        at_.magnitudes[position_] ^= changes_[bit];
        return members_ != 0 || seek();
    }

private:
    Coder coder_;
    GroupCursor<causal> at_;
    std::uint32_t changes_[2]; ///< of a doubled magnitude by a bit 0 or 1: the half moves on
    std::uint64_t members_ = 0, refined_ = 0, near_ = 0;
    unsigned position_ = 0;
};

template <class Cursor>
[[gnu::noinline]] void run_pass(const CodingPass &pass) noexcept {
    Cursor cursor(pass);
    for (bool more = cursor.seek(); more;) {
        more = cursor.settle(cursor.decode());
    }
    cursor.give_back(pass);
}

template <class Cursor>
[[gnu::noinline]] void run_two_passes(const CodingPass &first, const CodingPass &second) noexcept {
    Cursor a(first), b(second);
    bool more_a = a.seek(), more_b = b.seek();
    while (more_a && more_b) {
        const unsigned symbol_a = a.decode(), symbol_b = b.decode();
        more_a = a.settle(symbol_a);
        more_b = b.settle(symbol_b);
    }
    while (more_a) {
        more_a = a.settle(a.decode());
    }
    while (more_b) {
        more_b = b.settle(b.decode());
    }
    a.give_back(first);
    b.give_back(second);
}

template <template <bool causal> class Cursor>
void decode_one(const CodingPass &pass) noexcept {
    pass.block->is_causal ? run_pass<Cursor<true>>(pass) : run_pass<Cursor<false>>(pass);
}

/// Two blocks of one style.
template <template <bool causal> class Cursor>
void decode_two(const CodingPass &first, const CodingPass &second) noexcept {
    first.block->is_causal ? run_two_passes<Cursor<true>>(first, second)
                           : run_two_passes<Cursor<false>>(first, second);
}

template <bool causal>
using Significance = SignificanceCursor<causal, MqCoder>;
template <bool causal>
using Refinement = RefinementCursor<causal, MqCoder>;
template <bool causal>
using RawSignificance = SignificanceCursor<causal, RawCoder>;
template <bool causal>
using RawRefinement = RefinementCursor<causal, RawCoder>;
