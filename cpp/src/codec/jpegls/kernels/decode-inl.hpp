// The decoding of a line, included in the namespace of each CPU level.

/// The next bits, left-aligned, 57 or more of them.
static inline std::uint64_t bits_at(const std::uint8_t *bytes, std::int64_t position) noexcept {
    return load_big_endian(bytes + (position >> 3)) << (position & 7);
}

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

/// Where a code's value lies in the bits that begin with it. Up to 24 zeros, one, and k <= 32 bits: 57.
static inline std::uint32_t value_of(std::uint64_t bits, unsigned zeros, std::int32_t k) noexcept {
    const std::uint64_t one_and_rest = bits << zeros >> (~k & 63);
    return static_cast<std::uint32_t>(((zeros - 1) << k) + one_and_rest);
}

static inline std::uint32_t decode_code(DecoderCursor &cursor, std::int32_t k, std::int32_t limit,
                                        const Local &p) noexcept {
    const std::uint64_t bits = bits_at(cursor.bytes, cursor.position);
    const unsigned zeros = leading_zeros_64(bits);
    const std::int32_t most_zeros = limit - p.quantized_bits - 1;
    if (zeros > static_cast<unsigned>(most_quick_zeros) || static_cast<std::int32_t>(zeros) >= most_zeros)
        [[unlikely]] {
        cursor = decode_long_code(cursor, k, limit, p.shared);
        return cursor.value;
    }
    cursor.position += zeros + 1 + static_cast<unsigned>(k);
    return value_of(bits, zeros, k);
}

/// Bits already loaded, and where they end. The codes of a pixel's components mostly lie in the same word.
struct Window {
    std::uint64_t bits;
    std::int64_t end;
};

static inline Window window_at(const DecoderCursor &cursor) noexcept {
    return {bits_at(cursor.bytes, cursor.position), cursor.position + 57};
}

/// The code of a sample in regular mode.
template <bool is_loaded>
static inline std::uint32_t decode_code_in(Window &window, DecoderCursor &cursor, std::int32_t k,
                                           const Local &p) noexcept {
    if constexpr (!is_loaded) {
        window = window_at(cursor);
    }
    unsigned zeros = leading_zeros_64(window.bits);
    std::int64_t next = cursor.position + k + 1 + zeros;
    if (is_loaded && next > window.end) [[unlikely]] {
        window = window_at(cursor);
        zeros = leading_zeros_64(window.bits);
        next = cursor.position + k + 1 + zeros;
    }
    if (zeros > static_cast<unsigned>(p.quick_zeros)) [[unlikely]] {
        cursor = decode_long_code(cursor, k, p.limit, p.shared);
        window = {0, cursor.position};
        return cursor.value;
    }
    const std::uint32_t value = value_of(window.bits, zeros, k);
    window.bits <<= (next - cursor.position) & 63;
    cursor.position = next;
    return value;
}

/// T.87 A.7.2: the sample that ends a run. `type` is RItype.
template <Mode mode>
static inline std::int32_t decode_interruption(CoderState &state, const Local &p, DecoderCursor &cursor,
                                               std::int32_t ra, std::int32_t rb, std::int32_t type,
                                               std::int32_t run_index) noexcept {
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
    const std::int32_t scaled = dequantized<mode>(p, error);
    return reconstructed<mode>(p, type == 1 ? ra : rb, (scaled ^ negated) - negated);
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

/// A run and the sample that ends it, from pixel `x` on.
template <int components, Mode mode>
[[gnu::noinline]] static RunEnd decode_run_mode(CoderState &state, const LineParameters &parameters,
                                                DecoderCursor given, const DecoderLine &line,
                                                std::int32_t run_index, Index x, Index width) noexcept {
    const Local p(parameters);
    DecoderCursor cursor = given;
    const Index length = decode_run(cursor, run_index, width - x);
    std::uint16_t *to = line.current + x * components;
    std::uint16_t pixel[components];
    for (int c = 0; c < components; ++c) {
        pixel[c] = to[c - components];
    }
    for (Index i = 0; i < length; ++i) {
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            to[i * components + c] = pixel[c];
        }
    }
    x += length;
    if (x >= width || cursor.fault != Fault::none) {
        return {cursor, x, run_index};
    }
    to += length * components;
    const std::uint16_t *const above = line.above + x * components;
    for (int c = 0; c < components; ++c) {
        const std::int32_t ra = pixel[c], rb = above[c];
        const std::int32_t distance = ra > rb ? ra - rb : rb - ra;
        const std::int32_t type = components == 1 && distance <= p.near ? 1 : 0;
        to[c] =
            static_cast<std::uint16_t>(decode_interruption<mode>(state, p, cursor, ra, rb, type, run_index));
    }
    run_index -= run_index > 0 ? 1 : 0;
    return {cursor, x + 1, run_index};
}

