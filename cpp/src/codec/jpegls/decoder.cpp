// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/decoder.hpp"

#include "codec/jpegls/frame_decoding.hpp"

namespace radpix::jpegls {

void decode_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations) {
    check_layout(layout, out);
    FrameDecoding(codestream, layout, options, out, deviations, true).run();
}

void decode_near_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                          const ArrayView &out, std::vector<Deviation> &deviations) {
    check_layout(layout, out);
    FrameDecoding(codestream, layout, options, out, deviations, false).run();
}

} // namespace radpix::jpegls
