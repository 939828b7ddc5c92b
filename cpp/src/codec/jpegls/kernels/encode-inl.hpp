// The encoding of a line, included in the namespace of each CPU level.

/// Appends up to 57 bits. Eight bytes are stored each time: no branch.
static inline void put(EncoderCursor &cursor, std::uint64_t value, std::int32_t width) noexcept {
    cursor.pending |= value << ((64 - cursor.count - width) & 63); // 64 where there is nothing to append
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
                            const Local &p) noexcept {
    const auto zeros = static_cast<std::int32_t>(mapped >> k);
    if (zeros < limit - p.quantized_bits - 1 && zeros + k < 32) [[likely]] {
        put(cursor, (mapped & ((1U << k) - 1)) | 1U << k, zeros + 1 + k);
    } else {
        cursor = put_long_code(cursor, mapped, k, limit, p.shared);
    }
}

/// T.87 A.4.4 and A.4.5: the quantized error, reduced modulo RANGE.
template <Mode mode>
static inline std::int32_t quantized_error(const LineParameters &p, std::int32_t error) noexcept {
    if constexpr (mode == Mode::modular) {
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
template <Mode mode>
static std::int32_t encode_interruption(CoderState &state, const Local &p, EncoderCursor &cursor,
                                        std::int32_t sample, std::int32_t ra, std::int32_t rb,
                                        std::int32_t type, std::int32_t run_index) noexcept {
    RunContext &context = state.run_contexts[type];
    const std::int32_t prediction = type == 1 ? ra : rb;
    const std::int32_t sign = -((type == 0) & (ra > rb));
    const std::int32_t error = quantized_error<mode>(p, ((sample - prediction) ^ sign) - sign);
    const std::int32_t k = run_golomb_parameter(context, type);
    const bool mostly_negative = k != 0 || 2 * context.negatives >= context.count;
    const std::int32_t map = error == 0 ? 0 : (error < 0) == mostly_negative ? 1 : 0;
    const std::int32_t magnitude = error < 0 ? -error : error;
    const auto mapped = static_cast<std::uint32_t>(2 * magnitude - type - map);
    put_code(cursor, mapped, k, p.limit - run_lengths[run_index] - 1, p);
    update_run(context, error, mapped, type, p.reset);
    const std::int32_t scaled = dequantized<mode>(p, error);
    return reconstructed<mode>(p, prediction, (scaled ^ sign) - sign);
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

/// The first pixel from `x` on that is not within NEAR of `pixel`. What is, becomes it.
template <int components>
static Index end_of_run(const EncoderLine &line, const std::uint16_t *pixel, std::int32_t near, Index x,
                        Index width) noexcept {
    for (; x < width; ++x) {
        std::uint16_t *const sample = line.current + x * components;
        std::int32_t excess = 0;
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            const std::int32_t distance = sample[c] - pixel[c];
            excess |= (near - distance) | (near + distance); // negative if either is
        }
        if (excess < 0) {
            break;
        }
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            sample[c] = pixel[c];
        }
    }
    return x;
}

/// A run and the sample that ends it, from pixel `x` on. Returns the first pixel behind them.
template <int components, Mode mode>
[[gnu::noinline]] static Index encode_run_mode(CoderState &state, const LineParameters &parameters,
                                               EncoderCursor &cursor, const EncoderLine &line,
                                               std::int32_t &run_index, Index x, Index width) noexcept {
    const Local p(parameters);
    const Index begin = x;
    std::uint16_t pixel[components];
    for (int c = 0; c < components; ++c) {
        pixel[c] = line.current[(x - 1) * components + c];
    }
    x = end_of_run<components>(line, pixel, p.near, x, width);
    put_run(cursor, run_index, x - begin, x == width);
    if (x == width) {
        return x;
    }
    std::uint16_t *const sample = line.current + x * components;
    const std::uint16_t *const above = line.above + x * components;
    for (int c = 0; c < components; ++c) {
        const std::int32_t ra = pixel[c], rb = above[c];
        const std::int32_t distance = ra > rb ? ra - rb : rb - ra;
        const std::int32_t type = components == 1 && distance <= p.near ? 1 : 0;
        sample[c] = static_cast<std::uint16_t>(
            encode_interruption<mode>(state, p, cursor, sample[c], ra, rb, type, run_index));
    }
    run_index -= run_index > 0 ? 1 : 0;
    return x + 1;
}

/// Codes of a pixel's components, appended to the stream together.
struct PixelCodes {
    std::uint64_t bits;
    std::int32_t width;
};

template <int components>
static inline void put_code_of_pixel(EncoderCursor &cursor, PixelCodes &codes, std::uint32_t mapped,
                                     std::int32_t k, const Local &p) noexcept {
    const auto zeros = static_cast<std::int32_t>(mapped >> k);
    if (zeros > p.quick_zeros) [[unlikely]] {
        put(cursor, codes.bits, codes.width);
        codes = {0, 0};
        cursor = put_long_code(cursor, mapped, k, p.limit, p.shared);
        return;
    }
    const std::uint64_t code = (mapped & ((1U << k) - 1)) | 1U << k;
    const std::int32_t width = zeros + 1 + k;
    if (components > 1 && codes.width + width > 56) [[unlikely]] {
        put(cursor, codes.bits, codes.width);
        codes = {0, 0};
    }
    codes.bits = components == 1 ? code : codes.bits << width | code;
    codes.width = components == 1 ? width : codes.width + width;
}

/// T.87 A.4 to A.6: one sample of regular mode, predicted as `plain` before bias correction. Returns it as
/// the decoder will reconstruct it.
template <int components, Mode mode>
static inline std::int32_t encode_regular(CoderState &state, const Local &p, EncoderCursor &cursor,
                                          PixelCodes &codes, Index offset, std::int32_t sample,
                                          std::int32_t plain) noexcept {
    const Index wide_sign = offset >> 63;
    Context *const context = context_at(state, (offset ^ wide_sign) - wide_sign);
    const auto sign = static_cast<std::int32_t>(wide_sign);
    std::int32_t prediction = plain + ((context->correction ^ sign) - sign);
    if (static_cast<std::uint32_t>(prediction) > static_cast<std::uint32_t>(p.maximum)) [[unlikely]] {
        prediction = prediction < 0 ? 0 : p.maximum;
    }
    const std::int32_t error = quantized_error<mode>(p, ((sample - prediction) ^ sign) - sign);
    const std::int32_t flipped = mode == Mode::near_lossless ? error : error ^ context->flip;
    const auto mapped = static_cast<std::uint32_t>((flipped * 2) ^ (flipped >> 31));
    put_code_of_pixel<components>(cursor, codes, mapped, context->k, p);
    if constexpr (mode == Mode::near_lossless) {
        const std::int32_t scaled = dequantized<mode>(p, error);
        update_near(context, scaled, static_cast<std::int32_t>((mapped + 1) >> 1), p.reset);
        return reconstructed<mode>(p, prediction, (scaled ^ sign) - sign);
    } else {
        update_lossless(context, error, p.reset);
        return sample;
    }
}

template <int components, Mode mode>
static void encode_line(CoderState &state, const LineParameters &parameters, EncoderCursor &shared,
                        const EncoderLine &given, std::int32_t &run_index, Index width) noexcept {
    constexpr bool is_lossless = mode != Mode::near_lossless;
    const Local p(parameters);
    const EncoderLine line = given;
    EncoderCursor cursor = shared;
    std::int32_t ra[components];
    for (int c = 0; c < components; ++c) {
        line.current[c - components] = line.above[c];
        ra[c] = line.above[c];
    }
    const Index end = width * components;
    if constexpr (is_lossless) {
        prepare_line(line, end, components, parameters);
    }
    for (Index i = 0; i < end;) {
        Index offset[components], any = 0;
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            offset[c] = line.gradients[i + c];
            if constexpr (!is_lossless) {
                offset[c] += Index{2} * p.quantizer[line.above[i + c - components] - ra[c]];
            }
            any |= offset[c];
        }
        if (any == 0) {
            EncoderCursor in_run = cursor;
            i = components * encode_run_mode<components, mode>(state, parameters, in_run, line, run_index,
                                                               i / components, width);
            cursor = in_run;
#pragma GCC unroll 4
            for (int c = 0; c < components; ++c) {
                ra[c] = line.current[i + c - components];
            }
            continue;
        }
        PixelCodes codes = {0, 0};
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            const std::int32_t sample = line.current[i + c];
            const std::int32_t plain =
                is_lossless ? line.predictions[i + c]
                            : predicted(ra[c], line.above[i + c], line.above[i + c - components]);
            ra[c] = encode_regular<components, mode>(state, p, cursor, codes, offset[c], sample, plain);
            if constexpr (!is_lossless) {
                line.current[i + c] = static_cast<std::uint16_t>(ra[c]);
            }
        }
        put(cursor, codes.bits, codes.width);
        i += components;
    }
    shared = cursor;
}
