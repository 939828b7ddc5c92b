// SPDX-License-Identifier: Apache-2.0
/// What follows the code-blocks, for each CPU level: wavelet synthesis (ISO/IEC 15444-1 Annex F), component
/// transformation (Annex G), rounding and clamping. Every level gives the same bits.
#pragma once

#include <cstdint>

#include "radpix/view.hpp"

namespace radpix::jpeg2000 {

/// Columns that are synthesised together: one cache line. Buffers are readable up to a multiple of it.
inline constexpr Index strip_columns = 16;

/// From a coefficient at resolution NL to a sample: the level shift of G.1 and the range of the component.
struct SampleRange {
    std::int32_t shift = 0;
    std::int32_t least = 0, most = 0;
    bool is_clamped = true; ///< false for 32 bits, which wrap
};

struct WaveletKernels {
    /// One row, low-pass samples before high-pass ones, becomes a row of samples, in place. `odd_start`: the
    /// first sample is a high-pass one. `scratch`: width + 8.
    void (*row_53)(std::int32_t *row, Index width, bool odd_start, std::int32_t *scratch) noexcept;
    void (*row_97)(float *row, Index width, bool odd_start, float *scratch) noexcept;
    /// The same down up to strip_columns columns. `scratch`: (height + 4) * strip_columns.
    void (*columns_53)(std::int32_t *first, Index stride, Index height, Index columns, bool odd_start,
                       std::int32_t *scratch) noexcept;
    void (*columns_97)(float *first, Index stride, Index height, Index columns, bool odd_start,
                       float *scratch) noexcept;
    /// G.2 and G.3, in place.
    void (*inverse_rct)(std::int32_t *y_to_r, std::int32_t *u_to_g, std::int32_t *v_to_b,
                        Index count) noexcept;
    void (*inverse_ict)(float *y_to_r, float *cb_to_g, float *cr_to_b, Index count) noexcept;
    void (*finish_integer)(const std::int32_t *source, std::int32_t *target, Index count,
                           SampleRange range) noexcept;
    void (*finish_real)(const float *source, std::int32_t *target, Index count, SampleRange range) noexcept;
    const char *name;
};

extern const WaveletKernels scalar_wavelet_kernels;
extern const WaveletKernels avx2_wavelet_kernels;

[[nodiscard]] const WaveletKernels &wavelet_kernels();

} // namespace radpix::jpeg2000
