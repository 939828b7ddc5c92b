// SPDX-License-Identifier: Apache-2.0
/// The decoding of one frame, from SOI to EOI (T.81 E.2).
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "codec/jpeg/colour.hpp"
#include "codec/jpeg/dct_frame.hpp"
#include "codec/jpeg/lossless_subsampled.hpp"
#include "codec/jpeg/scan.hpp"

namespace radpix::jpeg {

/// What a transfer syntax promises of its codestreams.
struct Expectation {
    Process process = Process::baseline;
    bool first_order_only = false; ///< predictor 1
};

/// `while (next_scan()) decode_scan(); finish();`
class FrameDecoding {
public:
    FrameDecoding(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                  const ArrayView &out, std::vector<Deviation> &deviations, Expectation expectation);

    /// Reads up to the entropy-coded data of the next scan; false when there is none.
    bool next_scan();
    void decode_scan();
    void finish();

    [[nodiscard]] Scan scan() { return {codestream_, frame_, header_, tables_, data_, options_, log_}; }
    [[nodiscard]] const PixelSink &sink() const noexcept { return sink_; }
    /// Whether the components of a lossless frame go straight to the sink.
    [[nodiscard]] bool is_plain_lossless() const noexcept {
        return std::holds_alternative<std::monostate>(image_) && frame_.process == Process::lossless;
    }
    /// The scan was decoded by somebody else.
    void scan_is_decoded();

private:
    bool handle_segment(Marker marker);
    void begin_frame(Marker marker, const Segment &segment);
    void check_against_layout();
    void compare_precision();
    void begin_scan(const Segment &segment);
    void resolve_number_of_lines();
    void check_not_decoded_yet();
    void compare_scan_parameters();
    void check_scan();
    void check_data_size();
    void make_image();
    [[nodiscard]] bool is_complete() const noexcept;
    void check_end();

    Bytes codestream_;
    const FrameLayout &layout_;
    const DecodeOptions &options_;
    const ArrayView &out_;
    Expectation expectation_;
    DeviationLog log_;
    PixelSink sink_;
    MarkerReader reader_;
    Tables tables_;
    ApplicationData application_;
    bool has_frame_ = false, found_eoi_ = false;
    FrameHeader frame_;
    ScanHeader header_;
    EntropyData data_;
    ColourTransform transform_ = ColourTransform::none;
    int scan_count_ = 0;
    std::array<bool, max_components> decoded_{};
    std::variant<std::monostate, DctFrame<std::uint8_t>, DctFrame<std::uint16_t>, SubsampledLosslessFrame>
        image_;
};

} // namespace radpix::jpeg
