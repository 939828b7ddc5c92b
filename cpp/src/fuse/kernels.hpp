// SPDX-License-Identifier: Apache-2.0
/// What a CPU level provides: rows of adjacent pixels.
#pragma once

#include <cstdint>

#include "radpix/fuse.hpp"

namespace radpix::fuse {

/// Red, green, blue, opacity of the values first, first + 1 / scale, ...
template <class T>
struct Palette {
    const std::uint16_t *table = nullptr;
    T first = 0, scale = 1, threshold = 0;
    T last = 0; ///< number of the last entry
};

struct Kernels {
    void (*blend)(const std::uint8_t *base, const float *overlay, std::uint8_t *out, Index n,
                  const Palette<float> &palette) noexcept;
};

extern const Kernels scalar_kernels, avx2_kernels;

} // namespace radpix::fuse
