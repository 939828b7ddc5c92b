// SPDX-License-Identifier: Apache-2.0
/// Native frames (PS3.5 8.1.1, Annex A): samples as they lie in memory, one frame at a time.
#pragma once

#include "radpix/codec.hpp"

namespace radpix::samples {
class FrameSink;
}

namespace radpix::uncompressed {

/// A frame begins at the first bit of its first byte, also where Bits Allocated is 1 and the pixel data packs
/// frames without gaps: the caller realigns. One byte of padding may follow; more is the deviation
/// "pixel-data-long". Fewer bytes than the layout needs: Error(truncated).
void decode_little_endian(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                          const ArrayView &out, std::vector<Deviation> &deviations);

/// As decode_little_endian. Samples of 8 bits are taken byte by byte: where they were written as 16-bit words
/// (VR OW), the caller has swapped them back.
void decode_big_endian(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                       const ArrayView &out, std::vector<Deviation> &deviations);

/// Spreads the bits of a frame with 1 bit allocated, least significant first (PS3.5 8.1.1), over the sink.
/// `packed` holds at least one bit for each pixel.
void unpack_bits(Bytes packed, const samples::FrameSink &sink);

} // namespace radpix::uncompressed
