// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/frame_decoding.hpp"

#include <algorithm>
#include <string>

#include "base/checked_math.hpp"
#include "codec/jpeg/colour.hpp"
#include "codec/jpegls/hp_transform.hpp"
#include "codec/jpegls/scan_decoder.hpp"

namespace radpix::jpegls {
namespace {

/// Whether entropy-coded data were not what the coding parameters lead to expect.
bool is_of_data(const Error &error) noexcept {
    return error.errc() == Errc::truncated || error.errc() == Errc::jpegls_entropy_coding;
}

} // namespace

FrameDecoding::FrameDecoding(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                             const ArrayView &out, std::vector<Deviation> &deviations, bool lossless_only)
    : codestream_(codestream), layout_(layout), options_(options), out_(out), lossless_only_(lossless_only),
      log_(deviations), sink_(layout, out), reader_(codestream) {
    if (codestream.size() < 2 || codestream[0] != std::byte{0xFF} || codestream[1] != std::byte{0xD8}) {
        throw_error(codestream.size() < 2 ? Errc::truncated : Errc::jpeg_marker,
                    "no SOI marker (FF D8) at the beginning: this is no JPEG-LS codestream", 0);
    }
    reader_.seek(2);
}

void FrameDecoding::run() {
    while (!found_eoi_ && !is_complete()) {
        const jpeg::Marker marker = reader_.next();
        if (reader_.stray_bytes() > 0) {
            log_.add("jpegls-stray-bytes", "bytes between marker segments, skipped", reader_.marker_offset());
        }
        if (marker == jpeg::Marker::end_of_data) {
            break;
        }
        handle_segment(marker);
    }
    if (!is_complete()) {
        throw_error(found_eoi_ ? Errc::jpeg_marker : Errc::truncated,
                    has_frame_ ? "the codestream ends before every component had a scan"
                               : "the codestream ends without a frame header",
                    reader_.marker_offset());
    }
    convert_colour();
    check_end();
}

void FrameDecoding::handle_segment(jpeg::Marker marker) {
    if (marker == jpeg::Marker::eoi) {
        found_eoi_ = true;
        return;
    }
    if ((marker >= jpeg::Marker::rst0 && marker <= jpeg::Marker::soi) || static_cast<int>(marker) < 0x80) {
        log_.add("jpegls-stray-marker", "a marker without meaning here, skipped", reader_.marker_offset());
        return;
    }
    const jpeg::Segment segment = reader_.segment();
    if (marker == marker_sof55) {
        begin_frame(segment);
    } else if (jpeg::is_frame_marker(marker)) {
        throw_error(Errc::jpegls_unsupported,
                    "the frame header is SOF" + std::to_string(static_cast<int>(marker) - 0xC0) +
                        " of JPEG, not SOF55 of JPEG-LS",
                    reader_.marker_offset());
    } else if (marker == jpeg::Marker::sos) {
        decode_next_scan(segment);
    } else if (marker == marker_lse) {
        parse_preset_parameters(segment, tables_, frame_);
    } else if (marker == jpeg::Marker::dri) {
        parse_restart_interval(segment, tables_);
    } else if (marker == marker_app8) {
        transform_ = std::max(transform_, parse_application_data_8(segment)); // or a SPIFF header
    }
}

void FrameDecoding::begin_frame(const jpeg::Segment &segment) {
    if (has_frame_) {
        throw_error(Errc::jpegls_frame_header, "a second frame header", reader_.marker_offset());
    }
    const FrameHeader oversize = frame_; // an LSE segment of type 4 may come first
    frame_ = parse_frame_header(segment);
    if (frame_.lines == 0 && frame_.samples_per_line == 0) {
        frame_.lines = oversize.lines;
        frame_.samples_per_line = oversize.samples_per_line;
    }
    has_frame_ = true;
}

void FrameDecoding::check_against_layout(const ScanHeader &header) {
    if (frame_.samples_per_line != layout_.columns || frame_.lines != layout_.rows ||
        frame_.component_count != layout_.samples_per_pixel) {
        throw_error(Errc::jpegls_size_mismatch,
                    "the codestream has rows x columns x samples " + std::to_string(frame_.lines) + " x " +
                        std::to_string(frame_.samples_per_line) + " x " +
                        std::to_string(frame_.component_count) + ", the data set says " +
                        std::to_string(layout_.rows) + " x " + std::to_string(layout_.columns) + " x " +
                        std::to_string(layout_.samples_per_pixel),
                    frame_.offset);
    }
    if (frame_.precision > layout_.bits_allocated) {
        throw_error(Errc::jpegls_precision,
                    "samples of " + std::to_string(frame_.precision) +
                        " bits do not fit into Bits Allocated " + std::to_string(layout_.bits_allocated),
                    frame_.offset);
    }
    // Whole words, of which Bits Stored are used, are common and do no harm. Indices into a table say
    // nothing.
    if (header.tables[0] == 0 && frame_.precision != layout_.bits_stored &&
        frame_.precision != layout_.bits_allocated) {
        log_.add("jpegls-precision",
                 "the codestream has samples of " + std::to_string(frame_.precision) +
                     " bits, the data set says Bits Stored " + std::to_string(layout_.bits_stored),
                 frame_.offset);
    }
}

void FrameDecoding::decode_next_scan(const jpeg::Segment &segment) {
    if (!has_frame_) {
        throw_error(Errc::jpeg_marker, "a scan before the frame header", reader_.marker_offset());
    }
    const ScanHeader header = parse_scan_header(segment, frame_);
    // A restart interval has at least one line, and no frame more lines than its data set has rows.
    const Index most = tables_.restart_interval == 0 ? 1 : layout_.rows / tables_.restart_interval + 1;
    const EntropyData data = remove_bit_stuffing(codestream_, header.data_begin, most + 1);
    reader_.seek(data.next_marker);
    if (!checked_) {
        resolve_number_of_lines(data.next_marker);
        check_against_layout(header);
        check_data_size();
        checked_ = true;
    }
    if (data.misnumbered_restart >= 0) {
        log_.add("jpegls-restart-number", "restart markers are not numbered one after the other",
                 data.misnumbered_restart);
    }
    if (lossless_only_ && header.near != 0) {
        log_.add("jpegls-near",
                 "NEAR is " + std::to_string(header.near) +
                     ", the transfer syntax stands for lossless compression",
                 header.offset);
    }
    if (decode_samples(header, data) > most_fill_bits) {
        log_.add("jpegls-surplus-data", "entropy-coded data behind the last sample, ignored", header.offset);
    }
    for (int c = 0; c < header.component_count; ++c) {
        const auto index = static_cast<std::size_t>(header.components[static_cast<std::size_t>(c)]);
        frame_.components[index].decoded = true;
    }
}

/// Returns what `decode_scan` does.
Index FrameDecoding::decode_samples(const ScanHeader &header, const EntropyData &data) {
    const CodingParameters parameters =
        coding_parameters(tables_.preset, frame_.precision, header.near, header.offset);
    const Scan scan = {layout_, frame_, header, tables_, parameters, data, options_, log_};
    constexpr int most_without_jai = 12;
    const bool may_be_of_jai = frame_.precision > most_without_jai && tables_.preset.is_default();
    try {
        const Index surplus = decode_scan(scan, sink_);
        if (surplus <= most_fill_bits || !may_be_of_jai) {
            return surplus;
        }
    } catch (const Error &error) {
        if (!is_of_data(error) || !may_be_of_jai || !is_of_jai(header, data)) {
            throw;
        }
        return 0;
    }
    return is_of_jai(header, data) ? 0 : decode_scan(scan, sink_);
}

/// Decodes with the thresholds of JAI-ImageIO. Says whether the data ended with the last sample, which with
/// others than those it was written with it does not.
bool FrameDecoding::is_of_jai(const ScanHeader &header, const EntropyData &data) {
    PresetParameters preset;
    preset.is_of_jai = true;
    const CodingParameters parameters =
        coding_parameters(preset, frame_.precision, header.near, header.offset);
    try {
        if (decode_scan({layout_, frame_, header, tables_, parameters, data, options_, log_}, sink_) >
            most_fill_bits) {
            return false;
        }
    } catch (const Error &error) {
        if (!is_of_data(error)) {
            throw; // the call was cancelled
        }
        return false; // the caller tells what the standard's thresholds lead to
    }
    log_.add("jpegls-jai-thresholds",
             "the samples only fit with thresholds computed from MAXVAL, as JAI-ImageIO did, not with the "
             "standard's",
             header.offset);
    return true;
}

/// T.87 C.2.6 (T.81 B.2.5): 0 lines leave their number to a DNL segment behind the first scan.
void FrameDecoding::resolve_number_of_lines(Index next_marker) {
    if (frame_.lines != 0) {
        return;
    }
    jpeg::MarkerReader ahead(codestream_);
    ahead.seek(next_marker);
    if (ahead.next() != jpeg::Marker::dnl) {
        log_.add("jpegls-missing-dnl", "0 lines and no DNL segment: Rows is used", frame_.offset);
        frame_.lines = layout_.rows;
        return;
    }
    const jpeg::Segment segment = ahead.segment();
    for (Index at = 0; at < std::min<Index>(segment.size(), 4); ++at) {
        frame_.lines = frame_.lines << 8 | segment.byte(at);
    }
    log_.add("jpegls-dnl", "0 lines in the frame header, the number is in a DNL segment", frame_.offset);
}

/// The longest run takes one bit and has 2^15 samples.
void FrameDecoding::check_data_size() const {
    Index samples = 0;
    for (int c = 0; c < frame_.component_count; ++c) {
        samples += checked_mul(frame_.width(c), frame_.height(c));
    }
    const auto bytes = static_cast<Index>(codestream_.size());
    if (samples / (8 * 32768) > bytes) {
        throw_error(Errc::truncated,
                    std::to_string(bytes) + " bytes cannot hold the " + std::to_string(samples) +
                        " samples of the image",
                    bytes);
    }
}

bool FrameDecoding::is_complete() const noexcept {
    return has_frame_ &&
           std::all_of(frame_.components.begin(), frame_.components.begin() + frame_.component_count,
                       [](const Component &component) { return component.decoded; });
}

void FrameDecoding::convert_colour() {
    const bool is_signed = layout_.is_signed;
    if (transform_ != HpTransform::none) {
        if (frame_.component_count != 3 || is_signed || frame_.is_subsampled()) {
            throw_error(Errc::jpegls_unsupported,
                        "an HP colour transform of other than three unsigned components", frame_.offset);
        }
        undo_hp_transform(transform_, out_, frame_.precision);
    }
    const bool is_ybr = layout_.photometric == Photometric::ybr_full ||
                        layout_.photometric == Photometric::ybr_full_422 ||
                        layout_.photometric == Photometric::ybr_partial_420;
    if (is_ybr && frame_.component_count == 3 && !is_signed && !options_.keep_components) {
        jpeg::convert_ycc_in_place(layout_, out_, frame_.precision);
    }
}

/// What precedes EOI after the last scan, and what follows it.
void FrameDecoding::check_end() {
    const Index begin = reader_.position();
    if (!found_eoi_) {
        jpeg::Marker marker = reader_.next();
        while (marker == jpeg::Marker::dnl) {
            (void)reader_.segment();
            marker = reader_.next();
        }
        found_eoi_ = marker == jpeg::Marker::eoi;
        if (found_eoi_ && reader_.fill_bytes() + reader_.stray_bytes() > 0) {
            log_.add("jpegls-stray-bytes", "bytes between the last scan and EOI, skipped", begin);
        }
    }
    if (!found_eoi_) {
        log_.add("jpegls-missing-eoi", "no EOI marker after the last scan", begin);
        return;
    }
    jpeg::check_trailing_bytes(reader_, {"jpegls-trailing-data", "jpegls-padding"}, log_);
}

} // namespace radpix::jpegls
