// SPDX-License-Identifier: Apache-2.0
#include "radpix/error.hpp"

#include <utility>

namespace radpix {
namespace {

class RadpixCategory final : public std::error_category {
public:
    [[nodiscard]] const char *name() const noexcept override { return "radpix"; }
    [[nodiscard]] std::string message(int code) const override { return name_of(static_cast<Errc>(code)); }
};

} // namespace

ErrorKind kind_of(Errc code) noexcept {
    const int value = static_cast<int>(code);
    if (value < 100) {
        return ErrorKind::data;
    }
    if (value < 200) {
        return ErrorKind::unsupported;
    }
    if (value < 300) {
        return ErrorKind::usage;
    }
    return value < 400 ? ErrorKind::limit : ErrorKind::cancelled;
}

const char *name_of(Errc code) noexcept {
    // #lizard forgives: a table; as a switch, the compiler misses no code
    switch (code) {
    case Errc::cancelled:
        return "cancelled";
    case Errc::truncated:
        return "truncated";
    case Errc::rle_header:
        return "rle-header";
    case Errc::rle_segment_bounds:
        return "rle-segment-bounds";
    case Errc::pixel_data_length:
        return "pixel-data-length";
    case Errc::jpeg_marker:
        return "jpeg-marker";
    case Errc::jpeg_frame_header:
        return "jpeg-frame-header";
    case Errc::jpeg_scan_header:
        return "jpeg-scan-header";
    case Errc::jpeg_huffman_table:
        return "jpeg-huffman-table";
    case Errc::jpeg_quantization_table:
        return "jpeg-quantization-table";
    case Errc::jpeg_entropy_coding:
        return "jpeg-entropy-coding";
    case Errc::jpeg_size_mismatch:
        return "jpeg-size-mismatch";
    case Errc::jpeg_precision:
        return "jpeg-precision";
    case Errc::dicom_prefix:
        return "dicom-prefix";
    case Errc::dicom_element_count:
        return "dicom-element-count";
    case Errc::jpegls_frame_header:
        return "jpegls-frame-header";
    case Errc::jpegls_scan_header:
        return "jpegls-scan-header";
    case Errc::jpegls_parameters:
        return "jpegls-parameters";
    case Errc::jpegls_entropy_coding:
        return "jpegls-entropy-coding";
    case Errc::jpegls_size_mismatch:
        return "jpegls-size-mismatch";
    case Errc::jpegls_precision:
        return "jpegls-precision";
    case Errc::jpegls_unsupported:
        return "jpegls-unsupported";
    case Errc::jpeg2000_marker:
        return "jpeg2000-marker";
    case Errc::jpeg2000_header:
        return "jpeg2000-header";
    case Errc::jpeg2000_packet:
        return "jpeg2000-packet";
    case Errc::jpeg2000_code_block:
        return "jpeg2000-code-block";
    case Errc::jpeg2000_size_mismatch:
        return "jpeg2000-size-mismatch";
    case Errc::jpeg2000_precision:
        return "jpeg2000-precision";
    case Errc::jpeg2000_unsupported:
        return "jpeg2000-unsupported";
    case Errc::jpeg_process:
        return "jpeg-unsupported-process";
    case Errc::unsupported_transfer_syntax:
        return "unsupported-transfer-syntax";
    case Errc::unsupported_layout:
        return "unsupported-layout";
    case Errc::invalid_argument:
        return "invalid-argument";
    case Errc::shape_mismatch:
        return "shape-mismatch";
    case Errc::unsupported_type:
        return "unsupported-type";
    case Errc::limit_exceeded:
        return "limit-exceeded";
    case Errc::size_overflow:
        return "size-overflow";
    }
    return "unknown";
}

const std::error_category &radpix_category() noexcept {
    static const RadpixCategory category;
    return category;
}

std::error_code make_error_code(Errc code) noexcept {
    return {static_cast<int>(code), radpix_category()};
}

Error::Error(Errc code, std::string detail, std::int64_t offset)
    : std::system_error(make_error_code(code)), detail_(std::move(detail)), offset_(offset), errc_(code) {}

void throw_error(Errc code, std::string detail, std::int64_t offset) {
    throw Error(code, std::move(detail), offset);
}

} // namespace radpix
