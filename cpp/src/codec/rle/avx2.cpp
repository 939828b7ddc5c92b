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

inline __m256i load256(const std::byte *at) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(at));
}

inline void store256(std::byte *at, __m256i value) noexcept {
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(at), value);
}

// The part of a packet beyond its first 32 bytes.
inline void unpack_long(const std::byte *next, std::byte *out, int control) noexcept {
    if (control < 0) {
        const __m256i run = _mm256_set1_epi8(static_cast<char>(next[1]));
        for (Index done = 32; done <= -control; done += 32) {
            store256(out + done, run);
        }
    } else {
        for (Index done = 32; done <= control; done += 32) {
            store256(out + done, load256(next + 1 + done));
        }
    }
}

// One packet of up to 32 bytes without a branch: a literal and a run differ by a blend on the sign of the
// control byte, so that pictures that alternate between the two do not cost a misprediction each.
inline void unpack_packet(const std::byte *&next, std::byte *&out) noexcept {
    const int control = static_cast<std::int8_t>(*next);
    const __m256i run = _mm256_set1_epi8(static_cast<char>(next[1]));
    const __m256i is_run = _mm256_set1_epi8(static_cast<char>(control));
    store256(out, _mm256_blendv_epi8(load256(next + 1), run, is_run));
    const int beyond_first = control < 0 ? -control : control;
    if (beyond_first >= 32) {
        if (control == -128) { // stands for nothing, PS3.5 G.3.2
            next += 1;
            return;
        }
        unpack_long(next, out, control);
    }
    out += beyond_first + 1;
    next += control < 0 ? 2 : control + 2;
}

void unpack_1(Lane &lane, const std::byte *readable_end) noexcept {
    const std::byte *const safe = unchecked_until(lane, readable_end);
    const std::byte *next = lane.next;
    std::byte *out = lane.out;
    while (out < lane.stop && next < safe) {
        unpack_packet(next, out);
    }
    lane.next = next;
    lane.out = out;
    unpack_rest(lane);
}

// Where a packet begins is known only when the one before is read, some 8 cycles later; lanes in lockstep
// hide that behind each other: 3 lanes of short packets take the time of 1.6.
void unpack_2(Lane *lanes, const std::byte *readable_end) noexcept {
    const std::byte *const safe0 = unchecked_until(lanes[0], readable_end);
    const std::byte *const safe1 = unchecked_until(lanes[1], readable_end);
    const std::byte *next0 = lanes[0].next;
    const std::byte *next1 = lanes[1].next;
    std::byte *out0 = lanes[0].out;
    std::byte *out1 = lanes[1].out;
    while (out0 < lanes[0].stop && out1 < lanes[1].stop && next0 < safe0 && next1 < safe1) {
        unpack_packet(next0, out0);
        unpack_packet(next1, out1);
    }
    lanes[0].next = next0;
    lanes[1].next = next1;
    lanes[0].out = out0;
    lanes[1].out = out1;
}

void unpack_3(Lane *lanes, const std::byte *readable_end) noexcept {
    const std::byte *const safe0 = unchecked_until(lanes[0], readable_end);
    const std::byte *const safe1 = unchecked_until(lanes[1], readable_end);
    const std::byte *const safe2 = unchecked_until(lanes[2], readable_end);
    const std::byte *next0 = lanes[0].next;
    const std::byte *next1 = lanes[1].next;
    const std::byte *next2 = lanes[2].next;
    std::byte *out0 = lanes[0].out;
    std::byte *out1 = lanes[1].out;
    std::byte *out2 = lanes[2].out;
    while (out0 < lanes[0].stop && out1 < lanes[1].stop && out2 < lanes[2].stop && next0 < safe0 &&
           next1 < safe1 && next2 < safe2) {
        unpack_packet(next0, out0);
        unpack_packet(next1, out1);
        unpack_packet(next2, out2);
    }
    lanes[0].next = next0;
    lanes[1].next = next1;
    lanes[2].next = next2;
    lanes[0].out = out0;
    lanes[1].out = out1;
    lanes[2].out = out2;
}

void unpack(Lane *lanes, int count, const std::byte *readable_end) noexcept {
    int i = 0;
    for (; count - i >= 5 || count - i == 3; i += 3) {
        unpack_3(lanes + i, readable_end);
    }
    for (; count - i >= 2; i += 2) {
        unpack_2(lanes + i, readable_end);
    }
    for (i = 0; i < count; ++i) { // what is left of each when the first of its group is done
        unpack_1(lanes[i], readable_end);
    }
}

} // namespace
} // namespace radpix::rle::avx2
RADPIX_END_AVX2

namespace radpix::rle {

constinit const Kernels avx2_kernels{avx2::unpack, "avx2"};

} // namespace radpix::rle

#endif
