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
#include "codec/jpegls/kernels/decode-inl.hpp"
#include "codec/jpegls/kernels/encode-inl.hpp"

} // namespace
} // namespace scalar

const Kernels scalar_kernels = {
    scalar::quantize_line,
    {scalar::interleave<1>, scalar::interleave<2>, scalar::interleave<3>, scalar::interleave<4>},
    {{scalar::decode_line<1, false>, scalar::decode_line<1, true>},
     {scalar::decode_line<2, false>, scalar::decode_line<2, true>},
     {scalar::decode_line<3, false>, scalar::decode_line<3, true>},
     {scalar::decode_line<4, false>, scalar::decode_line<4, true>}},
    {{scalar::encode_line<1, false>, scalar::encode_line<1, true>},
     {scalar::encode_line<2, false>, scalar::encode_line<2, true>},
     {scalar::encode_line<3, false>, scalar::encode_line<3, true>},
     {scalar::encode_line<4, false>, scalar::encode_line<4, true>}},
};

} // namespace radpix::jpegls
