// SPDX-License-Identifier: Apache-2.0
/// Rows of samples: joining bytes and planes, unpacking stored values, colour. Used by every codec.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "radpix/codec.hpp"

namespace radpix::samples {

/// Where the stored bits lie in a sample: (value << left) >> right leaves them, the shift to the right
/// arithmetic for signed samples (PS3.5 8.1.1: bits above High Bit are not part of the value).
struct StoredBits {
    int left = 0, right = 0;
    bool is_signed = false;

    [[nodiscard]] bool are_all() const noexcept { return right == 0; }
};

[[nodiscard]] StoredBits stored_bits(const FrameLayout &layout) noexcept;

/// Index into a table of functions by size of the sample in bytes: 1, 2, 4, 8.
[[nodiscard]] constexpr std::size_t size_index(Index size) noexcept {
    return size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
}

using Copy = void (*)(const std::byte *source, std::byte *target, Index count, StoredBits bits) noexcept;

struct Kernels {
    /// The stored bits of `count` samples, in place; by size of the sample.
    std::array<void (*)(std::byte *data, Index count, StoredBits bits) noexcept, 4> keep_stored_bits;
    /// Copies little- and big-endian samples of any alignment to the machine's order, keeping the stored
    /// bits.
    std::array<Copy, 4> load_little, load_big;
    /// Joins the bytes of samples, `parts` most significant first; by size of the sample.
    std::array<void (*)(const std::byte *const *parts, std::byte *target, Index count) noexcept, 4>
        join_bytes;
    /// Interleaves three planes of samples; by size of the sample.
    std::array<void (*)(const std::byte *const *planes, std::byte *target, Index count) noexcept, 4>
        interleave3;
    /// Splits interleaved triples of samples into three planes; by size of the sample.
    std::array<void (*)(const std::byte *source, std::byte *const *planes, Index count) noexcept, 4>
        separate3;
    /// Splits Y Y Cb Cr (PS3.3 C.7.6.3.1.2) of an even number of pixels into three full planes; by size of
    /// the sample.
    std::array<void (*)(const std::byte *source, std::byte *const *planes, Index count) noexcept, 4>
        separate_422;
    /// YBR_FULL to RGB, 8 bit, in place.
    void (*ybr_full_to_rgb)(std::uint8_t *y_to_r, std::uint8_t *cb_to_g, std::uint8_t *cr_to_b,
                            Index count) noexcept;
    /// One byte of 0 or 1 for each of `count` bits, least significant first.
    void (*unpack_bits)(const std::byte *source, std::byte *target, Index count) noexcept;
    const char *name;
};

extern const Kernels scalar_kernels;
extern const Kernels avx2_kernels;

/// The table of `cpu_level()`.
[[nodiscard]] const Kernels &kernels();

} // namespace radpix::samples
