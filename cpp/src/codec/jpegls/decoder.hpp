// SPDX-License-Identifier: Apache-2.0
/// JPEG-LS (ITU-T T.87) frames of DICOM objects, PS3.5 A.4.3. One decoder reads both transfer syntaxes; they
/// only say what to expect of NEAR.
#pragma once

#include "radpix/codec.hpp"

namespace radpix::jpegls {

/// 1.2.840.10008.1.2.4.80.
void decode_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations);
/// .81.
void decode_near_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                          const ArrayView &out, std::vector<Deviation> &deviations);

} // namespace radpix::jpegls
