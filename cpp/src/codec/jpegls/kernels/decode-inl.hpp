// The decoding of a line, included in the namespace of each CPU level.

/// The next bits, left-aligned, 57 or more of them. The lowest one is set: a value without zeros only.
static inline std::uint64_t bits_at(const std::uint8_t *bytes, std::int64_t position) noexcept {
    return load_big_endian(bytes + (position >> 3)) << (position & 7);
}

/// Codes of more zeros than this, and those that begin behind the end, are decoded by `decode_long_code`.
static const unsigned most_quick_zeros = 24;

/// T.87 A.5.3 for any code: `limit` is the length of the longest one. The cursor goes by value, here and
/// below: one whose address is known to somebody stays in memory, which costs five cycles a sample.
[[gnu::noinline]] static DecoderCursor
decode_long_code(DecoderCursor cursor, std::int32_t k, std::int32_t limit, const LineParameters &p) noexcept {
    cursor.value = 0;
    if (cursor.position >= cursor.end) {
        cursor.fault = Fault::exhausted;
        return cursor;
    }
    const std::int32_t most_zeros = limit - p.quantized_bits - 1;
    std::int32_t zeros = 0;
    while (zeros < most_zeros) {
        const std::int32_t more =
            static_cast<std::int32_t>(leading_zeros_64(bits_at(cursor.bytes, cursor.position) | 128));
        const bool ended = more < 56 || cursor.position + more >= cursor.end;
        zeros += more;
        cursor.position += more;
        if (ended) {
            break;
        }
    }
    const bool escaped = zeros >= most_zeros;
    if (zeros > most_zeros) {
        cursor.position -= zeros - most_zeros;
        zeros = most_zeros;
    }
    ++cursor.position;
    const std::int32_t width = escaped ? p.quantized_bits : k;
    const std::uint32_t rest =
        static_cast<std::uint32_t>(bits_at(cursor.bytes, cursor.position) >> 1 >> (63 - width));
    cursor.position += width;
    if (cursor.position > cursor.end) {
        cursor.fault = Fault::exhausted;
        return cursor;
    }
    cursor.value = escaped ? rest + 1 : (static_cast<std::uint32_t>(zeros) << k) + rest;
    return cursor;
}

static inline std::uint32_t decode_code(DecoderCursor &cursor, std::int32_t k, std::int32_t limit,
                                        const LineParameters &p) noexcept {
    const std::uint64_t bits = bits_at(cursor.bytes, cursor.position);
    const unsigned zeros = leading_zeros_64(bits | 1);
    const std::int32_t most_zeros = limit - p.quantized_bits - 1;
    if (zeros > most_quick_zeros || static_cast<std::int32_t>(zeros) >= most_zeros) [[unlikely]] {
        cursor = decode_long_code(cursor, k, limit, p);
        return cursor.value;
    }
    const std::uint64_t one_and_rest = bits << zeros >> (63 - k);
    cursor.position += zeros + 1 + static_cast<unsigned>(k);
    return static_cast<std::uint32_t>(((zeros - 1) << k) + one_and_rest);
}

/// T.87 A.7.2: the sample that ends a run. `type` is RItype.
template <bool modular>
static inline std::int32_t decode_interruption(CoderState &state, const LineParameters &p,
                                               DecoderCursor &cursor, std::int32_t ra, std::int32_t rb,
                                               std::int32_t type, std::int32_t run_index) noexcept {
    RunContext &context = state.run_contexts[type];
    const std::int32_t k = run_golomb_parameter(context, type);
    const std::uint32_t mapped = decode_code(cursor, k, p.limit - run_lengths[run_index] - 1, p);
    const std::uint32_t folded = mapped + static_cast<std::uint32_t>(type);
    if (folded > 2U * static_cast<std::uint32_t>(p.range)) {
        cursor.fault = Fault::error_out_of_range;
        return 0;
    }
    const auto absolute = static_cast<std::int32_t>((folded + 1) >> 1);
    const auto map = static_cast<std::int32_t>(folded & 1);
    const std::int32_t mostly_negative = (k != 0) | (2 * context.negatives >= context.count);
    const std::int32_t flip = -static_cast<std::int32_t>(mostly_negative == map);
    const std::int32_t error = (absolute ^ flip) - flip;
    update_run(context, error, mapped, type, p.reset);
    const std::int32_t negated = -((type == 0) & (ra > rb));
    const std::int32_t scaled = dequantized<modular>(p, error);
    return reconstructed<modular>(p, type == 1 ? ra : rb, (scaled ^ negated) - negated);
}

/// T.87 A.7.1.2. Returns the run's length, `left` if it goes on to the end of the line.
static inline Index decode_run(DecoderCursor &cursor, std::int32_t &run_index, Index left) noexcept {
    Index length = 0;
    for (;;) {
        if (cursor.position >= cursor.end) [[unlikely]] {
            cursor.fault = Fault::exhausted;
            return left;
        }
        const std::uint64_t bits = bits_at(cursor.bytes, cursor.position);
        const std::int32_t order = run_lengths[run_index];
        if ((bits >> 63) == 0) {
            length += static_cast<Index>(bits >> (63 - order));
            cursor.position += 1 + order;
            if (length >= left) [[unlikely]] {
                cursor.fault = Fault::run_too_long;
                return left;
            }
            return length;
        }
        ++cursor.position;
        length += Index{1} << order;
        if (length <= left && run_index < 31) {
            ++run_index;
        }
        if (length >= left) {
            return left;
        }
    }
}

/// Where run mode ended.
struct RunEnd {
    DecoderCursor cursor;
    Index x;
    std::int32_t run_index;
};

