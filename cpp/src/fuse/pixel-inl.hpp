// SPDX-License-Identifier: Apache-2.0
// One pixel; included once per target, inside its region and anonymous namespace.

template <class T>
inline void blend_pixel(std::uint8_t base, T value, std::uint8_t *out, Index channel_stride,
                        const Palette<T> &palette) noexcept {
    const int grey = base;
    if (!(value >= palette.threshold)) {
        for (int c = 0; c < 3; ++c) {
            out[c * channel_stride] = base;
        }
        return;
    }
    T at = (value - palette.first) * palette.scale + static_cast<T>(0.5);
    at = at > static_cast<T>(0) ? at : static_cast<T>(0);
    at = at < palette.last ? at : palette.last;
    const std::uint16_t *entry = palette.table + 4 * static_cast<Index>(at);
    const int opacity = entry[3];
    for (int c = 0; c < 3; ++c) {
        const int sum = grey * (opaque - opacity) + entry[c] * opacity + opaque / 2;
        out[c * channel_stride] = static_cast<std::uint8_t>(sum >> 14);
    }
}
