// SPDX-License-Identifier: Apache-2.0
// No include guard: the body of every CPU level, included inside its region and anonymous namespace.

// One packet with every check. A literal that the segment's end cuts gives the bytes that are there.
inline Index unpack_checked(Cursor &cursor, std::byte *target) noexcept {
    const auto control = static_cast<std::int8_t>(*cursor.next++);
    const Index left = cursor.end - cursor.next;
    if (control >= 0) {
        const Index count = control + 1 < left ? control + 1 : left;
        std::memcpy(target, cursor.next, static_cast<std::size_t>(count));
        cursor.next += count;
        return count;
    }
    if (control == -128 || left == 0) { // -128 stands for nothing, PS3.5 G.3.2
        return 0;
    }
    std::memset(target, std::to_integer<int>(*cursor.next++), static_cast<std::size_t>(1 - control));
    return 1 - control;
}

inline void copy16(std::byte *target, const std::byte *source) noexcept {
    std::memcpy(target, source, 16);
}
