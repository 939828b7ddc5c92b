// SPDX-License-Identifier: Apache-2.0
/// The header of an RLE frame (PS3.5 G.5): how many segments, and where each begins.
#pragma once

#include <vector>

#include "radpix/codec.hpp"

namespace radpix::rle {

inline constexpr Index header_size = 64;
inline constexpr int max_segments = 15;

/// The segments of a frame, which must number `expected`; the last one ends with the codestream. Throws
/// Error(truncated, rle_header, rle_segment_bounds).
[[nodiscard]] std::vector<Bytes> segments_of(Bytes codestream, int expected,
                                             std::vector<Deviation> &deviations);

} // namespace radpix::rle
