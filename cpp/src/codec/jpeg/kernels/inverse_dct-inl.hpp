// SPDX-License-Identifier: Apache-2.0
// No guard: included once per CPU level, inside its region and namespace.
//
// Loeffler, Ligtenberg, Moschytz: "Practical fast 1-D DCT algorithms with 11 multiplications", ICASSP 1989,
// in 13-bit fixed point; columns first, then rows. Only where it rounds matters for the result: the first
// pass keeps 2 more bits (1 for 12-bit samples), the second drops them with the factor 8.
//
// Coefficients of streams that no encoder writes may overflow. Every level then does the same: 8-bit samples
// wrap the dequantised coefficient to 16 bits and saturate the first pass to 16 bits, after which 32 bits
// suffice; 12-bit samples wrap in 32 bits.

inline std::int32_t wrapping_product(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b));
}

inline std::int32_t wrapping_sum(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

inline std::int32_t wrapping_difference(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}

/// Eight coefficients, `stride` apart, to eight samples times 2^13, in place.
inline void inverse_dct_1d(std::int32_t *v, int stride) noexcept {
    const auto sum = wrapping_sum;
    const auto difference = wrapping_difference;
    const auto times = wrapping_product;
    const std::int32_t c0 = v[0], c1 = v[stride], c2 = v[2 * stride], c3 = v[3 * stride];
    const std::int32_t c4 = v[4 * stride], c5 = v[5 * stride], c6 = v[6 * stride], c7 = v[7 * stride];
    // even part
    const std::int32_t rotated = times(sum(c2, c6), 4433);             // 0.541196100
    const std::int32_t even_2 = difference(rotated, times(c6, 15137)); // 1.847759065
    const std::int32_t even_3 = sum(rotated, times(c2, 6270));         // 0.765366865
    const std::int32_t even_0 = times(sum(c0, c4), 8192), even_1 = times(difference(c0, c4), 8192);
    const std::int32_t e0 = sum(even_0, even_3), e3 = difference(even_0, even_3);
    const std::int32_t e1 = sum(even_1, even_2), e2 = difference(even_1, even_2);
    // odd part
    const std::int32_t z5 = times(sum(sum(c7, c3), sum(c5, c1)), 9633); // 1.175875602
    const std::int32_t z1 = times(sum(c7, c1), -7373);                  // 0.899976223
    const std::int32_t z2 = times(sum(c5, c3), -20995);                 // 2.562915447
    const std::int32_t z3 = sum(times(sum(c7, c3), -16069), z5);        // 1.961570560
    const std::int32_t z4 = sum(times(sum(c5, c1), -3196), z5);         // 0.390180644
    const std::int32_t o3 = sum(times(c7, 2446), sum(z1, z3));          // 0.298631336
    const std::int32_t o2 = sum(times(c5, 16819), sum(z2, z4));         // 2.053119869
    const std::int32_t o1 = sum(times(c3, 25172), sum(z2, z3));         // 3.072711026
    const std::int32_t o0 = sum(times(c1, 12299), sum(z1, z4));         // 1.501321110
    v[0] = sum(e0, o0);
    v[7 * stride] = difference(e0, o0);
    v[stride] = sum(e1, o1);
    v[6 * stride] = difference(e1, o1);
    v[2 * stride] = sum(e2, o2);
    v[5 * stride] = difference(e2, o2);
    v[3 * stride] = sum(e3, o3);
    v[4 * stride] = difference(e3, o3);
}

inline std::int32_t rounded_shift(std::int32_t value, int bits) noexcept {
    return wrapping_sum(value, 1 << (bits - 1)) >> bits;
}

inline void inverse_dct(const std::int16_t *coefficients, const std::uint16_t *quantization,
                        std::uint8_t *out, Index stride) noexcept {
    std::int32_t v[64];
    for (int i = 0; i < 64; ++i) {
        v[i] = static_cast<std::int16_t>(wrapping_product(coefficients[i], quantization[i]));
    }
    for (int x = 0; x < 8; ++x) {
        inverse_dct_1d(v + x, 8);
    }
    for (int i = 0; i < 64; ++i) {
        const std::int32_t value = rounded_shift(v[i], 11);
        v[i] = value < -32768 ? -32768 : value > 32767 ? 32767 : value;
    }
    for (int y = 0; y < 8; ++y) {
        inverse_dct_1d(v + 8 * y, 1);
        for (int x = 0; x < 8; ++x) {
            const std::int32_t value = rounded_shift(v[8 * y + x], 18) + 128;
            out[y * stride + x] = static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

inline void inverse_dct(const std::int16_t *coefficients, const std::uint16_t *quantization,
                        std::uint16_t *out, Index stride) noexcept {
    std::int32_t v[64];
    for (int i = 0; i < 64; ++i) {
        v[i] = wrapping_product(coefficients[i], quantization[i]);
    }
    for (int x = 0; x < 8; ++x) {
        inverse_dct_1d(v + x, 8);
    }
    for (int i = 0; i < 64; ++i) {
        v[i] = rounded_shift(v[i], 12);
    }
    for (int y = 0; y < 8; ++y) {
        inverse_dct_1d(v + 8 * y, 1);
        for (int x = 0; x < 8; ++x) {
            const std::int32_t value = rounded_shift(v[8 * y + x], 17) + 2048;
            out[y * stride + x] = static_cast<std::uint16_t>(value < 0 ? 0 : value > 4095 ? 4095 : value);
        }
    }
}
