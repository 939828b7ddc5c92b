// SPDX-License-Identifier: Apache-2.0
// Magnitudes and signs of HT quads (ISO/IEC 15444-15 7.3.7, 7.3.8), included once for each CPU level. The
// four samples of a quad: left column first, downwards; the bytes of a 32-bit number stand for them, the
// first lowest.

/// One quad, its `counts` bits of MagSgn each beginning at `at`. `values` get what is read, the lowest bit
/// forced to 1, 0 for insignificant samples.
RADPIX_MQ_INLINE void read_quad(HtBits bits, std::size_t at, std::uint32_t counts, unsigned entry,
                                unsigned plane, std::uint32_t *top, std::uint32_t *bottom,
                                std::uint32_t *values) noexcept {
    std::uint32_t samples[4];
    for (unsigned n = 0; n < 4; ++n) {
        const unsigned count = counts >> (8 * n) & 0xFFU;
        const auto read =
            static_cast<std::uint32_t>(peek_bits(bits, at) & ((std::uint64_t{1} << count) - 1U));
        at += count;
        const std::uint32_t value = read | (entry >> (12 + n) & 1U) << count;
        const std::uint32_t significant = 0U - (entry >> (4 + n) & 1U);
        values[n] = (value | 1U) & significant;
        samples[n] = (((value | 1U) + 2U) << plane | value << 31U) & significant;
    }
    top[0] = samples[0];
    bottom[0] = samples[1];
    top[1] = samples[2];
    bottom[1] = samples[3];
}

RADPIX_MQ_INLINE std::uint8_t bit_width_of(std::uint32_t value) noexcept {
#if defined(__GNUC__)
    return static_cast<std::uint8_t>(value == 0 ? 0 : 32 - __builtin_clz(value));
#else
    std::uint8_t width = 0;
    for (; value != 0; value >>= 1U) {
        ++width;
    }
    return width;
#endif
}

/// max(1, Emax - 1) of 7.3.7, from the exponents of the four samples above a quad.
void find_kappas(const std::uint8_t *left, const std::uint8_t *right, std::uint8_t *kappas,
                 Index across) noexcept {
    for (Index x = 0; x < across; ++x) {
        const std::uint8_t a = left[x] > right[x] ? left[x] : right[x];
        const std::uint8_t b = right[x - 1] > left[x + 1] ? right[x - 1] : left[x + 1];
        const std::uint8_t most = a > b ? a : b;
        kappas[x] = static_cast<std::uint8_t>((most > 2 ? most : 2) - 1);
    }
}

/// False where a magnitude does not fit in the bit-planes.
bool read_ht_samples(const HtSampleTask &task) noexcept {
    std::uint8_t *const left = task.scratch + 1, *const right = left + task.across + 2;
    std::uint8_t *const kappas = right + task.across + 2;
    std::memset(task.scratch, 0, static_cast<std::size_t>(3 * (task.across + 2)));
    const auto plane = static_cast<unsigned>(task.plane);
    std::size_t at = 0;
    for (Index y = 0; y < task.down; ++y) {
        const HtQuad *const quads = task.quads + y * task.quad_stride;
        std::uint32_t *const top = task.samples + 2 * y * task.stride;
        find_kappas(left, right, kappas, task.across);
        for (Index x = 0; x < task.across; ++x) {
            const unsigned entry = quads[x].entry, significance = entry >> 4U & 15U;
            const bool several = (significance & (significance - 1U)) != 0;
            const unsigned exponent = (several ? kappas[x] : 1U) + quads[x].u;
            if (exponent + plane > 30U && significance != 0) {
                return false;
            }
            const std::uint32_t counts =
                spread_bits[significance] * exponent - spread_bits[entry >> 8U & 15U];
            const std::uint32_t ends = counts * 0x01010101U;
            std::uint32_t values[4];
            read_quad_at_level(task.magnitudes, at, counts, entry, plane, top + 2 * x,
                               top + 2 * x + task.stride, values);
            at += ends >> 24U;
            left[x] = bit_width_of(values[1]);
            right[x] = bit_width_of(values[3]);
        }
    }
    return true;
}

void to_integers(const std::uint32_t *samples, std::int32_t *target, Index count) noexcept {
    for (Index i = 0; i < count; ++i) {
        const auto value = static_cast<std::int32_t>((samples[i] & 0x7FFFFFFFU) >> 1U);
        const std::int32_t sign = static_cast<std::int32_t>(samples[i]) >> 31;
        target[i] = (value ^ sign) - sign;
    }
}

void to_reals(const std::uint32_t *samples, float *target, Index count, float half_step) noexcept {
    for (Index i = 0; i < count; ++i) {
        const float value =
            static_cast<float>(static_cast<std::int32_t>(samples[i] & 0x7FFFFFFFU)) * half_step;
        target[i] = static_cast<std::int32_t>(samples[i]) < 0 ? -value : value;
    }
}
