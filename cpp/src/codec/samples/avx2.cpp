// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>
#include <type_traits>

#include "base/target_region.hpp"
#include "codec/samples/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

namespace radpix::samples {
namespace {

/// How 16 bytes of three planes become 48 interleaved ones: position p of target register k takes plane
/// (k + p) mod 3, so at each position every plane is wanted by one register only, and one shuffle of each
/// plane serves all three.
struct Interleaving {
    alignas(32) std::array<std::array<std::int8_t, 32>, 3> shuffle{}; ///< by plane
    alignas(32) std::array<std::array<std::int8_t, 32>, 3> takes{};   ///< -1 where (position mod 3) is this
};

consteval Interleaving interleaving_of_bytes() {
    Interleaving tables;
    for (std::size_t position = 0; position < 32; ++position) {
        const std::size_t p = position % 16;
        for (std::size_t plane = 0; plane < 3; ++plane) {
            const std::size_t target = (plane + 18 - p) % 3;
            tables.shuffle[plane][position] = static_cast<std::int8_t>((16 * target + p) / 3);
            tables.takes[plane][position] = p % 3 == plane ? -1 : 0;
        }
    }
    return tables;
}

constexpr Interleaving byte_tables = interleaving_of_bytes();

/// The way back: once `takes` has gathered a plane's 16 bytes in one register, byte t of plane p lies at
/// position (3 t + p) mod 16.
struct Separation {
    alignas(32) std::array<std::array<std::int8_t, 32>, 3> shuffle{}; ///< by plane
    alignas(32) std::array<std::int8_t, 32> luma_blue{}, red{}; ///< of Y Y Cb Cr, chroma for both pixels
};

consteval Separation separation_of_bytes() {
    Separation tables;
    for (std::size_t position = 0; position < 32; ++position) {
        const std::size_t t = position % 16, pair = t % 8 / 2;
        for (std::size_t plane = 0; plane < 3; ++plane) {
            tables.shuffle[plane][position] = static_cast<std::int8_t>((3 * t + plane) % 16);
        }
        tables.luma_blue[position] = static_cast<std::int8_t>(4 * pair + (t < 8 ? t % 2 : 2));
        tables.red[position] = static_cast<std::int8_t>(4 * pair + 3);
    }
    return tables;
}

constexpr Separation separation = separation_of_bytes();

/// Coefficients of ybr_full_to_rgb in rows-inl.hpp: red is cr + 0.402 cr, blue 2 cb - 0.228 cb, both rounded
/// by vpmulhrsw; green's are split, because their products need 21 bits.
constexpr std::int16_t red_fraction = 13173, blue_fraction = -7471;
constexpr std::int32_t green_blue = 1443412, green_red = 2995305, green_half = (1 << 21) + 64;
constexpr std::int32_t exact_half = -125; ///< the one cb at which the rounding of 0.228 cb shows

/// Whether 16 bits give the same red and blue as 32 do, for every chroma.
consteval bool fractions_are_exact() {
    for (std::int32_t c = -128; c < 128; ++c) {
        const std::int32_t red = c + ((c * red_fraction + (1 << 14)) >> 15);
        const std::int32_t blue = 2 * c + ((c * blue_fraction + (1 << 14)) >> 15) + (c == exact_half ? 1 : 0);
        if (red != (5880414 * c + green_half) >> 22 || blue != (7432307 * c + green_half) >> 22) {
            return false;
        }
    }
    return true;
}
static_assert(fractions_are_exact());

} // namespace
} // namespace radpix::samples

