// SPDX-License-Identifier: Apache-2.0
/// Marker segments of a JPEG codestream, ITU-T T.81 Annex B. Nothing is decoded here.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "radpix/codec.hpp"
#include "radpix/error.hpp"

namespace radpix::jpeg {

/// Second byte of the markers this decoder knows, T.81 table B.1.
enum class Marker : std::uint8_t {
    sof0 = 0xC0,
    sof1 = 0xC1,
    sof2 = 0xC2,
    sof3 = 0xC3,
    dht = 0xC4,
    jpg = 0xC8,
    dac = 0xCC,
    sof15 = 0xCF,
    rst0 = 0xD0,
    rst7 = 0xD7,
    soi = 0xD8,
    eoi = 0xD9,
    sos = 0xDA,
    dqt = 0xDB,
    dnl = 0xDC,
    dri = 0xDD,
    app0 = 0xE0,
    app14 = 0xEE,
    end_of_data = 0x00, ///< not a marker: the codestream ended
};

/// Coding process, by the frame header's marker.
enum class Process : std::uint8_t { baseline, extended, progressive, lossless };

/// One frame holds at most this many components: DICOM has no object with more than four samples.
inline constexpr int max_components = 4;

/// T.81 B.2.2, with the sampling factors the decoding works with.
struct Component {
    int id = 0;
    int horizontal = 1, vertical = 1; ///< sampling factors
    int quantization = 0;             ///< destination of its table
};

struct FrameHeader {
    Process process = Process::baseline;
    int precision = 8;
    Index lines = 0, samples_per_line = 0; ///< lines 0: a DNL segment says
    int component_count = 0;
    std::array<Component, max_components> components{};
    int max_horizontal = 1, max_vertical = 1;
    Index offset = 0; ///< of the marker

    [[nodiscard]] const Component &component(int index) const {
        return components[static_cast<std::size_t>(index)];
    }
};

/// T.81 B.2.3.
struct ScanComponent {
    int index = 0; ///< into FrameHeader::components
    int dc_table = 0, ac_table = 0;
};

struct ScanHeader {
    int component_count = 0;
    std::array<ScanComponent, max_components> components{};
    int spectral_start = 0;                            ///< Ss; the predictor of a lossless scan
    int spectral_end = 63;                             ///< Se
    int approximation_high = 0, approximation_low = 0; ///< Ah, Al; Al is a lossless scan's point transform
    Index offset = 0;                                  ///< of the marker
    Index data_begin = 0;

    [[nodiscard]] const ScanComponent &component(int index) const {
        return components[static_cast<std::size_t>(index)];
    }
};

/// T.81 B.2.4.2: how many codes of each length 1..16, and what they stand for.
struct HuffmanSpec {
    std::array<std::uint8_t, 16> counts{};
    std::array<std::uint8_t, 256> symbols{};
    int symbol_count = 0;
    bool defined = false;

    bool operator==(const HuffmanSpec &) const = default;
};

/// T.81 B.2.4.1, in natural (row by row) order.
struct QuantizationTable {
    alignas(32) std::array<std::uint16_t, 64> values{};
    bool defined = false;
};

/// What tables and miscellaneous segments have defined so far.
struct Tables {
    std::array<HuffmanSpec, 4> dc, ac;
    std::array<QuantizationTable, 4> quantization;
    Index restart_interval = 0;
};

/// What application segments say of colour.
struct ApplicationData {
    bool has_jfif = false;
    int adobe_transform = -1; ///< APP14 "Adobe": 0 none, 1 YCbCr, 2 YCCK; -1 without the segment
};

/// The parameters of one marker segment, after its length.
struct Segment {
    Bytes data;
    Index offset = 0; ///< of data[0]

    [[nodiscard]] int byte(Index at) const {
        return std::to_integer<int>(data[static_cast<std::size_t>(at)]);
    }
    [[nodiscard]] int word(Index at) const { return byte(at) << 8 | byte(at + 1); }
    [[nodiscard]] Index size() const noexcept { return static_cast<Index>(data.size()); }
};

/// Walks from marker to marker.
class MarkerReader {
public:
    explicit MarkerReader(Bytes codestream) noexcept : data_(codestream) {}

    /// The next marker. Fill bytes (B.1.1.2) and bytes that belong to no segment are skipped and counted.
    /// Marker::end_of_data at the end.
    Marker next();
    /// The segment after the marker just read. Throws Error(jpeg_marker, truncated).
    Segment segment();

    [[nodiscard]] Index position() const noexcept { return position_; }
    void seek(Index position) noexcept { position_ = position; }
    [[nodiscard]] Index marker_offset() const noexcept { return marker_offset_; }
    /// Fill bytes before the marker just read.
    [[nodiscard]] Index fill_bytes() const noexcept { return fill_bytes_; }
    /// Bytes between the last segment and the marker just read that are neither.
    [[nodiscard]] Index stray_bytes() const noexcept { return stray_bytes_; }
    [[nodiscard]] Bytes rest() const noexcept { return data_.subspan(static_cast<std::size_t>(position_)); }

private:
    Bytes data_;
    Index position_ = 0, marker_offset_ = 0, fill_bytes_ = 0, stray_bytes_ = 0;
};

[[nodiscard]] bool is_frame_marker(Marker marker) noexcept;

/// Throws Error(code) for a segment, called `name` by the standard, of fewer than `wanted` bytes.
void require_size(const Segment &segment, Index wanted, Errc code, const char *name);
/// Ns of a scan header (T.81 B.2.3, T.87 C.2.3), for which the segment is long enough.
[[nodiscard]] int scan_component_count(const Segment &segment, int frame_components, Errc code);

[[nodiscard]] FrameHeader parse_frame_header(Marker marker, const Segment &segment);
/// `frame` gives the components' identifiers their place. Garbage in the spectral fields is left to the
/// caller.
[[nodiscard]] ScanHeader parse_scan_header(const Segment &segment, const FrameHeader &frame);
void parse_huffman_tables(const Segment &segment, Tables &tables);
void parse_quantization_tables(const Segment &segment, Tables &tables);
void parse_restart_interval(const Segment &segment, Tables &tables);
[[nodiscard]] Index parse_number_of_lines(const Segment &segment);
void parse_application_data(Marker marker, const Segment &segment, ApplicationData &application);

/// Zig-zag index to natural index, T.81 figure A.6; entries from 64 on lead to a dummy slot at 64, so that a
/// decoder may run past the block's end by one run.
extern const std::array<std::uint8_t, 64 + 80> natural_order;

} // namespace radpix::jpeg
