// The encoding of a line, included in the namespace of each CPU level.

/// Appends up to 32 bits. Eight bytes are stored each time: no branch.
static inline void put(EncoderCursor &cursor, std::uint64_t value, std::int32_t width) noexcept {
    cursor.pending |= value << (64 - cursor.count - width);
    cursor.count += width;
    store_big_endian(cursor.next, cursor.pending);
    cursor.next += cursor.count >> 3;
    cursor.pending <<= cursor.count & ~7;
    cursor.count &= 7;
}

/// T.87 A.5.3 for codes of any length. By value, as in the decoder.
[[gnu::noinline]] static EncoderCursor put_long_code(EncoderCursor cursor, std::uint32_t mapped,
                                                     std::int32_t k, std::int32_t limit,
                                                     const LineParameters &p) noexcept {
    const auto zeros = static_cast<std::int32_t>(mapped >> k);
    const std::int32_t most_zeros = limit - p.quantized_bits - 1;
    std::int32_t left = zeros < most_zeros ? zeros : most_zeros;
    for (; left > 16; left -= 16) {
        put(cursor, 0, 16);
    }
    put(cursor, 0, left);
    if (zeros < most_zeros) {
        put(cursor, (mapped & ((1U << k) - 1)) | 1U << k, k + 1);
    } else {
        put(cursor, 1U << p.quantized_bits | (mapped - 1), p.quantized_bits + 1);
    }
    return cursor;
}

/// The same. `limit` is the length of the longest code.
static inline void put_code(EncoderCursor &cursor, std::uint32_t mapped, std::int32_t k, std::int32_t limit,
                            const LineParameters &p) noexcept {
    const auto zeros = static_cast<std::int32_t>(mapped >> k);
    if (zeros < limit - p.quantized_bits - 1 && zeros + k < 32) [[likely]] {
        put(cursor, (mapped & ((1U << k) - 1)) | 1U << k, zeros + 1 + k);
    } else {
        cursor = put_long_code(cursor, mapped, k, limit, p);
    }
}

/// T.87 A.4.4 and A.4.5: the quantized error, reduced modulo RANGE.
template <bool modular>
static inline std::int32_t quantized_error(const LineParameters &p, std::int32_t error) noexcept {
    if constexpr (modular) {
        const std::int32_t unused = 32 - p.quantized_bits;
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(error) << unused) >> unused;
    } else {
        const std::int32_t sign = error >> 31;
        const auto nearest = static_cast<std::uint64_t>((error ^ sign) - sign + p.near);
        const auto magnitude = static_cast<std::int32_t>((nearest * p.reciprocal) >> 32); // divided by step
        std::int32_t quantized = (magnitude ^ sign) - sign;
        quantized += quantized < 0 ? p.range : 0;
        quantized -= quantized >= (p.range + 1) / 2 ? p.range : 0;
        return quantized;
    }
}

/// T.87 A.7.2. Returns the reconstructed sample.
template <bool modular>
static std::int32_t encode_interruption(CoderState &state, const LineParameters &p, EncoderCursor &cursor,
                                        std::int32_t sample, std::int32_t ra, std::int32_t rb,
                                        std::int32_t type, std::int32_t run_index) noexcept {
    RunContext &context = state.run_contexts[type];
    const std::int32_t prediction = type == 1 ? ra : rb;
    const std::int32_t sign = -((type == 0) & (ra > rb));
    const std::int32_t error = quantized_error<modular>(p, ((sample - prediction) ^ sign) - sign);
    const std::int32_t k = run_golomb_parameter(context, type);
    const bool mostly_negative = k != 0 || 2 * context.negatives >= context.count;
    const std::int32_t map = error == 0 ? 0 : (error < 0) == mostly_negative ? 1 : 0;
    const std::int32_t magnitude = error < 0 ? -error : error;
    const auto mapped = static_cast<std::uint32_t>(2 * magnitude - type - map);
    put_code(cursor, mapped, k, p.limit - run_lengths[run_index] - 1, p);
    update_run(context, error, mapped, type, p.reset);
    const std::int32_t scaled = dequantized<modular>(p, error);
    return reconstructed<modular>(p, prediction, (scaled ^ sign) - sign);
}

/// T.87 A.7.1.2.
static void put_run(EncoderCursor &cursor, std::int32_t &run_index, Index length, bool ends_line) noexcept {
    while (length >= Index{1} << run_lengths[run_index]) {
        put(cursor, 1, 1);
        length -= Index{1} << run_lengths[run_index];
        run_index += run_index < 31 ? 1 : 0;
    }
    if (!ends_line) {
        put(cursor, static_cast<std::uint64_t>(length), run_lengths[run_index] + 1);
    } else if (length > 0) {
        put(cursor, 1, 1);
    }
}

