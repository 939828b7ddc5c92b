// SPDX-License-Identifier: Apache-2.0
// No guard: included once per CPU level, inside its region and an anonymous namespace. The AVX2 level uses it
// for the ends of rows.

template <class T>
void shift_pixels(const T *__restrict pixels, std::int16_t *__restrict out, Index n, int term) noexcept {
    for (Index i = 0; i < n; ++i) {
        std::int32_t y = static_cast<std::int32_t>(pixels[i]) + term;
        y = y < -32768 ? -32768 : y;
        y = y > 32767 ? 32767 : y;
        out[i] = static_cast<std::int16_t>(y);
    }
}
