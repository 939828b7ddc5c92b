// SPDX-License-Identifier: Apache-2.0
/// The decoding of one frame, from SOI to EOI.
#pragma once

#include "codec/jpeg/scan.hpp"
#include "codec/jpegls/entropy_data.hpp"
#include "codec/jpegls/headers.hpp"

namespace radpix::jpegls {

class FrameDecoding {
public:
    FrameDecoding(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                  const ArrayView &out, std::vector<Deviation> &deviations, bool lossless_only);

    void run();

private:
    void handle_segment(jpeg::Marker marker);
    void begin_frame(const jpeg::Segment &segment);
    void check_against_layout(const ScanHeader &header);
    void decode_next_scan(const jpeg::Segment &segment);
    [[nodiscard]] Index decode_samples(const ScanHeader &header, const EntropyData &data);
    [[nodiscard]] bool is_of_jai(const ScanHeader &header, const EntropyData &data);
    void resolve_number_of_lines(Index next_marker);
    void check_data_size() const;
    [[nodiscard]] bool is_complete() const noexcept;
    void convert_colour();
    void check_end();

    Bytes codestream_;
    const FrameLayout &layout_;
    const DecodeOptions &options_;
    const ArrayView &out_;
    bool lossless_only_;
    jpeg::DeviationLog log_;
    jpeg::PixelSink sink_;
    jpeg::MarkerReader reader_;
    Tables tables_;
    HpTransform transform_ = HpTransform::none;
    bool has_frame_ = false, found_eoi_ = false, checked_ = false;
    FrameHeader frame_;
};

} // namespace radpix::jpegls
