// SPDX-License-Identifier: Apache-2.0
/// JPEG 2000 (ISO/IEC 15444-1) and High-Throughput JPEG 2000 (15444-15) frames of DICOM objects, PS3.5 A.4.4.
/// One decoder reads both; the transfer syntax only says what to expect.
#pragma once

#include "radpix/codec.hpp"

namespace radpix::jpeg2000 {

/// 1.2.840.10008.1.2.4.90, lossless only.
void decode_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations);
/// .91
void decode_any(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                const ArrayView &out, std::vector<Deviation> &deviations);
/// .201, lossless only.
void decode_ht_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                        const ArrayView &out, std::vector<Deviation> &deviations);
/// .202, lossless only and in the order of resolutions.
void decode_ht_lossless_rpcl(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                             const ArrayView &out, std::vector<Deviation> &deviations);
/// .203
void decode_ht(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
               const ArrayView &out, std::vector<Deviation> &deviations);

} // namespace radpix::jpeg2000
