// SPDX-License-Identifier: Apache-2.0
/// What a CPU level provides for samples of DCT-based JPEG: `std::uint8_t` for 8 bits, `std::uint16_t` for 12
/// (and for lossless components on their way to full resolution). Every level gives the same bits.
#pragma once

#include <cstdint>

#include "radpix/cpu.hpp"
#include "radpix/view.hpp"

namespace radpix::jpeg {

template <class Sample>
struct SampleKernels {
    /// Dequantisation, inverse DCT, level shift of one block in natural order (T.81 A.3.3, A.3.1), with the
    /// roundings of the accurate integer method of the IJG software ("islow").
    void (*inverse_dct)(const std::int16_t *coefficients, const std::uint16_t *quantization, Sample *out,
                        Index stride) noexcept;
    /// The same, of a block whose coefficients outside the first four rows and columns are 0.
    void (*inverse_dct_4x4)(const std::int16_t *coefficients, const std::uint16_t *quantization, Sample *out,
                            Index stride) noexcept;
    /// Doubles a row of `width` samples horizontally, 3/4 of the nearer and 1/4 of the farther one. Reads
    /// Planes::padding around the rows; may write 64 samples past 2 * width.
    void (*upsample_h2)(const Sample *in, Sample *out, Index width) noexcept;
    /// One row of doubling in both directions: `near` and `far` weigh 3/4 and 1/4.
    void (*upsample_h2v2)(const Sample *near, const Sample *far, Sample *out, Index width) noexcept;
    /// One row of doubling vertically; `bias` 1 above, 2 below the nearer row.
    void (*upsample_v2)(const Sample *near, const Sample *far, Sample *out, Index width, int bias) noexcept;
    /// JFIF's YCbCr to RGB, interleaved, samples of `precision` bits. Writes 3 * width samples and no more.
    void (*ycc_to_rgb)(const Sample *y, const Sample *cb, const Sample *cr, Sample *rgb, Index width,
                       int precision) noexcept;
    /// Three rows as they are, interleaved; writes 3 * width samples and no more.
    void (*interleave_3)(const Sample *first, const Sample *second, const Sample *third, Sample *out,
                         Index width) noexcept;
};

extern const SampleKernels<std::uint8_t> scalar_kernels_8, avx2_kernels_8;
extern const SampleKernels<std::uint16_t> scalar_kernels_16, avx2_kernels_16;

/// The kernels of a level, avx2 where this build has it.
template <class Sample>
[[nodiscard]] const SampleKernels<Sample> &sample_kernels(CpuLevel level) noexcept;

} // namespace radpix::jpeg
