// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>

#include "codec/rle/kernels.hpp"

namespace radpix::rle {
namespace scalar {
namespace {

#include "packets-inl.hpp"

inline void fill16(std::byte *target, std::uint64_t pattern) noexcept {
    std::memcpy(target, &pattern, 8);
    std::memcpy(target + 8, &pattern, 8);
}

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
        if (control >= 0) {
            copy16(out, at.next + 1);
            for (Index done = 16; done <= control; done += 16) {
                copy16(out + done, at.next + 1 + done);
            }
            out += control + 1;
            at.next += control + 2;
        } else if (control != -128) {
            const std::uint64_t pattern = std::to_integer<std::uint64_t>(at.next[1]) * 0x0101010101010101U;
            fill16(out, pattern);
            for (Index done = 16; done <= -control; done += 16) {
                fill16(out + done, pattern);
            }
            out += 1 - control;
            at.next += 2;
        } else {
            at.next += 1;
        }
    }
    while (out < stop && at.next < at.end) {
        out += unpack_checked(at, out);
    }
    cursor = at;
    return out - target;
}

} // namespace
} // namespace scalar

constinit const Kernels scalar_kernels{scalar::unpack, "scalar"};

} // namespace radpix::rle
