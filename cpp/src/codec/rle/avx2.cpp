// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>

#include "base/target_region.hpp"
#include "codec/rle/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2
namespace radpix::rle::avx2 {
namespace {

#include "packets-inl.hpp"

Index unpack(Cursor &cursor, const std::byte *readable_end, std::byte *target, Index wanted) noexcept {
    std::byte *out = target;
    std::byte *const stop = target + wanted;
    Cursor at = cursor;
    const Index margin = at.end - at.next - longest_packet < readable_end - at.next - longest_packet - slack
                             ? at.end - at.next - longest_packet
                             : readable_end - at.next - longest_packet - slack;
    const std::byte *const safe = at.next + margin; // before it, a packet and its slack are readable
    while (out < stop && margin > 0 && at.next < safe) {
        const int control = static_cast<std::int8_t>(*at.next);
        const __m256i literal = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(at.next + 1));
        const __m256i run = _mm256_set1_epi8(static_cast<char>(at.next[1]));
        const __m256i first = _mm256_blendv_epi8(literal, run, _mm256_set1_epi8(static_cast<char>(control)));
        _mm256_storeu_si256(reinterpret_cast<__m256i *>(out), first);
        const int more = control < 0 ? -control : control; // bytes beyond the first
        if (more >= 32) {
            if (control == -128) {
                at.next += 1;
                continue;
            }
            for (Index done = 32; done <= more; done += 32) {
                const __m256i next =
                    control < 0 ? run
                                : _mm256_loadu_si256(reinterpret_cast<const __m256i *>(at.next + 1 + done));
                _mm256_storeu_si256(reinterpret_cast<__m256i *>(out + done), next);
            }
        }
        out += more + 1;
        at.next += control < 0 ? 2 : control + 2;
    }
    while (out < stop && at.next < at.end) {
        out += unpack_checked(at, out);
    }
    cursor = at;
    return out - target;
}

} // namespace
} // namespace radpix::rle::avx2
RADPIX_END_AVX2

namespace radpix::rle {

constinit const Kernels avx2_kernels{avx2::unpack, "avx2"};

} // namespace radpix::rle

#endif
