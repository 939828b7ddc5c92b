// SPDX-License-Identifier: Apache-2.0
// Magnitudes and signs of HT quads (ISO/IEC 15444-15 7.3.7, 7.3.8), included once for each CPU level. The
// four samples of a quad: left column first, downwards.

RADPIX_MQ_INLINE std::int32_t to_integer(std::uint32_t sample) noexcept {
    const auto value = static_cast<std::int32_t>((sample & 0x7FFFFFFFU) >> 1U);
    const std::int32_t sign = static_cast<std::int32_t>(sample) >> 31;
    return (value ^ sign) - sign;
}

RADPIX_MQ_INLINE float to_real(std::uint32_t sample, float half_step) noexcept {
    const float value = static_cast<float>(static_cast<std::int32_t>(sample & 0x7FFFFFFFU)) * half_step;
    return static_cast<std::int32_t>(sample) < 0 ? -value : value;
}

template <HtOutput output>
RADPIX_MQ_INLINE void put_sample(void *row, Index x, std::uint32_t sample, float half_step) noexcept {
    if constexpr (output == HtOutput::integer) {
        static_cast<std::int32_t *>(row)[x] = to_integer(sample);
    } else if constexpr (output == HtOutput::real) {
        static_cast<float *>(row)[x] = to_real(sample, half_step);
    } else {
        static_cast<std::uint32_t *>(row)[x] = sample;
    }
}

/// One quad whose bits of MagSgn begin at `at`. `kept` gets what is read for its lower samples, the lowest
/// bit forced to 1, 0 for insignificant ones.
RADPIX_MQ_INLINE void read_quad(HtBits bits, std::size_t at, unsigned exponent, unsigned entry,
                                unsigned plane, std::uint32_t *samples, std::uint32_t *kept) noexcept {
    std::uint32_t values[4];
    for (unsigned n = 0; n < 4; ++n) {
        const unsigned is_significant = entry >> (4 + n) & 1U;
        const unsigned count = is_significant * exponent - (entry >> (8 + n) & 1U);
        const auto read =
            static_cast<std::uint32_t>(peek_bits(bits, at) & ((std::uint64_t{1} << count) - 1U));
        at += count;
        const std::uint32_t value = read | (entry >> (12 + n) & 1U) << count;
        const std::uint32_t significant = 0U - is_significant;
        values[n] = (value | 1U) & significant;
        samples[n] = (((value | 1U) + 2U) << plane | value << 31U) & significant;
    }
    kept[0] = values[1];
    kept[1] = values[3];
}

RADPIX_MQ_INLINE unsigned bit_width_of(std::uint32_t value) noexcept {
#if defined(__GNUC__)
    return value == 0 ? 0U : 32U - static_cast<unsigned>(__builtin_clz(value));
#else
    unsigned width = 0;
    for (; value != 0; value >>= 1U) {
        ++width;
    }
    return width;
#endif
}

/// U (7.3.7) and the number of bits of every quad in a row; the largest U of those with a significant sample.
RADPIX_MQ_INLINE unsigned measure_quads(const HtQuad *quads, Index across, const HtRow &row) noexcept {
    unsigned most = 0;
    for (Index x = 0; x < across; ++x) {
        const unsigned entry = quads[x].entry, significance = entry >> 4U & 15U;
        const std::uint32_t *const above = row.kept + 2 * x;
        // The exponents' maximum is the width of the magnitudes' union; kappa is 1 at least.
        const unsigned width = bit_width_of(above[-1] | above[0] | above[1] | above[2]);
        const bool several = (significance & (significance - 1U)) != 0;
        const unsigned exponent = (several && width > 2 ? width - 1U : 1U) + quads[x].u;
        const std::uint32_t counts = spread_bits[significance] * exponent - spread_bits[entry >> 8U & 15U];
        row.exponents[x] = exponent;
        row.counts[x] = counts * 0x01010101U >> 24U;
        most = significance != 0 && exponent > most ? exponent : most;
    }
    return most;
}

template <HtOutput output>
RADPIX_MQ_INLINE std::size_t read_row_of_samples(HtBits bits, std::size_t at, const HtQuad *quads,
                                                 const HtSampleTask &task, std::uint32_t *top,
                                                 const HtRow &row) noexcept {
    for (Index x = 0; x < task.across; ++x) {
        std::uint32_t samples[4];
        read_quad(bits, at, row.exponents[x], quads[x].entry, static_cast<unsigned>(task.plane), samples,
                  row.kept + 2 * x);
        put_sample<output>(top, 2 * x, samples[0], task.half_step);
        put_sample<output>(top, 2 * x + task.stride, samples[1], task.half_step);
        put_sample<output>(top, 2 * x + 1, samples[2], task.half_step);
        put_sample<output>(top, 2 * x + 1 + task.stride, samples[3], task.half_step);
        at += row.counts[x];
    }
    return at;
}

template <HtOutput output>
bool read_samples_as(const HtSampleTask &task) noexcept {
    const Index pairs = (task.across + 1) / 2 * 2;
    const HtRow row{task.scratch + ht_spare, task.scratch + 3 * ht_spare + 2 * task.across,
                    task.scratch + 4 * ht_spare + 3 * task.across};
    std::memset(task.scratch, 0, static_cast<std::size_t>(ht_scratch(task.across)) * sizeof(std::uint32_t));
    std::size_t at = 0;
    for (Index y = 0; y < task.down; ++y) {
        const HtQuad *const quads = task.quads + y * task.quad_stride;
        const unsigned most = measure_at_level(quads, pairs, row);
        if (most + static_cast<unsigned>(task.plane) > 30U) {
            return false;
        }
        std::uint32_t *const top = static_cast<std::uint32_t *>(task.samples) + 2 * y * task.stride;
        if (most == 0) { // as in the black background of an ultrasound image; there is nothing to read either
            const auto bytes = static_cast<std::size_t>(2 * pairs) * sizeof(std::uint32_t);
            std::memset(top, 0, bytes);
            std::memset(top + task.stride, 0, bytes);
            std::memset(row.kept, 0, bytes);
            continue;
        }
        at = most > most_at_level ? read_row_of_samples<output>(task.magnitudes, at, quads, task, top, row)
                                  : read_row_at_level<output>(task.magnitudes, at, quads, task, top, row);
    }
    return true;
}

/// False where a magnitude does not fit in the bit-planes.
bool read_ht_samples(const HtSampleTask &task) noexcept {
    switch (task.output) {
    case HtOutput::integer:
        return read_samples_as<HtOutput::integer>(task);
    case HtOutput::real:
        return read_samples_as<HtOutput::real>(task);
    default:
        return read_samples_as<HtOutput::sign_magnitude>(task);
    }
}

void to_integers(const std::uint32_t *samples, std::int32_t *target, Index count) noexcept {
    for (Index i = 0; i < count; ++i) {
        target[i] = to_integer(samples[i]);
    }
}

void to_reals(const std::uint32_t *samples, float *target, Index count, float half_step) noexcept {
    for (Index i = 0; i < count; ++i) {
        target[i] = to_real(samples[i], half_step);
    }
}
