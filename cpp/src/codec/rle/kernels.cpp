// SPDX-License-Identifier: Apache-2.0
#include "codec/rle/kernels.hpp"

#include <algorithm>
#include <cstdint>

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"

namespace radpix::rle {

const Kernels &kernels() {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        return avx2_kernels;
    }
#endif
    return scalar_kernels;
}

namespace {

struct Packet {
    Index bytes; ///< that it stands for
    Index size;  ///< that it takes
};

/// The packet at `next`, which is before `end`, cut by the end of the segment as in unpack.
Packet packet_at(const std::byte *next, const std::byte *end) noexcept {
    const auto control = static_cast<std::int8_t>(*next);
    const Index left = end - next - 1;
    if (control >= 0) {
        const Index bytes = std::min<Index>(control + 1, left);
        return {bytes, bytes + 1};
    }
    return control == -128 || left == 0 ? Packet{0, 1} : Packet{1 - control, 2};
}

} // namespace

Index skip(Cursor &cursor, Index wanted) noexcept {
    Index passed = 0;
    const std::byte *next = cursor.next;
    const std::byte *const safe = cursor.end - std::min<Index>(longest_packet, cursor.end - next);
    while (next < safe && passed + longest_run <= wanted) {
        const int control = static_cast<std::int8_t>(*next);
        if (control >= 0) {
            passed += control + 1;
            next += control + 2;
        } else if (control != -128) {
            passed += 1 - control;
            next += 2;
        } else {
            next += 1;
        }
    }
    while (next < cursor.end) {
        const Packet packet = packet_at(next, cursor.end);
        if (passed + packet.bytes > wanted) {
            break;
        }
        passed += packet.bytes;
        next += packet.size;
    }
    cursor.next = next;
    return passed;
}

} // namespace radpix::rle
