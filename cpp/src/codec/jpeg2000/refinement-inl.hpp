// SPDX-License-Identifier: Apache-2.0
// The refinement pass. Which coefficients it codes, and in which contexts, is known before it begins: they
// are listed first, so that the decoding loop has no branch at all.

/// Room for the coefficients of a block.
using RefinementList = RefinementEntry[max_block_area];

/// Lists what a pass refines (table D.4); returns how many.
template <bool causal>
[[gnu::noinline]] Index list_refinements(const BlockState &block, RefinementEntry *list) noexcept {
    GroupCursor<causal> at(block);
    RefinementEntry *last = list;
    while (at.next()) {
        ColumnGroup &group = *at.group;
        std::uint64_t members = group.significant & ~group.coded;
        if (members == 0) {
            continue;
        }
        const std::uint64_t is_near = at.near_significant() & ~group.refined, refined = group.refined;
        const auto first = static_cast<unsigned>(at.magnitudes - block.magnitudes);
        group.refined |= members;
        do {
            const auto position = static_cast<unsigned>(std::countr_zero(members));
            members &= members - 1U;
            const auto context =
                static_cast<unsigned>((refined >> position & 1U) << 1U | (is_near >> position & 1U));
            *last++ = {static_cast<std::uint16_t>(first + position), static_cast<std::uint16_t>(context)};
        } while (members != 0);
    }
    return last - list;
}

Index list_pass(const BlockState &block, RefinementEntry *list) noexcept {
    return block.is_causal ? list_refinements<true>(block, list) : list_refinements<false>(block, list);
}

/// What a bit does to a doubled magnitude: the half moves on.
struct Refinement {
    RADPIX_MQ_INLINE explicit Refinement(const CodingPass &pass) noexcept
        : magnitudes(pass.block->magnitudes), changes{3U << pass.plane, 1U << pass.plane} {}

    RADPIX_MQ_INLINE void apply(RefinementEntry entry, unsigned bit) const noexcept {
        magnitudes[entry.position] ^= changes[bit];
    }

    std::uint32_t *magnitudes;
    std::uint32_t changes[2];
};

/// Decodes the coefficients of a list.
class RefinementCursor {
public:
    RADPIX_MQ_INLINE RefinementCursor(const CodingPass &pass, const RefinementEntry *list) noexcept
        : list_(list), cursor_(*pass.decoder),
          contexts_(pass.block->contexts.data() + first_refinement_context), refinement_(pass) {}

    RADPIX_MQ_INLINE void decode(Index i) noexcept {
        const RefinementEntry entry = list_[i];
        refinement_.apply(entry, cursor_.decode(contexts_[entry.context]));
    }

    RADPIX_MQ_INLINE void give_back(const CodingPass &pass) const noexcept {
        cursor_.give_back(*pass.decoder);
    }

private:
    const RefinementEntry *list_;
    MqCursor cursor_;
    MqContext *contexts_;
    Refinement refinement_;
};

[[gnu::noinline]] void refinement(const CodingPass &pass) noexcept {
    RefinementList list;
    const Index count = list_pass(*pass.block, list);
    RefinementCursor cursor(pass, list);
    for (Index i = 0; i < count; ++i) {
        cursor.decode(i);
    }
    cursor.give_back(pass);
}

[[gnu::noinline]] void refinement_of_two(const CodingPass &first, const CodingPass &second) noexcept {
    RefinementList list_a, list_b;
    const Index count_a = list_pass(*first.block, list_a), count_b = list_pass(*second.block, list_b);
    RefinementCursor a(first, list_a), b(second, list_b);
    const Index both = count_a < count_b ? count_a : count_b;
    for (Index i = 0; i < both; ++i) {
        a.decode(i);
        b.decode(i);
    }
    for (Index i = both; i < count_a; ++i) {
        a.decode(i);
    }
    for (Index i = both; i < count_b; ++i) {
        b.decode(i);
    }
    a.give_back(first);
    b.give_back(second);
}

[[gnu::noinline]] void raw_refinement(const CodingPass &pass) noexcept {
    RefinementList list;
    const Index count = list_pass(*pass.block, list);
    const Refinement refinement(pass);
    RawBits bits = *pass.bits;
    for (Index i = 0; i < count; ++i) {
        refinement.apply(list[i], bits.bit());
    }
    *pass.bits = bits;
}
