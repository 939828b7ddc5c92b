// SPDX-License-Identifier: Apache-2.0
// No include guard: the body of every CPU level, included inside its region and anonymous namespace.

// Up to the result, the packet there and the slack beyond it may be read.
inline const std::byte *input_unchecked_until(const Lane &lane, const std::byte *readable_end) noexcept {
    const Index in_segment = lane.end - lane.next - longest_packet;
    const Index in_memory = readable_end - lane.next - longest_packet - slack;
    const Index safe = in_segment < in_memory ? in_segment : in_memory;
    return lane.next + (safe > 0 ? safe : 0);
}

// Up to the result, packets need no check of the input: a byte of output takes 2 of input at most.
inline std::byte *output_unchecked_until(const Lane &lane, const std::byte *readable_end) noexcept {
    const Index wanted = lane.stop - lane.out;
    const Index safe = (input_unchecked_until(lane, readable_end) - lane.next) / 2;
    return lane.out + (wanted < safe ? wanted : safe);
}

// One packet with every check. A literal that the segment's end cuts gives the bytes that are there.
inline void unpack_checked(Lane &lane) noexcept {
    const auto control = static_cast<std::int8_t>(*lane.next++);
    const Index left = lane.end - lane.next;
    if (control >= 0) {
        const Index count = control + 1 < left ? control + 1 : left;
        std::memcpy(lane.out, lane.next, static_cast<std::size_t>(count));
        lane.next += count;
        lane.out += count;
    } else if (control != -128 && left > 0) { // -128 stands for nothing, PS3.5 G.3.2
        std::memset(lane.out, std::to_integer<int>(*lane.next++), static_cast<std::size_t>(1 - control));
        lane.out += 1 - control;
    }
}

inline void unpack_rest(Lane &lane) noexcept {
    while (lane.out < lane.stop && lane.next < lane.end) {
        unpack_checked(lane);
    }
}
