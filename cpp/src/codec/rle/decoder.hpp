// SPDX-License-Identifier: Apache-2.0
/// RLE Lossless (PS3.5 Annex G).
#pragma once

#include "radpix/codec.hpp"

namespace radpix::rle {

/// One segment for each byte of a sample, most significant first, sample after sample; frames of 1 bit
/// allocated have one segment of packed bits. A segment that decodes to fewer bytes than the frame has
/// pixels: Error(truncated) at its end. One that decodes to more: deviation "rle-segment-long". Packets may
/// cross rows, control byte -128 is passed over, gaps between segments are ignored.
void decode(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options, const ArrayView &out,
            std::vector<Deviation> &deviations);

} // namespace radpix::rle