static inline Context *context_at(CoderState &state, Index offset) noexcept {
    return reinterpret_cast<Context *>(reinterpret_cast<char *>(state.contexts) + offset);
}

/// T.87 A.4 to A.6: one sample of regular mode.
template <Mode mode, bool is_loaded>
static inline std::int32_t decode_regular(CoderState &state, const Local &p, Window &window,
                                          DecoderCursor &cursor, Index offset, std::int32_t ra,
                                          std::int32_t rb, std::int32_t rc) noexcept {
    const Index wide_sign = offset >> 63;
    Context *const context = context_at(state, (offset ^ wide_sign) - wide_sign);
    const auto sign = static_cast<std::int32_t>(wide_sign);
    std::int32_t prediction = predicted(ra, rb, rc) + ((context->correction ^ sign) - sign);
    if (static_cast<std::uint32_t>(prediction) > static_cast<std::uint32_t>(p.maximum)) [[unlikely]] {
        prediction = prediction < 0 ? 0 : p.maximum;
    }
    const std::int32_t flip = mode == Mode::near_lossless ? 0 : context->flip;
    const std::uint32_t mapped = decode_code_in<is_loaded>(window, cursor, context->k, p);
    if (mapped > 2 * static_cast<std::uint32_t>(p.range)) [[unlikely]] {
        cursor.fault = Fault::error_out_of_range;
        return 0;
    }
    const std::int32_t error =
        static_cast<std::int32_t>(mapped >> 1) ^ -static_cast<std::int32_t>(mapped & 1) ^ flip;
    const std::int32_t scaled = dequantized<mode>(p, error);
    if constexpr (mode == Mode::near_lossless) {
        update_near(context, scaled, static_cast<std::int32_t>((mapped + 1) >> 1), p.reset);
    } else {
        update_decoded(context, scaled, p.reset);
    }
    return reconstructed<mode>(p, prediction, (scaled ^ sign) - sign);
}

template <int components, Mode mode>
static void decode_line(CoderState &state, const LineParameters &parameters, DecoderCursor &shared,
                        const DecoderLine &line, std::int32_t &run_index, Index width) noexcept {
    const Local p(parameters);
    DecoderCursor cursor = shared;
    const std::int16_t *const gradients = line.gradients;
    const std::uint16_t *const above = line.above;
    std::uint16_t *const current = line.current;
    std::int32_t ra[components];
    for (int c = 0; c < components; ++c) {
        current[c - components] = above[c];
        ra[c] = above[c];
    }
    const Index end = width * components;
    for (Index i = 0; i < end && cursor.fault == Fault::none;) {
        Index offset[components], any = 0;
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            offset[c] = gradients[i + c] + Index{2} * p.quantizer[above[i + c - components] - ra[c]];
            any |= offset[c];
        }
        if (any == 0) {
            const RunEnd run = decode_run_mode<components, mode>(state, parameters, cursor, line, run_index,
                                                                 i / components, width);
            cursor = run.cursor;
            run_index = run.run_index;
            i = run.x * components;
#pragma GCC unroll 4
            for (int c = 0; c < components; ++c) {
                ra[c] = current[i + c - components];
            }
            continue;
        }
        Window window;
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            const std::int32_t rb = above[i + c], rc = above[i + c - components];
            ra[c] = c == 0 ? decode_regular<mode, false>(state, p, window, cursor, offset[c], ra[c], rb, rc)
                           : decode_regular<mode, true>(state, p, window, cursor, offset[c], ra[c], rb, rc);
            current[i + c] = static_cast<std::uint16_t>(ra[c]);
        }
        i += components;
    }
    shared = cursor;
}
