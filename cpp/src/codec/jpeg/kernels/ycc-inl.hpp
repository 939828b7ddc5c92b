// SPDX-License-Identifier: Apache-2.0
// No guard: included once per CPU level, inside its region and namespace.
//
// JFIF's YCbCr to RGB in 16-bit fixed point: 1.402, 1.772, 0.714136, 0.344136 times 65536, one rounding for
// red and blue, one for the sum of green's two terms.

inline int clamp_sample(int value, int most) noexcept {
    return value < 0 ? 0 : value > most ? most : value;
}

template <class Sample>
inline void ycc_to_rgb(const Sample *luma, const Sample *blue, const Sample *red, Sample *rgb, Index width,
                       int precision) noexcept {
    const int centre = 1 << (precision - 1), most = (1 << precision) - 1;
    for (Index x = 0; x < width; ++x) {
        const std::int64_t cb = blue[x] - centre, cr = red[x] - centre; // 64 bits: precision may be 16
        const int y = luma[x];
        const int r = y + static_cast<int>((91881 * cr + 32768) >> 16);
        const int g = y + static_cast<int>((-22554 * cb - 46802 * cr + 32768) >> 16);
        const int b = y + static_cast<int>((116130 * cb + 32768) >> 16);
        rgb[3 * x] = static_cast<Sample>(clamp_sample(r, most));
        rgb[3 * x + 1] = static_cast<Sample>(clamp_sample(g, most));
        rgb[3 * x + 2] = static_cast<Sample>(clamp_sample(b, most));
    }
}

template <class Sample>
inline void interleave_3(const Sample *first, const Sample *second, const Sample *third, Sample *out,
                         Index width) noexcept {
    for (Index x = 0; x < width; ++x) {
        out[3 * x] = first[x];
        out[3 * x + 1] = second[x];
        out[3 * x + 2] = third[x];
    }
}
