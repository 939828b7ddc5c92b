// SPDX-License-Identifier: Apache-2.0
/// From the coefficients of a block to its samples, by the shortest way that gives the same bits.
#pragma once

#include <algorithm>
#include <cstring>

#include "codec/jpeg/block_decoder.hpp"
#include "codec/jpeg/kernels/kernels.hpp"

namespace radpix::jpeg {

/// The sample that all of a block is when it has a DC coefficient only: inverse_dct, T.81 A.3.3, of that
/// case.
template <class Sample>
Sample dc_sample(std::int16_t coefficient, std::uint16_t quantization) noexcept {
    const auto product = static_cast<std::int32_t>(static_cast<std::uint32_t>(coefficient) * quantization);
    if constexpr (sizeof(Sample) == 1) {
        const std::int32_t column = std::clamp(static_cast<std::int16_t>(product) * 4, -32768, 32767);
        return static_cast<Sample>(std::clamp(((column + 16) >> 5) + 128, 0, 255));
    } else {
        // The two passes' wrapping arithmetic in full: times 2^13, rounded by 12 and by 17 bits.
        const auto scaled = static_cast<std::uint32_t>(product) << 13;
        const std::int32_t column = static_cast<std::int32_t>(scaled + (1U << 11)) >> 12;
        const auto again = static_cast<std::uint32_t>(column) << 13;
        const std::int32_t value = (static_cast<std::int32_t>(again + (1U << 16)) >> 17) + 2048;
        return static_cast<Sample>(std::clamp(value, 0, 4095));
    }
}

template <class Sample>
void store_block(const SampleKernels<Sample> &kernels, const std::int16_t *coefficients,
                 const std::uint16_t *quantization, Extent extent, Sample *out, Index stride) noexcept {
    if (extent == Extent::all) {
        kernels.inverse_dct(coefficients, quantization, out, stride);
        return;
    }
    if (extent == Extent::first_4x4) {
        kernels.inverse_dct_4x4(coefficients, quantization, out, stride);
        return;
    }
    const Sample sample = dc_sample<Sample>(coefficients[0], quantization[0]);
    for (int y = 0; y < 8; ++y) {
        std::fill_n(out + y * stride, 8, sample);
    }
}

/// The extent of a block whose coefficients came in several scans.
inline Extent extent_of(const std::int16_t *coefficients) noexcept {
    std::uint64_t words[16]; // half a row each
    std::memcpy(words, coefficients, sizeof words);
    std::uint64_t left = 0, rest = 0;
    for (int y = 0; y < 4; ++y) {
        left |= y == 0 ? 0 : words[2 * y];
        rest |= words[2 * y + 1] | words[2 * (y + 4)] | words[2 * (y + 4) + 1];
    }
    if (rest != 0) {
        return Extent::all;
    }
    const bool first_row = (coefficients[1] | coefficients[2] | coefficients[3]) != 0;
    return left != 0 || first_row ? Extent::first_4x4 : Extent::dc;
}

} // namespace radpix::jpeg
