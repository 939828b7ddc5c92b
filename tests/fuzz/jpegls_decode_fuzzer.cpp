// SPDX-License-Identifier: Apache-2.0
/// JPEG-LS codestreams of any bytes: no read or write outside, and the same pixels or error at every CPU
/// level.
#include "codec/jpegls/decoder.hpp"
#include "codec/jpegls/headers.hpp"
#include "jpeg_input.hpp"
#include "radpix/cpu.hpp"

namespace radpix::fuzz {
namespace {

FrameLayout jpegls_layout(Bytes codestream) {
    return layout_by_header(codestream, [](jpeg::Marker marker) { return marker == jpegls::marker_sof55; });
}

/// The pixels, or nothing where decoding fails.
std::vector<std::byte> decoded(Bytes codestream, const FrameLayout &layout, const char *level) {
    set_cpu_level(level);
    try {
        Frame frame(layout);
        std::vector<Deviation> deviations;
        DecodeOptions options;
        options.threads = 1;
        jpegls::decode_near_lossless(codestream, layout, options, frame.view, deviations);
        return frame.memory;
    } catch (const Error &) {
        return {};
    }
}

} // namespace
} // namespace radpix::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace radpix;
    const Bytes codestream = std::as_bytes(std::span(data, size));
    const FrameLayout layout = fuzz::jpegls_layout(codestream);
    if (layout.rows == 0) {
        return -1;
    }
    if (fuzz::decoded(codestream, layout, "scalar") != fuzz::decoded(codestream, layout, "auto")) {
        std::abort();
    }
    return 0;
}
