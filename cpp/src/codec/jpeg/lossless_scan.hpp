// SPDX-License-Identifier: Apache-2.0
/// Scans of the lossless process (SOF3), T.81 Annex H, whose components all have full resolution.
#pragma once

#include "codec/jpeg/scan.hpp"

namespace radpix::jpeg {

/// Throws for a predictor, point transform or precision that Annex H does not have.
void check_lossless_scan(const FrameHeader &frame, const ScanHeader &scan);

/// Decodes a scan of one or all components into `sink`. Restart intervals that begin at rows run in parallel.
/// An interval that begins inside a row (H.1.1 has none, encoders do) predicts the rest of that row from the
/// left, starting at 2^(P-Pt-1), and the next row as always.
void decode_lossless_scan(const Scan &scan, const PixelSink &sink);

/// Whether `decode_lossless_pair` may be used: one component and no restarts in both, the same size and
/// predictor.
[[nodiscard]] bool can_decode_as_pair(const Scan &first, const Scan &second) noexcept;
void decode_lossless_pair(const Scan &first, const PixelSink &first_sink, const Scan &second,
                          const PixelSink &second_sink);

} // namespace radpix::jpeg
