// SPDX-License-Identifier: Apache-2.0
// The coding passes, included once for each CPU level inside its anonymous namespace. One function a pass,
// never inlined: together the compiler would keep too little of the decoder in registers.

constexpr Flags significance_of_all = 0x3FFFF;
constexpr Flags coded_of_all = 0xFU << 24U;
constexpr Flags own_row_0 = 1U << 4U; ///< own significance of row 0; that of row r is 3r bits up
constexpr Flags neighbours_of_row_0 = 0x1EF;

/// Marks row `row` of the column at `at` significant. `flags` is that column's word, not yet stored.
template <bool causal>
RADPIX_MQ_INLINE Flags mark_significant(Flags *at, Index stride, Flags flags, unsigned row,
                                        unsigned sign) noexcept {
    const unsigned bit = 3 * row + 3;
    at[-1] |= 4U << bit;
    at[1] |= 1U << bit;
    if (row == 0 && !causal) { // D.7: a causal stripe knows nothing of the next one
        Flags *const above = at - stride;
        above[-1] |= 4U << 15U;
        above[0] |= 2U << 15U | sign << 23U;
        above[1] |= 1U << 15U;
    }
    if (row == 3) {
        Flags *const below = at + stride;
        below[-1] |= 4U;
        below[0] |= 2U | sign << 18U;
        below[1] |= 1U;
    }
    return flags | 2U << bit | sign << (19 + row);
}

template <class Decoder>
RADPIX_MQ_INLINE unsigned decode_sign(Decoder &decoder, MqContext *contexts, const Flags *at, Flags flags,
                                      unsigned row) noexcept {
    const unsigned index = (flags >> (3 * row) & 0xAAU) | (flags >> (18 + row) & 1U) |
                           (at[-1] >> (19 + row) & 1U) << 2U | (at[1] >> (19 + row) & 1U) << 4U |
                           (flags >> (20 + row) & 1U) << 6U;
    const unsigned entry = sign_contexts[index];
    return decoder.decode(contexts[entry & 0x1FU]) ^ entry >> 7U;
}

RADPIX_MQ_INLINE Index rows_of(const BlockState &block, Index stripe) noexcept {
    const Index left = block.height - 4 * stripe;
    return left < 4 ? left : 4;
}

/// Rows as bits 3 x row, as the significance bits lie.
constexpr unsigned every_row = 0x249;

RADPIX_MQ_INLINE unsigned rows_of_stripe(const BlockState &block, Index stripe) noexcept {
    return every_row & ((1U << (3 * rows_of(block, stripe))) - 1U);
}

RADPIX_MQ_INLINE unsigned row_of_bit(unsigned bit) noexcept {
    return bit * 11U >> 5U; // bit / 3
}

/// Four adjacent bits from and to such rows.
RADPIX_MQ_INLINE unsigned packed_rows(unsigned rows) noexcept {
    return (rows & 1U) | (rows >> 2U & 2U) | (rows >> 4U & 4U) | (rows >> 6U & 8U);
}

RADPIX_MQ_INLINE unsigned spread_rows(unsigned packed) noexcept {
    return (packed & 1U) | (packed & 2U) << 2U | (packed & 4U) << 4U | (packed & 8U) << 6U;
}

/// Insignificant rows with a significant neighbour. Own bits need no mask: those of such rows are 0.
RADPIX_MQ_INLINE unsigned candidates_of(Flags flags, unsigned rows) noexcept {
    const Flags any = flags | flags >> 1U | flags >> 2U;
    return (any | any >> 3U | any >> 6U) & ~(flags >> 4U) & rows;
}

template <bool causal>
[[gnu::noinline]] void significance_pass(BlockState &block, MqDecoder &shared, int plane) noexcept {
    EvenMqDecoder decoder(shared);
    const std::uint8_t *const zero_context = block.zero_context;
    const Index stride = block.flag_stride;
    const std::uint32_t value = 3U << plane;
    std::uint32_t *magnitudes = block.magnitudes;
    MqContext *const contexts = block.contexts.data();
    for (Index stripe = 0; stripe < block.stripes(); ++stripe) {
        Flags *at = block.flags + stripe * stride;
        const unsigned rows = rows_of_stripe(block, stripe);
        for (Flags *const end = at + block.width; at != end; ++at, magnitudes += 4) {
            Flags flags = *at;
            unsigned candidates = candidates_of(flags & significance_of_all, rows), coded = 0;
            if (candidates == 0) {
                continue;
            }
            do {
                const auto bit = static_cast<unsigned>(std::countr_zero(candidates));
                candidates &= candidates - 1U;
                coded |= 1U << bit;
                if (decoder.decode(contexts[zero_context[flags >> bit & 0x1FFU]]) != 0) {
                    const unsigned row = row_of_bit(bit);
                    const unsigned sign = decode_sign(decoder, contexts, at, flags, row);
                    magnitudes[row] = value;
                    flags = mark_significant<causal>(at, stride, flags, row, sign);
                    candidates |= 8U << bit & rows & ~(flags >> 4U); // the row below now has a neighbour
                }
            } while (candidates != 0);
            *at = flags | packed_rows(coded) << 24U;
        }
    }
    decoder.give_back(shared);
}

// Which coefficients a refinement pass codes, and in which contexts, is known before it begins. A stripe's
// are listed first, so that the decoding loop has no branch at all.
/// Appends the entries of a stripe: position in its magnitudes and context. Returns the end.
RADPIX_MQ_INLINE std::uint16_t *list_refinements(Flags *first, Index width, std::uint16_t *last) noexcept {
    for (Index x = 0; x < width; ++x) {
        const Flags flags = first[x];
        const unsigned members = refined_rows(flags);
        if (members == 0) {
            continue;
        }
        for (unsigned row = 0; row < 4; ++row) {
            const unsigned around = (flags >> (3 * row) & neighbours_of_row_0) != 0 ? 1U : 0U;
            const unsigned context = (flags >> (28 + row) & 1U) != 0 ? 2U : around;
            *last = static_cast<std::uint16_t>(context << refinement_context_shift |
                                               (4U * static_cast<unsigned>(x) + row));
            last += members >> row & 1U;
        }
        first[x] = flags | members << 28U;
    }
    return last;
}

