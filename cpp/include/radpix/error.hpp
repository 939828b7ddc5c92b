// SPDX-License-Identifier: Apache-2.0
/// Errors of the core. Every public function reports through `radpix::Error`; kernels are noexcept and get
/// checked input.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

namespace radpix {

/// What went wrong. The hundreds say whose fault it is and, in Python, which exception it becomes.
enum class Errc : int {
    // data: the codestream is wrong (DecodeError; truncated: TruncatedError)
    truncated = 1,
    rle_header = 2,
    rle_segment_bounds = 3,
    pixel_data_length = 4,
    jpeg_marker = 40,             // SOI missing, a segment that does not fit, a marker out of place
    jpeg_frame_header = 41,       // SOFn or DNL
    jpeg_scan_header = 42,        // SOS, or a scan that contradicts the earlier ones
    jpeg_huffman_table = 43,      // DHT, or a table that a scan needs and nothing defined
    jpeg_quantization_table = 44, // DQT, likewise
    jpeg_entropy_coding = 45,     // entropy-coded data with no meaning
    jpeg_size_mismatch = 46,      // rows, columns, samples: data set and frame header disagree
    jpeg_precision = 47,          // samples wider than Bits Allocated
    dicom_prefix = 60,            // neither a DICOM file nor a bare data set
    dicom_element_count = 61,     // more elements than any object has
    jpeg2000_marker = 70,         // SOC or SIZ missing, a segment that does not fit, a marker out of place
    jpeg2000_header = 71,     // SIZ, COD, QCD, RGN, POC: values with no meaning, or contradicting each other
    jpeg2000_packet = 72,     // a packet header with no meaning
    jpeg2000_code_block = 73, // a code-block that its bytes cannot hold
    jpeg2000_size_mismatch = 74, // rows, columns, samples: data set and SIZ disagree
    jpeg2000_precision = 75,     // samples wider than Bits Allocated
    jpegls_frame_header = 80,    // SOF55
    jpegls_scan_header = 81,     // SOS
    jpegls_parameters = 82,      // LSE, DRI, NEAR: outside T.87 table C.1
    jpegls_entropy_coding = 83,  // entropy-coded data with no meaning
    jpegls_size_mismatch = 84,   // rows, columns, samples: data set and frame header disagree
    jpegls_precision = 85,       // samples wider than Bits Allocated

    // unsupported: a correct stream that this build cannot decode (UnsupportedTransferSyntaxError)
    unsupported_transfer_syntax = 100,
    unsupported_layout = 101,
    jpeg_process = 140, // arithmetic coding, hierarchical, or a process a precision has no definition for
    jpeg2000_unsupported = 160, // extensions of Part 2, more than 31 bit-planes
    jpegls_unsupported = 170,   // another coding process, or extensions of T.870

    // usage: the caller's arguments do not fit together (ValueError)
    invalid_argument = 200,
    shape_mismatch = 201,
    unsupported_type = 202,

    // limits: the data asks for more than is allowed (LimitError)
    limit_exceeded = 300,
    size_overflow = 301,

    // nobody's fault: a Watch ended the call (whatever the host's signal handler or callback raised)
    cancelled = 400,
};

/// Which hundred an Errc belongs to.
enum class ErrorKind : std::uint8_t { data, unsupported, usage, limit, cancelled };

[[nodiscard]] ErrorKind kind_of(Errc code) noexcept;

/// A stable, hyphenated name: "rle-segment-bounds".
[[nodiscard]] const char *name_of(Errc code) noexcept;

/// The category behind `Error::code()`; its messages are the names of the codes.
[[nodiscard]] const std::error_category &radpix_category() noexcept;

[[nodiscard]] std::error_code make_error_code(Errc code) noexcept;

class Error final : public std::system_error {
public:
    static constexpr std::int64_t no_offset = -1;

    Error(Errc code, std::string detail, std::int64_t offset = no_offset);

    [[nodiscard]] const char *what() const noexcept override { return detail_.c_str(); }
    [[nodiscard]] Errc errc() const noexcept { return errc_; }
    /// Byte offset into the codestream, or `no_offset`.
    [[nodiscard]] std::int64_t offset() const noexcept { return offset_; }

private:
    std::string detail_;
    std::int64_t offset_;
    Errc errc_;
};

/// Never inlined, so that the callers stay small enough to be inlined themselves.
[[noreturn]] void throw_error(Errc code, std::string detail, std::int64_t offset = Error::no_offset);

} // namespace radpix

template <>
struct std::is_error_code_enum<radpix::Errc> : std::true_type {};
