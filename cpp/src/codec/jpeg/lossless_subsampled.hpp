// SPDX-License-Identifier: Apache-2.0
/// Lossless frames whose components differ in resolution. Legal, rare, and so written for reading.
#pragma once

#include "codec/jpeg/emitter.hpp"
#include "codec/jpeg/scan.hpp"

namespace radpix::jpeg {

class SubsampledLosslessFrame {
public:
    SubsampledLosslessFrame(const FrameHeader &frame, const PixelSink &sink, const Emission &emission);

    void decode(const Scan &scan);
    /// Components are brought to full resolution by repetition: interpolated samples would not be lossless.
    void finish();

private:
    const PixelSink &sink_;
    Emission emission_;
    PlaneGeometry geometry_;
    Planes<std::uint16_t> planes_;
};

} // namespace radpix::jpeg
