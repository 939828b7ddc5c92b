// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/frame_decoding.hpp"

#include <algorithm>
#include <string>

#include "codec/jpeg/lossless_scan.hpp"

namespace radpix::jpeg {
namespace {

/// A progressive stream needs about ten; one of thousands is an attack on the decoder's time.
constexpr int max_scans = 500;

const char *name_of(Process process) noexcept {
    switch (process) {
    case Process::baseline:
        return "baseline (SOF0)";
    case Process::extended:
        return "extended sequential (SOF1)";
    case Process::progressive:
        return "progressive (SOF2)";
    case Process::lossless:
        break;
    }
    return "lossless (SOF3)";
}

bool is_subsampled(const FrameHeader &frame) noexcept {
    const auto end = frame.components.begin() + frame.component_count;
    return std::any_of(frame.components.begin(), end, [&frame](const Component &component) {
        return component.horizontal != frame.max_horizontal || component.vertical != frame.max_vertical;
    });
}

} // namespace

FrameDecoding::FrameDecoding(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                             const ArrayView &out, std::vector<Deviation> &deviations,
                             Expectation expectation)
    : codestream_(codestream), layout_(layout), options_(options), out_(out), expectation_(expectation),
      log_(deviations), sink_(layout, out), reader_(codestream) {
    if (codestream.size() < 2 || codestream[0] != std::byte{0xFF} || codestream[1] != std::byte{0xD8}) {
        throw_error(codestream.size() < 2 ? Errc::truncated : Errc::jpeg_marker,
                    "no SOI marker (FF D8) at the beginning: this is no JPEG codestream", 0);
    }
    reader_.seek(2);
}

bool FrameDecoding::next_scan() {
    // A sequential frame is complete when each component had its scan: whatever follows is no concern of it.
    while (!found_eoi_ && !(frame_.process != Process::progressive && is_complete())) {
        const Marker marker = reader_.next();
        if (reader_.stray_bytes() > 0) {
            log_.add("jpeg-stray-bytes", "bytes between marker segments, skipped", reader_.marker_offset());
        }
        if (reader_.fill_bytes() > 0) {
            log_.add("jpeg-fill-bytes", "fill bytes (FF) before a marker, skipped", reader_.marker_offset());
        }
        if (marker == Marker::end_of_data) {
            break;
        }
        if (handle_segment(marker)) {
            return true;
        }
    }
    return false;
}

/// Whether it was the header of a scan.
bool FrameDecoding::handle_segment(Marker marker) {
    if (marker == Marker::eoi) {
        found_eoi_ = true;
        return false;
    }
    if ((marker >= Marker::rst0 && marker <= Marker::soi) || static_cast<int>(marker) == 0x01) {
        log_.add("jpeg-stray-marker", "a marker without meaning here, skipped", reader_.marker_offset());
        return false;
    }
    const Segment segment = reader_.segment();
    if (is_frame_marker(marker)) {
        begin_frame(marker, segment);
    } else if (marker == Marker::sos) {
        begin_scan(segment);
        return true;
    } else if (marker == Marker::dht) {
        parse_huffman_tables(segment, tables_);
    } else if (marker == Marker::dqt) {
        parse_quantization_tables(segment, tables_);
    } else if (marker == Marker::dri) {
        parse_restart_interval(segment, tables_);
    } else {
        parse_application_data(marker, segment, application_);
    }
    return false;
}

void FrameDecoding::begin_frame(Marker marker, const Segment &segment) {
    if (has_frame_) {
        throw_error(Errc::jpeg_frame_header, "a second frame header", reader_.marker_offset());
    }
    frame_ = parse_frame_header(marker, segment);
    has_frame_ = true;
    if (frame_.component_count == 1) { // A.2.2: sampling factors of a single component mean nothing
        frame_.components[0].horizontal = frame_.components[0].vertical = 1;
        frame_.max_horizontal = frame_.max_vertical = 1;
    }
    check_against_layout();
}

void FrameDecoding::check_against_layout() {
    const auto found = [this] {
        return std::to_string(frame_.lines) + " x " + std::to_string(frame_.samples_per_line) + " x " +
               std::to_string(frame_.component_count);
    };
    if (frame_.samples_per_line != layout_.columns || (frame_.lines != 0 && frame_.lines != layout_.rows) ||
        frame_.component_count != layout_.samples_per_pixel) {
        throw_error(Errc::jpeg_size_mismatch,
                    "the codestream has rows x columns x samples " + found() + ", the data set says " +
                        std::to_string(layout_.rows) + " x " + std::to_string(layout_.columns) + " x " +
                        std::to_string(layout_.samples_per_pixel),
                    frame_.offset);
    }
    compare_precision();
    const bool short_samples = frame_.process == Process::baseline && frame_.precision != 8;
    if (frame_.process != expectation_.process || short_samples) {
        log_.add("jpeg-process",
                 std::string("the codestream is ") + name_of(frame_.process) + " of " +
                     std::to_string(frame_.precision) + " bits, its transfer syntax stands for " +
                     name_of(expectation_.process),
                 frame_.offset);
    }
}

/// The frame header's precision is what the entropy-coded data follows. Whole words (8 or 16 bits of which
/// Bits Stored are used) are common and do no harm.
void FrameDecoding::compare_precision() {
    if (frame_.precision > layout_.bits_allocated) {
        throw_error(Errc::jpeg_precision,
                    "samples of " + std::to_string(frame_.precision) +
                        " bits do not fit into Bits Allocated " + std::to_string(layout_.bits_allocated),
                    frame_.offset);
    }
    if (frame_.precision != layout_.bits_stored && frame_.precision != layout_.bits_allocated) {
        log_.add("jpeg-precision",
                 "the codestream has samples of " + std::to_string(frame_.precision) +
                     " bits, the data set says Bits Stored " + std::to_string(layout_.bits_stored),
                 frame_.offset);
    }
}

void FrameDecoding::begin_scan(const Segment &segment) {
    if (!has_frame_) {
        throw_error(Errc::jpeg_marker, "a scan before the frame header", reader_.marker_offset());
    }
    if (++scan_count_ > max_scans) {
        throw_error(Errc::limit_exceeded, "more than " + std::to_string(max_scans) + " scans",
                    reader_.marker_offset());
    }
    header_ = parse_scan_header(segment, frame_);
    // The most restart intervals a scan can have: one a sample, or a block.
    const Index mcus = checked_mul(frame_.samples_per_line, std::max(frame_.lines, layout_.rows));
    const Index most = tables_.restart_interval == 0 ? 1 : mcus / tables_.restart_interval + 1;
    data_ = remove_byte_stuffing(codestream_, header_.data_begin, most + 1);
    reader_.seek(data_.next_marker);
    if (scan_count_ == 1) {
        resolve_number_of_lines();
    }
    check_scan();
    if (std::holds_alternative<std::monostate>(image_)) {
        check_data_size();
        make_image();
    }
}

/// T.81 B.2.5: a frame header with 0 lines leaves their number to a DNL segment after the first scan.
void FrameDecoding::resolve_number_of_lines() {
    if (frame_.lines != 0) {
        return;
    }
    MarkerReader ahead(codestream_);
    ahead.seek(data_.next_marker);
    if (ahead.next() != Marker::dnl) {
        log_.add("jpeg-missing-dnl", "0 lines and no DNL segment: Rows is used", frame_.offset);
        frame_.lines = layout_.rows;
        return;
    }
    frame_.lines = parse_number_of_lines(ahead.segment());
    log_.add("jpeg-dnl", "0 lines in the frame header, the number is in a DNL segment", frame_.offset);
    if (frame_.lines != layout_.rows) {
        throw_error(Errc::jpeg_size_mismatch,
                    "the DNL segment says " + std::to_string(frame_.lines) + " lines, the data set " +
                        std::to_string(layout_.rows) + " rows",
                    ahead.marker_offset());
    }
}

void FrameDecoding::check_not_decoded_yet() {
    for (int c = 0; c < header_.component_count; ++c) {
        if (decoded_[static_cast<std::size_t>(header_.component(c).index)]) {
            throw_error(Errc::jpeg_scan_header, "a component that an earlier scan has decoded already",
                        header_.offset);
        }
    }
}

/// Parameters that have one value only in this process are not worth refusing an image for.
void FrameDecoding::compare_scan_parameters() {
    const bool lossless = frame_.process == Process::lossless;
    const bool as_expected = lossless ? header_.spectral_end == 0 && header_.approximation_high == 0
                                      : header_.spectral_start == 0 && header_.spectral_end == 63 &&
                                            header_.approximation_high == 0 && header_.approximation_low == 0;
    if (!as_expected) {
        log_.add("jpeg-scan-parameters",
                 lossless ? "Se or Ah of a lossless scan is not 0, ignored"
                          : "Ss, Se, Ah, Al of a sequential scan are not 0, 63, 0, 0: ignored",
                 header_.offset);
    }
}

void FrameDecoding::check_scan() {
    if (frame_.process != Process::progressive) {
        check_not_decoded_yet();
        compare_scan_parameters();
    }
    if (frame_.process == Process::lossless) {
        check_lossless_scan(frame_, header_);
        if (expectation_.first_order_only && header_.spectral_start != 1) {
            log_.add("jpeg-predictor",
                     "predictor " + std::to_string(header_.spectral_start) +
                         ", the transfer syntax stands for predictor 1",
                     header_.offset);
        }
    }
    Index units = 0; // B.2.3: at most ten in an MCU
    for (int c = 0; c < header_.component_count; ++c) {
        const Component &component = frame_.component(header_.component(c).index);
        units += component.horizontal * component.vertical;
    }
    if (header_.component_count > 1 && units > 10) {
        log_.add("jpeg-mcu-size", "an MCU of more than ten blocks", header_.offset);
    }
}

/// A sample or a block takes at least one bit, so that a short codestream cannot make a long one's memory.
void FrameDecoding::check_data_size() {
    Index units = 0;
    for (int c = 0; c < frame_.component_count; ++c) {
        const Index width = component_width(frame_, c), height = component_height(frame_, c);
        units += frame_.process == Process::lossless ? width * height
                                                     : ceil_divide(width, 8) * ceil_divide(height, 8);
    }
    const auto bytes = static_cast<Index>(codestream_.size());
    if (units > bytes * 8) {
        throw_error(Errc::truncated,
                    std::to_string(bytes) + " bytes cannot hold the " + std::to_string(units) +
                        (frame_.process == Process::lossless ? " samples" : " blocks") + " of the image",
                    bytes);
    }
}

void FrameDecoding::make_image() {
    transform_ = options_.keep_components ? ColourTransform::none
                                          : choose_colour_transform(frame_, application_, layout_, log_);
    Emission emission;
    emission.transform = transform_;
    emission.precision = frame_.precision;
    emission.level = cpu_level();
    if (frame_.process == Process::lossless) {
        if (is_subsampled(frame_)) {
            emission.smooth = false;
            image_.emplace<SubsampledLosslessFrame>(frame_, sink_, emission);
        }
    } else if (frame_.precision == 8) {
        image_.emplace<DctFrame<std::uint8_t>>(frame_, sink_, emission);
    } else {
        image_.emplace<DctFrame<std::uint16_t>>(frame_, sink_, emission);
    }
}

void FrameDecoding::decode_scan() {
    const Scan current = scan();
    const auto decode_dct = [&](auto &image) {
        if (frame_.process == Process::progressive) {
            image.decode_progressive(current);
        } else {
            image.decode_sequential(current);
        }
    };
    if (auto *image_8 = std::get_if<DctFrame<std::uint8_t>>(&image_)) {
        decode_dct(*image_8);
    } else if (auto *image_12 = std::get_if<DctFrame<std::uint16_t>>(&image_)) {
        decode_dct(*image_12);
    } else if (auto *subsampled = std::get_if<SubsampledLosslessFrame>(&image_)) {
        subsampled->decode(current);
    } else {
        decode_lossless_scan(current, sink_);
    }
    scan_is_decoded();
}

void FrameDecoding::scan_is_decoded() {
    const bool all_coefficients = frame_.process != Process::progressive || header_.spectral_start == 0;
    for (int c = 0; c < header_.component_count && all_coefficients; ++c) {
        decoded_[static_cast<std::size_t>(header_.component(c).index)] = true;
    }
}

bool FrameDecoding::is_complete() const noexcept {
    return has_frame_ && std::all_of(decoded_.begin(), decoded_.begin() + frame_.component_count,
                                     [](bool done) { return done; });
}

void FrameDecoding::finish() {
    if (!is_complete()) {
        throw_error(found_eoi_ ? Errc::jpeg_marker : Errc::truncated,
                    has_frame_ ? "the codestream ends before every component had a scan"
                               : "the codestream ends without a frame header",
                    reader_.marker_offset());
    }
    if (auto *image_8 = std::get_if<DctFrame<std::uint8_t>>(&image_)) {
        image_8->finish(options_.threads);
    } else if (auto *image_12 = std::get_if<DctFrame<std::uint16_t>>(&image_)) {
        image_12->finish(options_.threads);
    } else if (auto *subsampled = std::get_if<SubsampledLosslessFrame>(&image_)) {
        subsampled->finish();
    } else if (transform_ == ColourTransform::ycc_to_rgb) {
        convert_ycc_in_place(layout_, out_, frame_.precision);
    }
    check_end();
}

/// What precedes EOI after the last scan, and what follows it.
void FrameDecoding::check_end() {
    const Index begin = reader_.position();
    if (!found_eoi_) {
        Marker marker = reader_.next();
        while (marker == Marker::dnl) {
            (void)reader_.segment();
            marker = reader_.next();
        }
        found_eoi_ = marker == Marker::eoi;
        if (found_eoi_ && reader_.fill_bytes() > 0) {
            log_.add("jpeg-fill-bytes", "fill bytes (FF) before a marker, skipped", reader_.marker_offset());
        }
        if (found_eoi_ && reader_.stray_bytes() > 0) {
            log_.add("jpeg-stray-bytes", "bytes between the last scan and EOI, skipped", begin);
        }
    }
    if (!found_eoi_) {
        log_.add("jpeg-missing-eoi", "no EOI marker after the last scan", begin);
        return;
    }
    check_trailing_bytes(reader_, {"jpeg-trailing-data", "jpeg-padding"}, log_);
}

} // namespace radpix::jpeg
