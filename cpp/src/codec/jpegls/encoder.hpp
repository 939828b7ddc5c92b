// SPDX-License-Identifier: Apache-2.0
/// JPEG-LS frames from stored values, ITU-T T.87. Components are interleaved as the options say.
#pragma once

#include "radpix/codec.hpp"

namespace radpix::jpegls {

/// 1.2.840.10008.1.2.4.80 and .81. `layout.bits_stored` is the codestream's precision. Throws
/// Error(invalid_argument) for values that need more bits, and for NEAR where it has no meaning.
[[nodiscard]] std::vector<std::byte> encode_lossless(const ArrayView &pixels, const FrameLayout &layout,
                                                     const EncodeOptions &options);
[[nodiscard]] std::vector<std::byte> encode_near_lossless(const ArrayView &pixels, const FrameLayout &layout,
                                                          const EncodeOptions &options);

} // namespace radpix::jpegls
