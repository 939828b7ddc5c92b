// SPDX-License-Identifier: Apache-2.0
/// PackBits, PS3.5 G.3.1 and G.3.2: the packets of one segment.
#pragma once

#include <cstddef>

#include "radpix/codec.hpp"

namespace radpix::rle {

/// Bytes that `unpack` may write beyond what it decoded, and read beyond the packet it is at.
inline constexpr Index slack = 32;
/// The most bytes that one packet stands for, and takes.
inline constexpr Index longest_run = 128;
inline constexpr Index longest_packet = 129;

/// A segment being read.
struct Cursor {
    const std::byte *next;
    const std::byte *end;
};

struct Kernels {
    /// Decodes whole packets to `target` until at least `wanted` bytes are there or the segment ends; returns
    /// how many are. The target has room for wanted + longest_run + slack bytes; `readable_end` is where the
    /// memory around the segment ends.
    Index (*unpack)(Cursor &cursor, const std::byte *readable_end, std::byte *target, Index wanted) noexcept;
    const char *name;
};

extern const Kernels scalar_kernels;
extern const Kernels avx2_kernels;

/// The table of `cpu_level()`.
[[nodiscard]] const Kernels &kernels();

/// Passes over the packets that stand for at most `wanted` bytes together, not beyond; returns how many bytes
/// they stand for.
Index skip(Cursor &cursor, Index wanted) noexcept;

} // namespace radpix::rle
