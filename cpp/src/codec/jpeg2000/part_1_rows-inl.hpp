// SPDX-License-Identifier: Apache-2.0
// Rows of decoded Part 1 blocks as coefficients, included once for each CPU level inside its anonymous
// namespace. Magnitudes are times two and lie four apart; bit `sign` of a flag word is the sign.

void row_to_integers(const std::uint32_t *magnitudes, const Flags *flags, unsigned sign, std::int32_t *target,
                     Index count) noexcept {
    for (Index i = 0; i < count; ++i) {
        const std::uint32_t negative = flags[i] >> sign & 1U;
        target[i] = static_cast<std::int32_t>((magnitudes[4 * i] >> 1U ^ (0U - negative)) + negative);
    }
}

void row_to_reals(const std::uint32_t *magnitudes, const Flags *flags, unsigned sign, float *target,
                  Index count, float half_step) noexcept {
    for (Index i = 0; i < count; ++i) {
        const float value = static_cast<float>(magnitudes[4 * i]) * half_step;
        target[i] = (flags[i] >> sign & 1U) != 0 ? -value : value;
    }
}
