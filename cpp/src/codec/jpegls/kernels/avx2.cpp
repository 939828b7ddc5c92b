// SPDX-License-Identifier: Apache-2.0
#include "base/target_region.hpp"

#if RADPIX_HAS_AVX2_TARGET
#include <cstdint>
#include <cstring>

#include "codec/jpegls/kernels/kernels.hpp"

RADPIX_BEGIN_AVX2
namespace radpix::jpegls {
namespace avx2 {
namespace {

// BMI2's shifts and lzcnt are what this level is for: they leave CL and the flags alone.
inline unsigned leading_zeros(std::uint32_t value) noexcept {
    return static_cast<unsigned>(_lzcnt_u32(value));
}
inline unsigned leading_zeros_64(std::uint64_t value) noexcept {
    return static_cast<unsigned>(_lzcnt_u64(value));
}
inline std::uint64_t load_big_endian(const std::uint8_t *from) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
#if defined(__GNUC__)
    return __builtin_bswap64(word);
#else
    return _byteswap_uint64(word);
#endif
}

inline void store_big_endian(std::uint8_t *to, std::uint64_t word) noexcept {
    word = load_big_endian(reinterpret_cast<const std::uint8_t *>(&word)); // its own inverse
    std::memcpy(to, &word, sizeof word);
}

#include "codec/jpegls/kernels/context-inl.hpp"
#include "codec/jpegls/kernels/decode-inl.hpp"
#include "codec/jpegls/kernels/encode-inl.hpp"

} // namespace
} // namespace avx2

const Kernels avx2_kernels = {
    avx2::quantize_line,
    {avx2::interleave<1>, avx2::interleave<2>, avx2::interleave<3>, avx2::interleave<4>},
    {{avx2::decode_line<1, false>, avx2::decode_line<1, true>},
     {avx2::decode_line<2, false>, avx2::decode_line<2, true>},
     {avx2::decode_line<3, false>, avx2::decode_line<3, true>},
     {avx2::decode_line<4, false>, avx2::decode_line<4, true>}},
    {{avx2::encode_line<1, false>, avx2::encode_line<1, true>},
     {avx2::encode_line<2, false>, avx2::encode_line<2, true>},
     {avx2::encode_line<3, false>, avx2::encode_line<3, true>},
     {avx2::encode_line<4, false>, avx2::encode_line<4, true>}},
};

} // namespace radpix::jpegls
RADPIX_END_AVX2
#endif
