// SPDX-License-Identifier: Apache-2.0
/// Inner loops of lossless scans, T.81 Annex H: one Huffman look-up per sample with prediction in the same
/// loop. The chain code -> shift -> code costs about eight cycles a sample; prediction hides behind it, and
/// so does most of a second frame: two in lockstep take 0.7 of the time of one after the other.
#pragma once

#include <cstdint>

#include "codec/jpeg/huffman.hpp"

namespace radpix::jpeg {

/// What a run of samples met besides samples.
struct Findings {
    bool invalid_code = false;
    bool category_16_with_bits = false; ///< 16 extra bits after SSSS 16, which H.1.2.2 does not have
};

/// Where one frame stands: `row` and `above` have the samples to the left of `row[0]` in front of them.
struct LosslessCursor {
    BitReader reader;
    const std::uint16_t *above;
    std::uint16_t *row;
    const DifferenceTable *const *tables; ///< one per interleaved component
    Findings findings{};
};

/// Decodes `columns` columns; predictor and component count are the table's.
using LosslessKernel = void (*)(LosslessCursor &cursor, Index columns) noexcept;
/// The same for two one-component frames at once.
using LosslessPairKernel = void (*)(LosslessCursor &first, LosslessCursor &second, Index columns) noexcept;

/// `predictor` 1 to 7 (table H.1), `components` 1 to 4; `two_at_once`: with
/// DifferenceTable::two as it is, all components using the cursor's first table.
[[nodiscard]] LosslessKernel lossless_kernel(int predictor, int components, bool two_at_once) noexcept;
[[nodiscard]] LosslessPairKernel lossless_pair_kernel(int predictor, bool by_code) noexcept;

/// Samples a kernel may decode between two checks of the reader's position: at most 33 bits each.
inline constexpr Index samples_per_check = 128;

} // namespace radpix::jpeg
