// SPDX-License-Identifier: Apache-2.0
/// What a CPU level provides for read_slices(): looks at stored values while they are in the cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "radpix/view.hpp"

namespace radpix::slices {

struct Ends {
    double minimum, maximum;
};

inline constexpr std::size_t type_count = 6; ///< entries of DataType of up to 32 bits, which come first

struct Kernels {
    /// Whether a value has bits beyond the low `bits`, fewer than all, that are not copies of its sign.
    std::array<bool (*)(const void *values, Index n, int bits) noexcept, type_count> has_other_bits;
    /// Replaces those bits by the sign, or by 0 (PS3.5 8.1.1: they may hold anything).
    std::array<void (*)(void *values, Index n, int bits) noexcept, type_count> keep_low_bits;
    /// The ends of at least one value.
    std::array<Ends (*)(const void *values, Index n) noexcept, type_count> ends;
    /// value + term in the low 16 bits, and the ends of the values: of uint16 and of int16, at least one.
    Ends (*shift_uint16)(const std::byte *values, std::int16_t *out, Index n, int term) noexcept;
    Ends (*shift_int16)(const std::byte *values, std::int16_t *out, Index n, int term) noexcept;
};

extern const Kernels scalar_kernels;
extern const Kernels avx2_kernels;

/// The kernels of the CPU level in use.
[[nodiscard]] const Kernels &kernels();

} // namespace radpix::slices