/// A run and the sample that ends it, from `x` on. Returns the first index behind them.
template <int components, bool modular>
[[gnu::noinline]] static Index encode_run_mode(CoderState &state, const LineParameters &p,
                                               EncoderCursor &cursor, const EncoderLine *lines,
                                               std::int32_t &run_index, Index x, Index width) noexcept {
    const Index begin = x;
    for (; x < width; ++x) {
        bool same = true;
        for (int c = 0; c < components; ++c) {
            const std::int32_t ra = lines[c].current[begin - 1];
            const std::int32_t distance = lines[c].current[x] - ra;
            same = same && distance <= p.near && distance >= -p.near;
        }
        if (!same) {
            break;
        }
        for (int c = 0; c < components; ++c) {
            lines[c].current[x] = lines[c].current[begin - 1];
        }
    }
    put_run(cursor, run_index, x - begin, x == width);
    if (x == width) {
        return x;
    }
    for (int c = 0; c < components; ++c) {
        const std::int32_t ra = lines[c].current[x - 1], rb = lines[c].above[x];
        const std::int32_t distance = ra > rb ? ra - rb : rb - ra;
        const std::int32_t type = components == 1 && distance <= p.near ? 1 : 0;
        lines[c].current[x] = static_cast<std::uint16_t>(
            encode_interruption<modular>(state, p, cursor, lines[c].current[x], ra, rb, type, run_index));
    }
    run_index -= run_index > 0 ? 1 : 0;
    return x + 1;
}

/// Contexts and predictions of a line whose samples stay as they are: all of it in vector loops.
static void prepare_line(const std::uint16_t *above, const std::uint16_t *current,
                         std::int16_t *__restrict gradients, std::uint16_t *__restrict predictions,
                         Index width, const LineParameters &p) noexcept {
    const std::int32_t t1 = p.t1, t2 = p.t2, t3 = p.t3;
    for (Index x = 0; x < width; ++x) {
        const std::int32_t ra = current[x - 1], rb = above[x], rc = above[x - 1], d = rc - ra;
        const std::int32_t high = (d > 0) + (d >= t1) + (d >= t2) + (d >= t3);
        const std::int32_t low = (d < 0) + (d <= -t1) + (d <= -t2) + (d <= -t3);
        gradients[x] = static_cast<std::int16_t>(gradients[x] + context_size * (high - low));
        predictions[x] = static_cast<std::uint16_t>(predicted(ra, rb, rc));
    }
}

/// T.87 A.4 to A.6: one sample of regular mode, predicted as `plain` before bias correction. Returns it as
/// the decoder will reconstruct it.
template <bool modular>
static inline std::int32_t encode_regular(CoderState &state, const LineParameters &p, EncoderCursor &cursor,
                                          std::int32_t offset, std::int32_t sample,
                                          std::int32_t plain) noexcept {
    const std::int32_t sign = offset >> 31;
    Context *const context =
        reinterpret_cast<Context *>(reinterpret_cast<char *>(state.contexts) + ((offset ^ sign) - sign));
    const std::uint32_t code = context->code;
    std::int32_t prediction = plain + ((context->correction ^ sign) - sign);
    if (static_cast<std::uint32_t>(prediction) > static_cast<std::uint32_t>(p.maximum)) [[unlikely]] {
        prediction = prediction < 0 ? 0 : p.maximum;
    }
    const std::int32_t error = quantized_error<modular>(p, ((sample - prediction) ^ sign) - sign);
    const auto mapped = static_cast<std::uint32_t>((error * 2) ^ (error >> 31));
    put_code(cursor, mapped ^ (code >> 8), static_cast<std::int32_t>(code & 63), p.limit, p);
    const std::int32_t scaled = dequantized<modular>(p, error);
    update<modular>(context, scaled, (mapped + 1) >> 1, p.reset);
    if constexpr (modular) {
        return sample;
    } else {
        return reconstructed<modular>(p, prediction, (scaled ^ sign) - sign);
    }
}

template <int components, bool modular>
static void encode_line(CoderState &state, const LineParameters &parameters, EncoderCursor &shared,
                        const EncoderLine *lines, std::int32_t &run_index, Index width) noexcept {
    const LineParameters p = parameters;
    EncoderCursor cursor = shared;
    std::int32_t ra[components], rc[components];
#pragma GCC unroll 4
    for (int c = 0; c < components; ++c) {
        lines[c].current[-1] = lines[c].above[0];
        ra[c] = lines[c].above[0];
        rc[c] = lines[c].above[-1];
        if constexpr (modular) {
            prepare_line(lines[c].above, lines[c].current, lines[c].gradients, lines[c].predictions, width,
                         p);
        }
    }
    for (Index x = 0; x < width;) {
        std::int32_t offset[components], any = 0;
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            offset[c] = lines[c].gradients[x] + (modular ? 0 : p.quantizer[rc[c] - ra[c]]);
            any |= offset[c];
        }
        if (any == 0) {
            EncoderCursor in_run = cursor;
            x = encode_run_mode<components, modular>(state, p, in_run, lines, run_index, x, width);
            cursor = in_run;
#pragma GCC unroll 4
            for (int c = 0; c < components; ++c) {
                ra[c] = lines[c].current[x - 1];
                rc[c] = lines[c].above[x - 1];
            }
            continue;
        }
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            const std::int32_t sample = lines[c].current[x];
            if constexpr (modular) {
                (void)encode_regular<modular>(state, p, cursor, offset[c], sample, lines[c].predictions[x]);
            } else {
                const std::int32_t rb = lines[c].above[x];
                ra[c] =
                    encode_regular<modular>(state, p, cursor, offset[c], sample, predicted(ra[c], rb, rc[c]));
                lines[c].current[x] = static_cast<std::uint16_t>(ra[c]);
                rc[c] = rb;
            }
        }
        ++x;
    }
    shared = cursor;
}
