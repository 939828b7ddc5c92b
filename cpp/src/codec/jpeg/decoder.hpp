// SPDX-License-Identifier: Apache-2.0
/// JPEG (ITU-T T.81) frames of DICOM objects: the processes of PS3.5 A.4.1 and the retired ones without
/// arithmetic coding. One decoder reads them all; the transfer syntax only says what to expect.
#pragma once

#include "radpix/codec.hpp"

namespace radpix::jpeg {

/// 1.2.840.10008.1.2.4.50, process 1.
void decode_baseline(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations);
/// .51, processes 2 and 4.
void decode_extended(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations);
/// .53 and .55 (retired), processes 6 and 8, 10 and 12.
void decode_progressive(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                        const ArrayView &out, std::vector<Deviation> &deviations);
/// .57, process 14.
void decode_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations);
/// .70, process 14 with predictor 1.
void decode_lossless_first_order(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                                 const ArrayView &out, std::vector<Deviation> &deviations);

void decode_lossless_pair(Bytes first, Bytes second, const FrameLayout &layout, const DecodeOptions &options,
                          const ArrayView &first_out, const ArrayView &second_out,
                          std::vector<Deviation> &first_deviations,
                          std::vector<Deviation> &second_deviations);
void decode_lossless_first_order_pair(Bytes first, Bytes second, const FrameLayout &layout,
                                      const DecodeOptions &options, const ArrayView &first_out,
                                      const ArrayView &second_out, std::vector<Deviation> &first_deviations,
                                      std::vector<Deviation> &second_deviations);

} // namespace radpix::jpeg
