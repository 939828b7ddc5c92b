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

RADPIX_MQ_INLINE unsigned decode_sign(MqDecoder &decoder, Contexts &contexts, const Flags *at, Flags flags,
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

template <bool causal>
[[gnu::noinline]] void significance_pass(BlockState &block, MqDecoder &shared, int plane) noexcept {
    MqDecoder decoder = shared;
    const std::uint8_t *const zero_context = block.zero_context;
    const Index stride = block.flag_stride;
    const std::uint32_t value = 3U << plane;
    std::uint32_t *magnitudes = block.magnitudes;
    for (Index stripe = 0; stripe < block.stripes(); ++stripe) {
        Flags *at = block.flags + stripe * stride;
        const auto rows = static_cast<unsigned>(rows_of(block, stripe));
        for (Flags *const end = at + block.width; at != end; ++at, magnitudes += 4) {
            Flags flags = *at;
            if ((flags & significance_of_all) == 0) {
                continue;
            }
            for (unsigned row = 0; row < rows; ++row) {
                const Flags around = flags >> (3 * row);
                if ((around & neighbours_of_row_0) == 0 || (around & own_row_0) != 0) {
                    continue;
                }
                flags |= 1U << (24 + row);
                if (decoder.decode(block.contexts[zero_context[around & 0x1FFU]]) != 0) {
                    const unsigned sign = decode_sign(decoder, block.contexts, at, flags, row);
                    magnitudes[row] = value;
                    flags = mark_significant<causal>(at, stride, flags, row, sign);
                }
            }
            *at = flags;
        }
    }
    shared = decoder;
}

[[gnu::noinline]] void refinement_pass(BlockState &block, MqDecoder &shared, int plane) noexcept {
    MqDecoder decoder = shared;
    const std::uint32_t half = 1U << plane;
    std::uint32_t *magnitudes = block.magnitudes;
    MqContext *const contexts = block.contexts.data() + first_refinement_context;
    for (Index stripe = 0; stripe < block.stripes(); ++stripe) {
        Flags *at = block.flags + stripe * block.flag_stride;
        for (Flags *const end = at + block.width; at != end; ++at, magnitudes += 4) {
            Flags flags = *at;
            if ((flags & (own_row_0 * 0x249U)) == 0) {
                continue;
            }
            for (unsigned row = 0; row < 4; ++row) {
                const Flags around = flags >> (3 * row);
                if ((around & own_row_0) == 0 || (flags >> (24 + row) & 1U) != 0) {
                    continue;
                }
                const bool refined = (flags >> (28 + row) & 1U) != 0;
                const unsigned context = refined ? 2 : (around & neighbours_of_row_0) != 0 ? 1 : 0;
                const unsigned bit = decoder.decode(contexts[context]);
                magnitudes[row] ^= (bit ^ 1U) * 2U * half | half;
                flags |= 1U << (28 + row);
            }
            *at = flags;
        }
    }
    shared = decoder;
}

template <bool causal>
[[gnu::noinline]] void cleanup_pass(BlockState &block, MqDecoder &shared, int plane) noexcept {
    MqDecoder decoder = shared;
    const std::uint8_t *const zero_context = block.zero_context;
    const Index stride = block.flag_stride;
    const std::uint32_t value = 3U << plane;
    std::uint32_t *magnitudes = block.magnitudes;
    Contexts &contexts = block.contexts;
    for (Index stripe = 0; stripe < block.stripes(); ++stripe) {
        Flags *at = block.flags + stripe * stride;
        const auto rows = static_cast<unsigned>(rows_of(block, stripe));
        for (Flags *const end = at + block.width; at != end; ++at, magnitudes += 4) {
            Flags flags = *at;
            unsigned row = 0;
            if ((flags & (significance_of_all | coded_of_all)) == 0 && rows == 4) { // D.5: run-length
                if (decoder.decode(contexts[run_length_context]) == 0) {
                    continue;
                }
                row = decoder.decode(contexts[uniform_context]) << 1U;
                row |= decoder.decode(contexts[uniform_context]);
                const unsigned sign = decode_sign(decoder, contexts, at, flags, row);
                magnitudes[row] = value;
                flags = mark_significant<causal>(at, stride, flags, row, sign);
                ++row;
            }
            for (; row < rows; ++row) {
                const Flags around = flags >> (3 * row);
                if ((around & own_row_0) != 0 || (flags >> (24 + row) & 1U) != 0) {
                    continue;
                }
                if (decoder.decode(contexts[zero_context[around & 0x1FFU]]) != 0) {
                    const unsigned sign = decode_sign(decoder, contexts, at, flags, row);
                    magnitudes[row] = value;
                    flags = mark_significant<causal>(at, stride, flags, row, sign);
                }
            }
            *at = flags & ~coded_of_all;
        }
    }
    shared = decoder;
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
