// SPDX-License-Identifier: Apache-2.0
/// What follows the code-blocks, for each CPU level: wavelet synthesis (ISO/IEC 15444-1 Annex F), component
/// transformation (Annex G), rounding and clamping. Every level gives the same bits.
#pragma once

#include <array>
#include <cstdint>

#include "radpix/view.hpp"

namespace radpix::jpeg2000 {

/// From a coefficient at resolution NL to a sample: the level shift of G.1 and the range of the component.
struct SampleRange {
    std::int32_t shift = 0;
    std::int32_t least = 0, most = 0;
    bool is_clamped = true; ///< false for 32 bits, which wrap
};

template <class Source, class Target>
using Finish = void (*)(const Source *source, Target *target, Index count, SampleRange range) noexcept;

template <class Source>
struct Finishes {
    Finish<Source, std::int32_t> to_int32;
    Finish<Source, std::uint16_t> to_uint16;
    Finish<Source, std::uint8_t> to_uint8;
};

struct WaveletKernels {
    /// A row of `width` samples from its low-pass and high-pass ones. `odd_start`: the first sample is a
    /// high-pass one. Rows have 16 samples to spare behind them. `scratch`: width + 48. A lone sample of the
    /// irreversible path is copied.
    void (*row_53)(const std::int32_t *low, const std::int32_t *high, std::int32_t *row, Index width,
                   bool odd_start, std::int32_t *scratch) noexcept;
    void (*row_97)(const float *low, const float *high, float *row, Index width, bool odd_start,
                   float *scratch) noexcept;
    /// One lifting step on a row, its neighbours above and below it; by step, in the order of F.3.8.
    std::array<void (*)(std::int32_t *row, const std::int32_t *above, const std::int32_t *below,
                        Index count) noexcept,
               2>
        lift_53;
    std::array<void (*)(float *row, const float *above, const float *below, Index count) noexcept, 4> lift_97;
    /// All steps that a new odd row, the last, makes possible: the first step on the row before it, the
    /// second on the one before that, and so on. The first row is read only.
    void (*lift_rows_53)(const std::int32_t *even, std::int32_t *odd, std::int32_t *new_even,
                         const std::int32_t *new_odd, Index count) noexcept;
    void (*lift_rows_97)(const float *row_0, float *row_1, float *row_2, float *row_3, float *row_4,
                         const float *row_5, Index count) noexcept;
    /// G.2 and G.3, in place.
    void (*inverse_rct)(std::int32_t *y_to_r, std::int32_t *u_to_g, std::int32_t *v_to_b,
                        Index count) noexcept;
    void (*inverse_ict)(float *y_to_r, float *cb_to_g, float *cr_to_b, Index count) noexcept;
    /// Coefficients to samples of 4, 2 or 1 bytes. Shorter ones take the range's low bits.
    Finishes<std::int32_t> finish_integer;
    Finishes<float> finish_real;
    /// inverse_rct and finish_integer of three rows in one pass.
    void (*finish_rct_bytes)(const std::int32_t *y, const std::int32_t *u, const std::int32_t *v,
                             std::uint8_t *red, std::uint8_t *green, std::uint8_t *blue, Index count,
                             SampleRange range) noexcept;
    /// inverse_ict and finish_real; the range is one of bytes.
    void (*finish_ict_bytes)(const float *y, const float *cb, const float *cr, std::uint8_t *red,
                             std::uint8_t *green, std::uint8_t *blue, Index count,
                             SampleRange range) noexcept;
    const char *name;
};

extern const WaveletKernels scalar_wavelet_kernels;
extern const WaveletKernels avx2_wavelet_kernels;

[[nodiscard]] const WaveletKernels &wavelet_kernels();

} // namespace radpix::jpeg2000
