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
