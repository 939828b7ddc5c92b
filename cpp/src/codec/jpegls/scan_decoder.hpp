// SPDX-License-Identifier: Apache-2.0
/// The decoding of one scan.
#pragma once

#include "codec/jpeg/scan.hpp"
#include "codec/jpegls/entropy_data.hpp"
#include "codec/jpegls/headers.hpp"

namespace radpix::jpegls {

struct Scan {
    const FrameLayout &layout;
    const FrameHeader &frame;
    const ScanHeader &header;
    const Tables &tables;
    const CodingParameters &parameters;
    const EntropyData &data;
    const DecodeOptions &options;
    jpeg::DeviationLog &log;
};

/// How many restart intervals the scan has.
[[nodiscard]] Index interval_count(const FrameHeader &frame, const ScanHeader &header,
                                   Index restart_interval);

/// Bits that fill up the last byte of a restart interval.
inline constexpr Index most_fill_bits = 7;

/// Decodes all samples of a scan into the sink; those of components of lower resolution are repeated. Returns
/// the most bits that a restart interval has behind its last sample.
[[nodiscard]] Index decode_scan(const Scan &scan, const jpeg::PixelSink &sink);

} // namespace radpix::jpegls
