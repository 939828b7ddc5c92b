// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "window/kernels.hpp"

namespace radpix::window_kernels {
namespace scalar {
namespace {
#include "window/shift-inl.hpp"
#include "window/values-inl.hpp"

template <class T>
void ramp(const T *__restrict pixels, std::uint8_t *__restrict out, Index n, Ramp terms,
          bool /*stream*/) noexcept {
    const float scale = terms.scale, offset = terms.offset;
    const std::int32_t origin = terms.origin;
    for (Index i = 0; i < n; ++i) {
        float y = scale * static_cast<float>(pixels[i] - origin) + offset;
        y = y > 0.0F ? y : 0.0F;
        y = y < 255.0F ? y : 255.0F;
        y = (y + 12582912.0F) - 12582912.0F; // 1.5 * 2^23: half to even
        out[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(y));
    }
}

template <class T>
void shift(const T *pixels, std::int16_t *out, Index n, int term, bool /*stream*/) noexcept {
    shift_pixels(pixels, out, n, term);
}
} // namespace
} // namespace scalar

const Kernels scalar_kernels{scalar::loads,
                             scalar::linear,
                             scalar::sigmoid,
                             scalar::stores,
                             scalar::ramp<std::int16_t>,
                             scalar::ramp<std::uint16_t>,
                             scalar::shift<std::int16_t>,
                             scalar::shift<std::uint16_t>};

} // namespace radpix::window_kernels