RADPIX_BEGIN_AVX2
namespace radpix::samples::avx2 {
namespace {

#include "rows-inl.hpp"

inline __m256i load256(const void *at) noexcept {
    return _mm256_loadu_si256(static_cast<const __m256i *>(at));
}

inline void store256(void *at, __m256i value) noexcept {
    _mm256_storeu_si256(static_cast<__m256i *>(at), value);
}

inline __m256i select3(__m256i first, __m256i second, __m256i third, __m256i takes_second,
                       __m256i takes_third) noexcept {
    return _mm256_blendv_epi8(_mm256_blendv_epi8(first, second, takes_second), third, takes_third);
}

// 32 pixels in 3 shuffles and 6 blends; the compiler's own code takes three times as long.
void interleave3_bytes(const std::byte *const *planes, std::byte *target, Index count) noexcept {
    const __m256i at0 = load256(byte_tables.takes[0].data());
    const __m256i at1 = load256(byte_tables.takes[1].data());
    const __m256i at2 = load256(byte_tables.takes[2].data());
    Index i = 0;
    for (; i + 32 <= count; i += 32) {
        const __m256i a = _mm256_shuffle_epi8(load256(planes[0] + i), load256(byte_tables.shuffle[0].data()));
        const __m256i b = _mm256_shuffle_epi8(load256(planes[1] + i), load256(byte_tables.shuffle[1].data()));
        const __m256i c = _mm256_shuffle_epi8(load256(planes[2] + i), load256(byte_tables.shuffle[2].data()));
        const __m256i first = select3(a, b, c, at1, at2);  // register 0 of both halves
        const __m256i second = select3(a, b, c, at0, at1); // register 1: position p takes plane (1 + p) mod 3
        const __m256i third = select3(a, b, c, at2, at0);
        store256(target + 3 * i, _mm256_permute2x128_si256(first, second, 0x20));
        store256(target + 3 * i + 32, _mm256_blend_epi32(third, first, 0xF0));
        store256(target + 3 * i + 64, _mm256_permute2x128_si256(second, third, 0x31));
    }
    const std::byte *const rest[3] = {planes[0] + i, planes[1] + i, planes[2] + i};
    interleave3<std::uint8_t>(rest, target + 3 * i, count - i);
}

// 32 pixels in 6 blends and 3 shuffles, as above but backwards.
void separate3_bytes(const std::byte *source, std::byte *const *planes, Index count) noexcept {
    const __m256i at0 = load256(byte_tables.takes[0].data());
    const __m256i at1 = load256(byte_tables.takes[1].data());
    const __m256i at2 = load256(byte_tables.takes[2].data());
    Index i = 0;
    for (; i + 32 <= count; i += 32) {
        const __m256i a = load256(source + 3 * i);
        const __m256i b = load256(source + 3 * i + 32);
        const __m256i c = load256(source + 3 * i + 64);
        const __m256i first = _mm256_blend_epi32(a, b, 0xF0); // 16 bytes of the lower, of the upper 16 pixels
        const __m256i second = _mm256_permute2x128_si256(a, c, 0x21);
        const __m256i third = _mm256_blend_epi32(b, c, 0xF0);
        const __m256i plane0 = select3(first, second, third, at2, at1);
        const __m256i plane1 = select3(first, second, third, at0, at2);
        const __m256i plane2 = select3(first, second, third, at1, at0);
        store256(planes[0] + i, _mm256_shuffle_epi8(plane0, load256(separation.shuffle[0].data())));
        store256(planes[1] + i, _mm256_shuffle_epi8(plane1, load256(separation.shuffle[1].data())));
        store256(planes[2] + i, _mm256_shuffle_epi8(plane2, load256(separation.shuffle[2].data())));
    }
    std::byte *const rest[3] = {planes[0] + i, planes[1] + i, planes[2] + i};
    separate3<std::uint8_t>(source + 3 * i, rest, count - i);
}

void separate_422_bytes(const std::byte *source, std::byte *const *planes, Index count) noexcept {
    const __m256i luma_blue = load256(separation.luma_blue.data());
    const __m256i red = load256(separation.red.data());
    Index i = 0;
    for (; i + 32 <= count; i += 32) {
        const __m256i low = load256(source + 2 * i), high = load256(source + 2 * i + 32);
        const __m256i a = _mm256_shuffle_epi8(low, luma_blue), b = _mm256_shuffle_epi8(high, luma_blue);
        const __m256i c = _mm256_shuffle_epi8(low, red), d = _mm256_shuffle_epi8(high, red);
        store256(planes[0] + i, _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(a, b), 0xD8));
        store256(planes[1] + i, _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(a, b), 0xD8));
        store256(planes[2] + i, _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(c, d), 0xD8));
    }
    std::byte *const rest[3] = {planes[0] + i, planes[1] + i, planes[2] + i};
    separate_422<std::uint8_t>(source + 2 * i, rest, count - i);
}

inline __m256i signed_chroma(const std::uint8_t *at) noexcept {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
    return _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes), _mm256_set1_epi16(128));
}

/// What is added to Y for green, of eight pixels: the 22-bit products from two of 8 and 13 bits.
inline __m256i green_terms(__m256i blue_red) noexcept {
    const __m256i upper = _mm256_set1_epi32((-(green_red >> 8) << 16) | (-(green_blue >> 8) & 0xFFFF));
    const __m256i lower = _mm256_set1_epi32((-(green_red & 0xFF) << 16) | (-(green_blue & 0xFF) & 0xFFFF));
    const __m256i product = _mm256_add_epi32(_mm256_slli_epi32(_mm256_madd_epi16(blue_red, upper), 8),
                                             _mm256_madd_epi16(blue_red, lower));
    return _mm256_srai_epi32(_mm256_add_epi32(product, _mm256_set1_epi32(green_half)), 22);
}

