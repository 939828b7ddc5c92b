// SPDX-License-Identifier: Apache-2.0
// Significance patterns, known exponent bits and u of all quads of an HT code-block (ISO/IEC 15444-15 7.3.5,
// 7.3.6), in pairs along each row; included once for each CPU level.

/// The VLC stream. Bits are added above those that are left, so that their load does not lie in the chain
/// from one codeword to the next.
struct VlcBits {
    std::uint64_t bits = 0;
    unsigned count = 0;
    const std::uint8_t *next, *end;

    /// At least 56 bits; a pair of quads takes 38 at most.
    RADPIX_MQ_INLINE void refill() noexcept {
        bits |= load_64_bits(next) << count;
        next += (63U - count) >> 3U;
        next = next < end ? next : end;
        count |= 56U;
    }
    RADPIX_MQ_INLINE void pass(unsigned length) noexcept {
        bits >>= length;
        count -= length;
    }
    RADPIX_MQ_INLINE unsigned take(unsigned length) noexcept {
        const auto value = static_cast<unsigned>(bits & ((std::uint64_t{1} << length) - 1U));
        pass(length);
        return value;
    }
};

RADPIX_MQ_INLINE unsigned low_bits(std::uint64_t bits, unsigned count) noexcept {
    return static_cast<unsigned>(bits & ((std::uint64_t{1} << count) - 1U));
}

/// u of two quads: prefixes, suffixes, extensions (7.3.6).
RADPIX_MQ_INLINE void read_u(VlcBits &vlc, unsigned kind, HtQuad *quads) noexcept {
    const HtPrefixPair pair = ht_prefix_pairs[kind * 64U + (vlc.bits & 63U)];
    const std::uint64_t suffixes = vlc.bits >> (pair >> 6U & 15U);
    vlc.pass(pair & 63U);
    const unsigned length_a = pair >> 10U & 7U;
    const unsigned a = low_bits(suffixes, length_a);
    const unsigned b = low_bits(suffixes >> length_a, pair >> 13U & 7U);
    unsigned u_a = (pair >> 16U & 15U) + a, u_b = (pair >> 20U) + b;
    if (RADPIX_MQ_UNLIKELY(a >= 28 || b >= 28)) { // an extension of four bits (table 3)
        u_a += a >= 28 ? 4 * vlc.take(4) : 0;
        u_b += b >= 28 ? 4 * vlc.take(4) : 0;
    }
    quads[0].u = static_cast<std::uint16_t>(u_a);
    quads[1].u = static_cast<std::uint16_t>(u_b);
}

/// What the quads above add to the context (7.3.5), `at` the one straight above.
RADPIX_MQ_INLINE unsigned context_above(const HtQuad *at) noexcept {
    const unsigned north_west = at[-1].entry, north = at[0].entry, north_east = at[1].entry;
    return ((north_west | north << 2U) & 0x80U) | ((north << 2U | north_east << 4U) & 0x200U);
}

template <bool first_row>
RADPIX_MQ_INLINE HtLookup read_entry(VlcBits &vlc, MelDecoder &mel, unsigned context) noexcept {
    if (context == 0 && !mel.next()) {
        return 0;
    }
    const HtLookup *const lookup = first_row ? ht_first_row_lookup.data() : ht_lookup.data();
    const HtLookup entry = lookup[context + (vlc.bits & 127U)];
    vlc.pass(entry & 63U);
    return entry;
}

/// One code-block while its quads are read.
struct QuadReader {
    VlcBits vlc;
    MelDecoder mel;
    HtQuad *row;
    Index stride;
    unsigned left = 0; ///< what the quad before adds to the context

    RADPIX_MQ_INLINE explicit QuadReader(const HtQuadTask &task) noexcept
        : vlc{.next = task.vlc.bytes, .end = task.vlc.bytes + task.vlc.size}, mel(task.mel, task.mel_size),
          row(task.quads), stride(task.quad_stride) {}

    RADPIX_MQ_INLINE void next_row() noexcept {
        row += stride;
        left = 0;
    }
};

/// Quads x and x + 1 of a row, the second of which may lie outside.
template <bool first_row, bool is_whole>
RADPIX_MQ_INLINE void read_pair(QuadReader &reader, Index x) noexcept {
    constexpr unsigned contexts = 0x380;
    HtQuad *const quads = reader.row + x;
    const HtQuad *const above = quads - reader.stride;
    const unsigned above_a = first_row ? 0 : context_above(above);
    const unsigned above_b = first_row ? 0 : context_above(above + 1);
    reader.vlc.refill();
    const HtLookup a = read_entry<first_row>(reader.vlc, reader.mel, above_a | reader.left);
    HtLookup b = 0;
    if (is_whole) {
        b = read_entry<first_row>(reader.vlc, reader.mel, above_b | (a & contexts));
    }
    reader.left = b & contexts;
    quads[0].entry = static_cast<HtEntry>(a >> 16U);
    quads[1].entry = static_cast<HtEntry>(b >> 16U);
    unsigned kind = (a >> 19U & 1U) | (b >> 18U & 2U);
    if (first_row && kind == both_have_u) {
        kind = reader.mel.next() ? both_above_2 : not_both_above_2;
    }
    read_u(reader.vlc, kind, quads);
}

template <bool first_row>
RADPIX_MQ_INLINE void read_row(QuadReader &reader, Index across) noexcept {
    for (Index x = 0; x + 1 < across; x += 2) {
        read_pair<first_row, true>(reader, x);
    }
    if (across % 2 != 0) {
        read_pair<first_row, false>(reader, across - 1);
    }
}

RADPIX_MQ_INLINE void read_rows(QuadReader &reader, Index first, Index last, Index across) noexcept {
    for (Index y = first; y < last; ++y) {
        reader.next_row();
        read_row<false>(reader, across);
    }
}

void read_ht_quads(const HtQuadTask &task) noexcept {
    QuadReader reader(task);
    read_row<true>(reader, task.across);
    read_rows(reader, 1, task.down, task.across);
}

template <bool first_row>
RADPIX_MQ_INLINE void read_row_of_two(QuadReader &a, QuadReader &b, Index across) noexcept {
    for (Index x = 0; x + 1 < across; x += 2) {
        read_pair<first_row, true>(a, x);
        read_pair<first_row, true>(b, x);
    }
    if (across % 2 != 0) {
        read_pair<first_row, false>(a, across - 1);
        read_pair<first_row, false>(b, across - 1);
    }
}

/// Two blocks of the same width in turn: while one waits for the look-up of its codeword, which decides where
/// the next begins, the other goes on.
void read_ht_quads_of_two(const HtQuadTask &first, const HtQuadTask &second) noexcept {
    QuadReader a(first), b(second);
    const Index across = first.across, down = first.down < second.down ? first.down : second.down;
    read_row_of_two<true>(a, b, across);
    for (Index y = 1; y < down; ++y) {
        a.next_row();
        b.next_row();
        read_row_of_two<false>(a, b, across);
    }
    if (down < first.down || down < second.down) {
        const bool first_is_longer = down < first.down;
        QuadReader rest = first_is_longer ? a : b;
        read_rows(rest, down, first_is_longer ? first.down : second.down, across);
    }
}