[[gnu::noinline]] void refinement_pass(BlockState &block, MqDecoder &shared, int plane) noexcept {
    EvenMqDecoder decoder(shared);
    const std::uint32_t half = 1U << plane;
    std::uint32_t *magnitudes = block.magnitudes;
    MqContext *const contexts = block.contexts.data() + first_refinement_context;
    std::uint16_t list[4 * 1024 + 4];
    for (Index stripe = 0; stripe < block.stripes(); ++stripe, magnitudes += 4 * block.width) {
        const std::uint16_t *const last =
            list_refinements_at_level(block.flags + stripe * block.flag_stride, block.width, list);
        for (const std::uint16_t *entry = list; entry != last; ++entry) {
            const std::uint32_t bit = decoder.decode(contexts[*entry >> refinement_context_shift]);
            magnitudes[*entry & ((1U << refinement_context_shift) - 1U)] ^= (bit ^ 1U) * 2U * half | half;
        }
    }
    decoder.give_back(shared);
}

template <bool causal>
[[gnu::noinline]] void cleanup_pass(BlockState &block, MqDecoder &shared, int plane) noexcept {
    EvenMqDecoder decoder(shared);
    const std::uint8_t *const zero_context = block.zero_context;
    const Index stride = block.flag_stride;
    const std::uint32_t value = 3U << plane;
    std::uint32_t *magnitudes = block.magnitudes;
    MqContext *const contexts = block.contexts.data();
    for (Index stripe = 0; stripe < block.stripes(); ++stripe) {
        Flags *at = block.flags + stripe * stride;
        const unsigned rows = rows_of_stripe(block, stripe);
        for (Flags *const end = at + block.width; at != end; ++at, magnitudes += 4) {
            Flags flags = *at;
            unsigned members = ~(flags >> 4U) & rows & ~spread_rows(flags >> 24U & 15U);
            if ((flags & (significance_of_all | coded_of_all)) == 0 && rows == every_row) { // D.5: run-length
                if (decoder.decode_likely(contexts[run_length_context]) == 0) {
                    continue;
                }
                unsigned row = decoder.decode(contexts[uniform_context]) << 1U;
                row |= decoder.decode(contexts[uniform_context]);
                const unsigned sign = decode_sign(decoder, contexts, at, flags, row);
                magnitudes[row] = value;
                flags = mark_significant<causal>(at, stride, flags, row, sign);
                members &= ~0U << (3 * row + 1);
            }
            while (members != 0) {
                const auto bit = static_cast<unsigned>(std::countr_zero(members));
                members &= members - 1U;
                if (decoder.decode(contexts[zero_context[flags >> bit & 0x1FFU]]) != 0) {
                    const unsigned row = row_of_bit(bit);
                    const unsigned sign = decode_sign(decoder, contexts, at, flags, row);
                    magnitudes[row] = value;
                    flags = mark_significant<causal>(at, stride, flags, row, sign);
                }
            }
            *at = flags & ~coded_of_all;
        }
    }
    decoder.give_back(shared);
}

void significance(BlockState &block, MqDecoder &decoder, int plane) noexcept {
    block.is_causal ? significance_pass<true>(block, decoder, plane)
                    : significance_pass<false>(block, decoder, plane);
}

void cleanup(BlockState &block, MqDecoder &decoder, int plane) noexcept {
    block.is_causal ? cleanup_pass<true>(block, decoder, plane) : cleanup_pass<false>(block, decoder, plane);
}

void raw_significance(BlockState &block, RawBits &bits, int plane) noexcept {
    const std::uint32_t value = 3U << plane;
    for (Index stripe = 0; stripe < block.stripes(); ++stripe) {
        const auto rows = static_cast<unsigned>(rows_of(block, stripe));
        for (Index x = 0; x < block.width; ++x) {
            Flags *const at = block.flags + stripe * block.flag_stride + x;
            Flags flags = *at;
            for (unsigned row = 0; row < rows; ++row) {
                const Flags around = flags >> (3 * row);
                if ((around & neighbours_of_row_0) == 0 || (around & own_row_0) != 0) {
                    continue;
                }
                flags |= 1U << (24 + row);
                if (bits.bit() != 0) {
                    const unsigned sign = bits.bit();
                    block.magnitudes[4 * (stripe * block.width + x) + row] = value;
                    flags = block.is_causal
                                ? mark_significant<true>(at, block.flag_stride, flags, row, sign)
                                : mark_significant<false>(at, block.flag_stride, flags, row, sign);
                }
            }
            *at = flags;
        }
    }
}

void raw_refinement(BlockState &block, RawBits &bits, int plane) noexcept {
    const std::uint32_t half = 1U << plane;
    for (Index stripe = 0; stripe < block.stripes(); ++stripe) {
        for (Index x = 0; x < block.width; ++x) {
            Flags &flags = block.flags[stripe * block.flag_stride + x];
            for (unsigned row = 0; row < 4; ++row) {
                if ((flags >> (3 * row) & own_row_0) != 0 && (flags >> (24 + row) & 1U) == 0) {
                    const std::uint32_t bit = bits.bit();
                    block.magnitudes[4 * (stripe * block.width + x) + row] ^= (bit ^ 1U) * 2U * half | half;
                    flags |= 1U << (28 + row);
                }
            }
        }
    }
}
