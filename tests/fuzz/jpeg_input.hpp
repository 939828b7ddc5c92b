// SPDX-License-Identifier: Apache-2.0
/// What the JPEG fuzz targets share: a frame layout that agrees with the codestream, so that the fuzzer gets
/// past the first check, and one call of the decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "codec/jpeg/decoder.hpp"
#include "codec/jpeg/markers.hpp"
#include "radpix/error.hpp"

namespace radpix::fuzz {

/// Images of more samples are left out: they only make the fuzzer slow.
inline constexpr Index max_samples = Index{1} << 20;

/// The layout by the frame header that `is_frame_header` tells; rows 0 where there is no usable one.
template <class IsFrameHeader>
FrameLayout layout_by_header(Bytes codestream, IsFrameHeader is_frame_header) {
    FrameLayout layout;
    try {
        jpeg::MarkerReader reader(codestream);
        reader.seek(codestream.size() < 2 ? 0 : 2);
        for (auto marker = reader.next(); marker != jpeg::Marker::end_of_data; marker = reader.next()) {
            if (marker == jpeg::Marker::eoi || marker == jpeg::Marker::sos) {
                break;
            }
            const jpeg::Segment segment = reader.segment();
            if (is_frame_header(marker) && segment.size() >= 6) {
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
    const bool usable = layout.columns > 0 && layout.samples_per_pixel > 0 && layout.bits_stored > 0 &&
                        layout.bits_stored <= 16 &&
                        layout.rows * layout.columns * layout.samples_per_pixel <= max_samples;
    if (!usable) {
        layout.rows = 0;
    }
    return layout;
}

inline FrameLayout layout_of(Bytes codestream) {
    FrameLayout layout = layout_by_header(codestream, jpeg::is_frame_marker);
    const bool odd_length = (codestream.size() & 1) != 0;
    layout.photometric = layout.samples_per_pixel != 3 ? Photometric::monochrome2
                         : odd_length                  ? Photometric::rgb
                                                       : Photometric::ybr_full;
    return layout;
}

/// One output frame, contiguous.
struct Frame {
    explicit Frame(const FrameLayout &layout) {
        const bool colour = layout.samples_per_pixel > 1;
        view.type = element_type(layout);
        view.rank = colour ? 3 : 2;
        view.shape = {layout.rows, layout.columns, colour ? layout.samples_per_pixel : 0};
        view.strides = {layout.columns * layout.samples_per_pixel, layout.samples_per_pixel, colour ? 1 : 0};
        memory.resize(static_cast<std::size_t>(layout.rows * layout.columns * layout.samples_per_pixel *
                                               size_of(view.type)));
        view.data = memory.data();
    }
    std::vector<std::byte> memory;
    ArrayView view;
};

inline int decode_once(FrameDecoder decode, const std::uint8_t *data, std::size_t size) {
    const Bytes codestream = std::as_bytes(std::span(data, size));
    const FrameLayout layout = layout_of(codestream);
    if (layout.rows == 0) {
        return -1; // not worth keeping
    }
    try {
        Frame frame(layout);
        std::vector<Deviation> deviations;
        DecodeOptions options;
        options.threads = 1;
        decode(codestream, layout, options, frame.view, deviations);
    } catch (const Error &) {
    }
    return 0;
}

} // namespace radpix::fuzz