struct Terms {
    __m256i red, green, blue;
};

/// Y Cb Cr of 16 pixels to their red, green and blue before clamping.
inline Terms colours(const std::uint8_t *y, const std::uint8_t *blue, const std::uint8_t *red) noexcept {
    const __m256i luma = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i *>(y)));
    const __m256i cb = signed_chroma(blue), cr = signed_chroma(red);
    const __m256i red_term = _mm256_add_epi16(cr, _mm256_mulhrs_epi16(cr, _mm256_set1_epi16(red_fraction)));
    const __m256i fraction = _mm256_mulhrs_epi16(cb, _mm256_set1_epi16(blue_fraction));
    const __m256i is_half = _mm256_cmpeq_epi16(cb, _mm256_set1_epi16(exact_half));
    const __m256i blue_term = _mm256_add_epi16(_mm256_add_epi16(cb, cb), _mm256_sub_epi16(fraction, is_half));
    const __m256i green_term = _mm256_packs_epi32(green_terms(_mm256_unpacklo_epi16(cb, cr)),
                                                  green_terms(_mm256_unpackhi_epi16(cb, cr)));
    return {_mm256_add_epi16(luma, red_term), _mm256_add_epi16(luma, green_term),
            _mm256_add_epi16(luma, blue_term)};
}

inline __m256i clamped(__m256i low, __m256i high) noexcept {
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(low, high), 0xD8);
}

/// -1 where pydicom rounds green down (see rows-inl.hpp): Cb 78, Cr 178, Y from 19 to 46.
inline __m256i rounded_down(const std::uint8_t *y, const std::uint8_t *blue,
                            const std::uint8_t *red) noexcept {
    const __m256i offset = _mm256_sub_epi8(load256(y), _mm256_set1_epi8(19));
    const __m256i in_range = _mm256_cmpeq_epi8(_mm256_min_epu8(offset, _mm256_set1_epi8(27)), offset);
    const __m256i has_blue = _mm256_cmpeq_epi8(load256(blue), _mm256_set1_epi8(78));
    const __m256i has_red = _mm256_cmpeq_epi8(load256(red), _mm256_set1_epi8(static_cast<char>(178)));
    return _mm256_and_si256(in_range, _mm256_and_si256(has_blue, has_red));
}

// In 16 bits where those do, a third of the time that the compiler's 32 bits take.
void ybr_full_to_rgb_by_32(std::uint8_t *y, std::uint8_t *cb, std::uint8_t *cr, Index count) noexcept {
    Index i = 0;
    for (; i + 32 <= count; i += 32) {
        const Terms low = colours(y + i, cb + i, cr + i);
        const Terms high = colours(y + i + 16, cb + i + 16, cr + i + 16);
        const __m256i less = rounded_down(y + i, cb + i, cr + i);
        store256(y + i, clamped(low.red, high.red));
        store256(cb + i, _mm256_add_epi8(clamped(low.green, high.green), less));
        store256(cr + i, clamped(low.blue, high.blue));
    }
    ybr_full_to_rgb(y + i, cb + i, cr + i, count - i);
}

// 32 bits as 32 bytes: each byte of the packed word is repeated eight times, and tested for its own bit.
void unpack_bits_by_32(const std::byte *source, std::byte *target, Index count) noexcept {
    const __m256i repeat = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i own_bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201U));
    const __m256i one = _mm256_set1_epi8(1);
    Index i = 0;
    for (; i + 32 <= count; i += 32) {
        std::int32_t word;
        std::memcpy(&word, source + i / 8, sizeof word);
        const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(word), repeat);
        store256(target + i, _mm256_min_epu8(_mm256_and_si256(bytes, own_bit), one));
    }
    unpack_bits(source + i / 8, target + i, count - i);
}

constexpr Kernels table() noexcept {
    Kernels kernels = portable_table("avx2");
    kernels.interleave3[0] = interleave3_bytes;
    kernels.separate3[0] = separate3_bytes;
    kernels.separate_422[0] = separate_422_bytes;
    kernels.ybr_full_to_rgb = ybr_full_to_rgb_by_32;
    kernels.unpack_bits = unpack_bits_by_32;
    return kernels;
}

} // namespace
} // namespace radpix::samples::avx2
RADPIX_END_AVX2

namespace radpix::samples {

constinit const Kernels avx2_kernels = avx2::table();

} // namespace radpix::samples

#endif
