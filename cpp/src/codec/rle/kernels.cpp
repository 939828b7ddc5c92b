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

Index skip(Cursor &cursor, Index wanted) noexcept {
    Index passed = 0;
    const std::byte *next = cursor.next;
    while (next < cursor.end) {
        const auto control = static_cast<std::int8_t>(*next);
        const Index left = cursor.end - next - 1;
        const Index literal = std::min<Index>(control + 1, left);
        const bool runs = control < 0;
        const Index count = !runs ? literal : control == -128 || left == 0 ? 0 : 1 - control;
        if (passed + count > wanted) {
            break;
        }
        passed += count;
        next += 1 + (!runs ? literal : control == -128 || left == 0 ? 0 : 1);
    }
    cursor.next = next;
    return passed;
}

} // namespace radpix::rle
