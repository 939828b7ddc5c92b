// SPDX-License-Identifier: Apache-2.0
#include "fuse/kernels.hpp"

namespace radpix::fuse {
namespace {

#include "fuse/pixel-inl.hpp"

void blend_row(const std::uint8_t *base, const float *overlay, std::uint8_t *out, Index n,
               const Palette<float> &palette) noexcept {
    for (Index i = 0; i < n; ++i) {
        blend_pixel(base[i], overlay[i], out + 3 * i, 1, palette);
    }
}

} // namespace

const Kernels scalar_kernels{blend_row};

} // namespace radpix::fuse
