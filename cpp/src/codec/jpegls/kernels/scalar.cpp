// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstdint>
#include <cstring>

#include "codec/jpeg/bit_reader.hpp"
#include "codec/jpegls/kernels/kernels.hpp"

namespace radpix::jpegls {
namespace scalar {
namespace {

inline unsigned leading_zeros(std::uint32_t value) noexcept {
    return static_cast<unsigned>(std::countl_zero(value));
}
inline unsigned leading_zeros_64(std::uint64_t value) noexcept {
    return static_cast<unsigned>(std::countl_zero(value));
}
inline std::uint64_t load_big_endian(const std::uint8_t *from) noexcept {
    return jpeg::load_big_endian_64(from);
}
inline void store_big_endian(std::uint8_t *to, std::uint64_t word) noexcept {
    word = jpeg::load_big_endian_64(reinterpret_cast<const std::uint8_t *>(&word)); // its own inverse
    std::memcpy(to, &word, sizeof word);
}

#include "codec/jpegls/kernels/context-inl.hpp"

/// T.87 A.6. `error` is in units of samples, `magnitude` its absolute value in those of the coding.
inline void update_near(Context *context, std::int32_t error, std::int32_t magnitude,
                        std::int32_t reset) noexcept {
    std::uint32_t a = context->magnitude + static_cast<std::uint32_t>(magnitude);
    std::int32_t n = context->count, b = context->bias - n + 1 + error;
    if (n == reset) [[unlikely]] {
        a >>= 1;
        b >>= 1;
        n >>= 1;
    }
    ++n;
    const std::int32_t too_low = (b + n - 1) >> 31, too_high = -b >> 31; // masks: B <= -N, B > 0
    b += (too_low & n) - (too_high & n);
    const std::int32_t lowest = 1 - n;
    b = b < lowest ? lowest : b;
    b = b > 0 ? 0 : b;
    std::int32_t c = context->correction + too_low - too_high;
    if (static_cast<std::uint32_t>(c + 128) > 255) [[unlikely]] {
        c = c < 0 ? -128 : 127;
    }
    context->magnitude = a;
    context->bias = b + n - 1;
    context->correction = c;
    context->count = n;
    context->k = static_cast<std::int32_t>(golomb_parameter(a, static_cast<std::uint32_t>(n)));
}

inline void update_lossless(Context *context, std::int32_t error, std::int32_t reset) noexcept {
    update_near(context, error, error < 0 ? -error : error, reset);
    const bool mostly_negative = 2 * context->bias < context->count - 1; // 2B <= -N
    context->flip = -static_cast<std::int32_t>(context->k == 0 && mostly_negative);
}

/// In a decoder.
inline void update_decoded(Context *context, std::int32_t error, std::int32_t reset) noexcept {
    update_lossless(context, error, reset);
}

void quantize_line(const std::uint16_t *above, std::int16_t *gradients, Index samples, int components,
                   const std::int32_t *thresholds) noexcept {
    const std::int32_t near = thresholds[0], t1 = thresholds[1], t2 = thresholds[2], t3 = thresholds[3];
    for (Index i = -components; i < samples; ++i) {
        const std::int32_t d = above[i + components] - above[i];
        const std::int32_t high = (d > near) + (d >= t1) + (d >= t2) + (d >= t3);
        const std::int32_t low = (d < -near) + (d <= -t1) + (d <= -t2) + (d <= -t3);
        gradients[i] = static_cast<std::int16_t>(high - low);
    }
    for (Index i = samples - 1; i >= 0; --i) {
        gradients[i] =
            static_cast<std::int16_t>(context_size * (81 * gradients[i] + 9 * gradients[i - components]));
    }
}

void prepare_line(const EncoderLine &line, Index samples, int components, const LineParameters &p) noexcept {
    const std::int32_t t1 = p.t1, t2 = p.t2, t3 = p.t3;
    std::int16_t *__restrict gradients = line.gradients;
    std::uint16_t *__restrict predictions = line.predictions;
    for (Index i = 0; i < samples; ++i) {
        const std::int32_t ra = line.current[i - components], rc = line.above[i - components], d = rc - ra;
        const std::int32_t high = (d > 0) + (d >= t1) + (d >= t2) + (d >= t3);
        const std::int32_t low = (d < 0) + (d <= -t1) + (d <= -t2) + (d <= -t3);
        gradients[i] = static_cast<std::int16_t>(gradients[i] + context_size * (high - low));
        predictions[i] = static_cast<std::uint16_t>(predicted(ra, line.above[i], rc));
    }
}

#include "codec/jpegls/kernels/decode-inl.hpp"
#include "codec/jpegls/kernels/encode-inl.hpp"

} // namespace
} // namespace scalar

const Kernels scalar_kernels = {
    scalar::quantize_line,
    {{scalar::decode_line<1, Mode::modular>, scalar::decode_line<1, Mode::lossless>,
      scalar::decode_line<1, Mode::near_lossless>},
     {scalar::decode_line<2, Mode::modular>, scalar::decode_line<2, Mode::lossless>,
      scalar::decode_line<2, Mode::near_lossless>},
     {scalar::decode_line<3, Mode::modular>, scalar::decode_line<3, Mode::lossless>,
      scalar::decode_line<3, Mode::near_lossless>},
     {scalar::decode_line<4, Mode::modular>, scalar::decode_line<4, Mode::lossless>,
      scalar::decode_line<4, Mode::near_lossless>}},
    {{scalar::encode_line<1, Mode::modular>, scalar::encode_line<1, Mode::lossless>,
      scalar::encode_line<1, Mode::near_lossless>},
     {scalar::encode_line<2, Mode::modular>, scalar::encode_line<2, Mode::lossless>,
      scalar::encode_line<2, Mode::near_lossless>},
     {scalar::encode_line<3, Mode::modular>, scalar::encode_line<3, Mode::lossless>,
      scalar::encode_line<3, Mode::near_lossless>},
     {scalar::encode_line<4, Mode::modular>, scalar::encode_line<4, Mode::lossless>,
      scalar::encode_line<4, Mode::near_lossless>}},
};

} // namespace radpix::jpegls
