// SPDX-License-Identifier: Apache-2.0
/// The HT block decoder (ISO/IEC 15444-15): cleanup, significance propagation and magnitude refinement.
#pragma once

#include "codec/jpeg2000/block_kernels.hpp"
#include "codec/jpeg2000/ht_streams.hpp"

namespace radpix::jpeg2000 {

/// The two codeword segments of an HT set.
struct HtSegments {
    const std::uint8_t *cleanup = nullptr;
    std::size_t cleanup_length = 0;
    const std::uint8_t *refinement = nullptr;
    std::size_t refinement_length = 0;
    int refinement_passes = 0; ///< 0 to 2
};

class HtBlockDecoder {
public:
    explicit HtBlockDecoder(const BlockKernels &kernels) noexcept : kernels_(kernels) {}

    /// Opens a block of width x height samples whose cleanup pass ends with bit-plane `plane`. `segments`
    /// stay where they are until it is finished. Throws Error(jpeg2000_code_block).
    void begin(const HtSegments &segments, Index width, Index height, int plane);
    /// The quads, to be read by the kernels between begin and finish.
    [[nodiscard]] const HtQuadTask &quad_task() const noexcept { return quad_task_; }
    /// Whether all rows can become coefficients straight away: in whole pairs of quads, nothing to refine.
    [[nodiscard]] bool can_finish_into_rows() const noexcept {
        return segments_.refinement_passes == 0 && width_ % 4 == 0 && height_ % 2 == 0;
    }
    /// Coefficients into rows `stride` numbers apart; HtOutput says of what type. Throws
    /// Error(jpeg2000_code_block).
    void finish_into_rows(HtOutput output, void *rows, Index stride, float half_step);
    /// Or samples to be had by row(). Throws Error(jpeg2000_code_block).
    void finish(bool is_causal);

    /// Row-major. Bit 31 the sign, below it the magnitude times two, the half being the middle of what is not
    /// known.
    [[nodiscard]] std::uint32_t *row(Index y) noexcept { return samples_.data() + y * stride_; }

private:
    void open_cleanup();
    void lay_out_quads();
    void read_samples(HtOutput output, void *samples, Index stride, float half_step);
    void significance_propagation(int plane, bool is_causal);
    void propagate_group(Index x0, Index x1, Index y0, Index y1, Index last_row, std::uint32_t value,
                         std::size_t &at);
    void magnitude_refinement(int plane);

    const BlockKernels &kernels_;
    FlatBits magnitude_bits_, vlc_bits_, refinement_bits_;
    std::vector<HtQuad> quads_; ///< a row to spare above, quads to spare on either side
    std::vector<std::uint32_t> scratch_, samples_;
    std::vector<std::uint8_t> significance_; ///< with a border; bit 0 from the cleanup pass, bit 1 since
    HtSegments segments_;
    HtQuadTask quad_task_;
    Index width_ = 0, height_ = 0, stride_ = 0, significance_stride_ = 0;
    int plane_ = 0;
};

} // namespace radpix::jpeg2000