/// A run and the sample that ends it, from `x` on.
template <int components, bool modular>
[[gnu::noinline]] static RunEnd decode_run_mode(CoderState &state, const LineParameters &p,
                                                DecoderCursor given, const ComponentLine *lines,
                                                std::int32_t run_index, Index x, Index width) noexcept {
    DecoderCursor cursor = given;
    const Index length = decode_run(cursor, run_index, width - x);
    for (int c = 0; c < components; ++c) {
        std::uint16_t *const to = lines[c].current + x;
        const std::uint16_t value = to[-1];
        for (Index i = 0; i < length; ++i) {
            to[i] = value;
        }
    }
    x += length;
    if (x >= width || cursor.fault != Fault::none) {
        return {cursor, x, run_index};
    }
    for (int c = 0; c < components; ++c) {
        const std::int32_t ra = lines[c].current[x - 1], rb = lines[c].above[x];
        const std::int32_t distance = ra > rb ? ra - rb : rb - ra;
        const std::int32_t type = components == 1 && distance <= p.near ? 1 : 0;
        lines[c].current[x] = static_cast<std::uint16_t>(
            decode_interruption<modular>(state, p, cursor, ra, rb, type, run_index));
    }
    run_index -= run_index > 0 ? 1 : 0;
    return {cursor, x + 1, run_index};
}

/// T.87 A.4 to A.6: one sample of regular mode.
template <bool modular>
static inline std::int32_t decode_regular(CoderState &state, const LineParameters &p, DecoderCursor &cursor,
                                          std::int32_t offset, std::int32_t ra, std::int32_t rb,
                                          std::int32_t rc) noexcept {
    const std::int32_t sign = offset >> 31;
    Context *const context =
        reinterpret_cast<Context *>(reinterpret_cast<char *>(state.contexts) + ((offset ^ sign) - sign));
    const std::uint32_t code = context->code;
    std::int32_t prediction = predicted(ra, rb, rc) + ((context->correction ^ sign) - sign);
    if (static_cast<std::uint32_t>(prediction) > static_cast<std::uint32_t>(p.maximum)) [[unlikely]] {
        prediction = prediction < 0 ? 0 : p.maximum;
    }
    const std::uint32_t mapped =
        decode_code(cursor, static_cast<std::int32_t>(code & 63), p.limit, p) ^ (code >> 8);
    const std::uint32_t magnitude = (mapped + 1) >> 1;
    const std::int32_t error =
        static_cast<std::int32_t>(mapped >> 1) ^ -static_cast<std::int32_t>(mapped & 1);
    if (magnitude > static_cast<std::uint32_t>(p.range)) [[unlikely]] {
        cursor.fault = Fault::error_out_of_range;
        return 0;
    }
    const std::int32_t scaled = dequantized<modular>(p, error);
    update<modular>(context, scaled, magnitude, p.reset);
    return reconstructed<modular>(p, prediction, (scaled ^ sign) - sign);
}

template <int components, bool modular>
static void decode_line(CoderState &state, const LineParameters &parameters, DecoderCursor &shared,
                        const ComponentLine *lines, std::int32_t &run_index, Index width) noexcept {
    const LineParameters p = parameters;
    DecoderCursor cursor = shared;
    std::int32_t ra[components], rc[components];
    for (int c = 0; c < components; ++c) {
        lines[c].current[-1] = lines[c].above[0];
        ra[c] = lines[c].above[0];
        rc[c] = lines[c].above[-1];
    }
    for (Index x = 0; x < width && cursor.fault == Fault::none;) {
        std::int32_t offset[components], any = 0;
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            offset[c] = lines[c].gradients[x] + p.quantizer[rc[c] - ra[c]];
            any |= offset[c];
        }
        if (any == 0) {
            const RunEnd end =
                decode_run_mode<components, modular>(state, p, cursor, lines, run_index, x, width);
            cursor = end.cursor;
            run_index = end.run_index;
            x = end.x;
#pragma GCC unroll 4
            for (int c = 0; c < components; ++c) {
                ra[c] = lines[c].current[x - 1];
                rc[c] = lines[c].above[x - 1];
            }
            continue;
        }
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            const std::int32_t rb = lines[c].above[x];
            ra[c] = decode_regular<modular>(state, p, cursor, offset[c], ra[c], rb, rc[c]);
            lines[c].current[x] = static_cast<std::uint16_t>(ra[c]);
            rc[c] = rb;
        }
        ++x;
    }
    shared = cursor;
}

static void quantize_line(const std::uint16_t *above, std::int16_t *gradients, Index width,
                          const std::int32_t *thresholds) noexcept {
    const std::int32_t near = thresholds[0], t1 = thresholds[1], t2 = thresholds[2], t3 = thresholds[3];
    for (Index x = -1; x < width; ++x) {
        const std::int32_t d = above[x + 1] - above[x];
        const std::int32_t high = (d > near) + (d >= t1) + (d >= t2) + (d >= t3);
        const std::int32_t low = (d < -near) + (d <= -t1) + (d <= -t2) + (d <= -t3);
        gradients[x] = static_cast<std::int16_t>(high - low);
    }
    for (Index x = width - 1; x >= 0; --x) {
        gradients[x] = static_cast<std::int16_t>(context_size * (81 * gradients[x] + 9 * gradients[x - 1]));
    }
}

template <int components>
static void interleave(const ComponentLine *lines, std::uint16_t *row, Index width) noexcept {
    for (Index x = 0; x < width; ++x) {
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            row[x * components + c] = lines[c].current[x];
        }
    }
}
