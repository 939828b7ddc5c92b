// SPDX-License-Identifier: Apache-2.0
/// The coding passes over one code-block (ISO/IEC 15444-1 Annex D), one table for each CPU level.
#pragma once

#include "codec/jpeg2000/contexts.hpp"
#include "codec/jpeg2000/ht_kernels.hpp"
#include "radpix/view.hpp"

namespace radpix::jpeg2000 {

/// Bits of a bypassed pass (D.6), after each FF one stuffed. Two bytes FF follow the segment.
class RawBits {
public:
    explicit RawBits(const std::uint8_t *segment) noexcept : next_(segment) {}

    RADPIX_MQ_INLINE unsigned bit() noexcept {
        if (count_ == 0) {
            const bool after_ff = byte_ == 0xFF;
            if (after_ff && *next_ > 0x8F) { // the end: 1 bits from here on
                count_ = 8;
            } else {
                byte_ = *next_++;
                count_ = after_ff ? 7 : 8;
            }
        }
        --count_;
        return byte_ >> count_ & 1U;
    }

private:
    const std::uint8_t *next_;
    unsigned byte_ = 0;
    int count_ = 0;
};

/// The flag word of one stripe column, 4 rows of one column. Bits 3 x row + column: significance of the 6 x 3
/// coefficients around it, row 0 the one above the stripe, column 1 its own. Bits 18-23: their signs in its
/// own column.
using Flags = std::uint32_t;

/// Sixteen stripe columns, 64 coefficients in the order in which passes go through them: bit 4 x column +
/// row.
struct ColumnGroup {
    std::uint64_t significant = 0;
    std::uint64_t coded = 0;   ///< in this bit-plane's significance pass
    std::uint64_t refined = 0; ///< before
    std::uint64_t within = 0;  ///< the block
};
inline constexpr Index group_columns = 16;

/// A code-block while it is decoded. Stripe columns follow each other along the stripe; a magnitude is kept
/// times two, the half being the middle of what is not known.
struct BlockState {
    Index width = 0, height = 0;
    bool is_causal = false;
    const std::uint8_t *zero_context = nullptr; ///< 512 entries
    Flags *flags = nullptr;                     ///< of the first stripe's first column
    Index stride = 0;                           ///< columns from one stripe to the next, one of them border
    ColumnGroup *groups = nullptr;              ///< of the first stripe
    Index group_stride = 0;                     ///< groups from one stripe to the next, one of them border
    std::uint32_t *magnitudes = nullptr;        ///< 4 for each stripe column
    Contexts contexts{};

    [[nodiscard]] Index stripes() const noexcept { return (height + 3) / 4; }
};

/// A coding pass over a block.
struct CodingPass {
    BlockState *block;
    MqDecoder *decoder;
    RawBits *bits; ///< in place of the decoder where it is bypassed
    int plane;
};

struct BlockKernels {
    void (*significance)(const CodingPass &pass) noexcept;
    void (*refinement)(const CodingPass &pass) noexcept;
    void (*cleanup)(const CodingPass &pass) noexcept;
    /// Of two blocks in turn, equal in is_causal.
    void (*significance_of_two)(const CodingPass &first, const CodingPass &second) noexcept;
    void (*refinement_of_two)(const CodingPass &first, const CodingPass &second) noexcept;
    void (*cleanup_of_two)(const CodingPass &first, const CodingPass &second) noexcept;
    void (*raw_significance)(const CodingPass &pass) noexcept;
    void (*raw_refinement)(const CodingPass &pass) noexcept;
    /// A row of a decoded block: magnitudes times two, four apart, and flag words with the sign at bit
    /// `sign`.
    void (*row_to_integers)(const std::uint32_t *magnitudes, const Flags *flags, unsigned sign,
                            std::int32_t *target, Index count) noexcept;
    void (*row_to_reals)(const std::uint32_t *magnitudes, const Flags *flags, unsigned sign, float *target,
                         Index count, float half_step) noexcept;
    void (*read_ht_quads)(const HtQuadTask &task) noexcept;
    /// Of two blocks with as many quads across.
    void (*read_ht_quads_of_two)(const HtQuadTask &first, const HtQuadTask &second) noexcept;
    /// False where a magnitude does not fit in the bit-planes.
    bool (*read_ht_samples)(const HtSampleTask &task) noexcept;
    /// Sign and doubled magnitude to coefficients, `half_step` the size of half a quantization step.
    void (*to_integers)(const std::uint32_t *samples, std::int32_t *target, Index count) noexcept;
    void (*to_reals)(const std::uint32_t *samples, float *target, Index count, float half_step) noexcept;
    const char *name;
};

extern const BlockKernels scalar_block_kernels;
extern const BlockKernels avx2_block_kernels;

/// Those of the CPU level in use.
[[nodiscard]] const BlockKernels &block_kernels();

} // namespace radpix::jpeg2000
