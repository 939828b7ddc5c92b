// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>

#include "codec/rle/kernels.hpp"

namespace radpix::rle {
namespace scalar {
namespace {

#include "packets-inl.hpp"

inline void copy16(std::byte *target, const std::byte *source) noexcept {
    std::memcpy(target, source, 16);
}

inline void fill16(std::byte *target, std::uint64_t pattern) noexcept {
    std::memcpy(target, &pattern, 8);
    std::memcpy(target + 8, &pattern, 8);
}

void unpack_lane(Lane &lane, const std::byte *readable_end) noexcept {
    const std::byte *const safe = input_unchecked_until(lane, readable_end);
    const std::byte *next = lane.next;
    std::byte *out = lane.out;
    while (out < lane.stop && next < safe) {
        const int control = static_cast<std::int8_t>(*next);
        if (control >= 0) {
            copy16(out, next + 1);
            for (Index done = 16; done <= control; done += 16) {
                copy16(out + done, next + 1 + done);
            }
            out += control + 1;
            next += control + 2;
        } else if (control != -128) {
            const std::uint64_t pattern = std::to_integer<std::uint64_t>(next[1]) * 0x0101010101010101U;
            fill16(out, pattern);
            for (Index done = 16; done <= -control; done += 16) {
                fill16(out + done, pattern);
            }
            out += 1 - control;
            next += 2;
        } else {
            next += 1;
        }
    }
    lane.next = next;
    lane.out = out;
    unpack_rest(lane);
}

void unpack(Lane *lanes, int count, const std::byte *readable_end) noexcept {
    for (int i = 0; i < count; ++i) {
        unpack_lane(lanes[i], readable_end);
    }
}

} // namespace
} // namespace scalar

constinit const Kernels scalar_kernels{scalar::unpack, "scalar"};

} // namespace radpix::rle
