// SPDX-License-Identifier: Apache-2.0
/// JPEG-LS codestreams of any bytes: no read or write outside, and the same pixels or error at every CPU
/// level.
#include "codec/jpegls/decoder.hpp"
#include "codec/jpegls/headers.hpp"
#include "jpeg_input.hpp"
#include "radpix/cpu.hpp"

namespace radpix::fuzz {
namespace {

/// rows 0 where the codestream has no usable frame header.
FrameLayout jpegls_layout(Bytes codestream) {
    FrameLayout layout;
    try {
        jpeg::MarkerReader reader(codestream);
        reader.seek(codestream.size() < 2 ? 0 : 2);
        for (auto marker = reader.next(); marker != jpeg::Marker::end_of_data; marker = reader.next()) {
            const jpeg::Segment segment = reader.segment();
            if (marker == jpegls::marker_sof55 && segment.size() >= 6) {
                layout.rows = segment.word(1) == 0 ? 16 : segment.word(1);
                layout.columns = segment.word(3);
                layout.samples_per_pixel = segment.byte(5);
                layout.bits_stored = segment.byte(0);
                layout.bits_allocated = layout.bits_stored <= 8 ? 8 : 16;
                layout.high_bit = layout.bits_stored - 1;
                break;
            }
        }
    } catch (const Error &) {
    }
    const Index samples = layout.rows * layout.columns * layout.samples_per_pixel;
    if (samples < 1 || samples > max_samples || layout.bits_stored < 1 || layout.bits_stored > 16) {
        layout.rows = 0;
    }
    return layout;
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
