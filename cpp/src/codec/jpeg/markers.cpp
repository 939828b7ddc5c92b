// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/markers.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace radpix::jpeg {
namespace {

constexpr std::array<std::uint8_t, 64> zigzag{0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                              12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                              35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                              58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

constexpr std::array<std::uint8_t, 64 + 80> zigzag_with_tail() {
    std::array<std::uint8_t, 64 + 80> order{};
    for (std::size_t k = 0; k < order.size(); ++k) {
        order[k] = k < 64 ? zigzag[k] : std::uint8_t{64};
    }
    return order;
}

Process process_of(Marker marker, Index offset) {
    switch (marker) {
    case Marker::sof0:
        return Process::baseline;
    case Marker::sof1:
        return Process::extended;
    case Marker::sof2:
        return Process::progressive;
    case Marker::sof3:
        return Process::lossless;
    default:
        break;
    }
    throw_error(Errc::jpeg_process,
                "frame header SOF" + std::to_string(static_cast<int>(marker) - 0xC0) +
                    ": arithmetic and hierarchical JPEG processes are not decoded",
                offset);
}

void check_precision(const FrameHeader &frame, Index offset) {
    const int p = frame.precision;
    const bool lossless = frame.process == Process::lossless;
    if (lossless ? (p < 2 || p > 16) : (p != 8 && p != 12)) { // T.81 table B.2
        throw_error(Errc::jpeg_frame_header,
                    "sample precision " + std::to_string(p) +
                        (lossless ? ", lossless JPEG has 2 to 16" : ", DCT-based JPEG has 8 or 12"),
                    offset);
    }
}

} // namespace

constexpr std::array<std::uint8_t, 64 + 80> natural_order = zigzag_with_tail();

Marker MarkerReader::next() {
    const auto size = static_cast<Index>(data_.size());
    fill_bytes_ = stray_bytes_ = 0;
    while (position_ < size) {
        const Index begin = position_;
        const void *found =
            std::memchr(data_.data() + position_, 0xFF, static_cast<std::size_t>(size - position_));
        position_ = found == nullptr ? size : static_cast<const std::byte *>(found) - data_.data();
        stray_bytes_ += position_ - begin;
        const Index first_fill = position_;
        while (position_ < size && data_[static_cast<std::size_t>(position_)] == std::byte{0xFF}) {
            ++position_;
        }
        if (position_ >= size) {
            break;
        }
        const auto code = std::to_integer<std::uint8_t>(data_[static_cast<std::size_t>(position_++)]);
        if (code != 0x00) {
            fill_bytes_ = position_ - first_fill - 2;
            marker_offset_ = position_ - 2;
            return static_cast<Marker>(code);
        }
        stray_bytes_ += position_ - first_fill; // a stuffed FF outside a scan
    }
    marker_offset_ = size;
    return Marker::end_of_data;
}

Segment MarkerReader::segment() {
    const auto size = static_cast<Index>(data_.size());
    if (size - position_ < 2) {
        throw_error(Errc::truncated, "the codestream ends inside a marker segment", position_);
    }
    const Segment length{data_.subspan(static_cast<std::size_t>(position_), 2), position_};
    const Index bytes = length.word(0);
    if (bytes < 2) {
        throw_error(Errc::jpeg_marker,
                    "marker segment length " + std::to_string(bytes) + ", at least 2 is needed", position_);
    }
    if (bytes > size - position_) {
        throw_error(Errc::truncated,
                    "a marker segment of " + std::to_string(bytes) + " bytes, " +
                        std::to_string(size - position_) + " are left",
                    position_);
    }
    const Index begin = position_ + 2;
    position_ += bytes;
    return {data_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(bytes - 2)), begin};
}

bool is_frame_marker(Marker marker) noexcept {
    return marker >= Marker::sof0 && marker <= Marker::sof15 && marker != Marker::dht &&
           marker != Marker::jpg && marker != Marker::dac;
}

FrameHeader parse_frame_header(Marker marker, const Segment &segment) {
    constexpr auto code = Errc::jpeg_frame_header;
    require_size(segment, 6, code, "SOF");
    FrameHeader frame;
    frame.offset = segment.offset - 4;
    frame.process = process_of(marker, frame.offset);
    frame.precision = segment.byte(0);
    frame.lines = segment.word(1);
    frame.samples_per_line = segment.word(3);
    frame.component_count = segment.byte(5);
    check_precision(frame, segment.offset);
    if (frame.samples_per_line == 0) {
        throw_error(code, "0 samples per line", segment.offset + 3);
    }
    if (frame.component_count < 1 || frame.component_count > max_components) {
        throw_error(code, std::to_string(frame.component_count) + " components, 1 to 4 are decoded",
                    segment.offset + 5);
    }
    require_size(segment, 6 + 3 * frame.component_count, code, "SOF");
    for (int c = 0; c < frame.component_count; ++c) {
        Component &component = frame.components[static_cast<std::size_t>(c)];
        const Index at = 6 + 3 * c;
        component.id = segment.byte(at);
        component.horizontal = segment.byte(at + 1) >> 4;
        component.vertical = segment.byte(at + 1) & 15;
        component.quantization = segment.byte(at + 2);
        if (component.horizontal < 1 || component.horizontal > 4 || component.vertical < 1 ||
            component.vertical > 4 || (component.quantization > 3 && frame.process != Process::lossless)) {
            throw_error(code,
                        "component " + std::to_string(component.id) +
                            ": sampling factors or table selector out of range",
                        segment.offset + at);
        }
        frame.max_horizontal = std::max(frame.max_horizontal, component.horizontal);
        frame.max_vertical = std::max(frame.max_vertical, component.vertical);
    }
    return frame;
}

void require_size(const Segment &segment, Index wanted, Errc code, const char *name) {
    if (segment.size() < wanted) {
        throw_error(code,
                    std::string(name) + " segment of " + std::to_string(segment.size()) +
                        " bytes, at least " + std::to_string(wanted) + " are needed",
                    segment.offset);
    }
}

int scan_component_count(const Segment &segment, int frame_components, Errc code) {
    require_size(segment, 1, code, "SOS");
    const int count = segment.byte(0);
    if (count < 1 || count > frame_components) {
        throw_error(code,
                    std::to_string(count) + " components in a scan of a frame of " +
                        std::to_string(frame_components),
                    segment.offset);
    }
    require_size(segment, 4 + 2 * count, code, "SOS");
    return count;
}

ScanHeader parse_scan_header(const Segment &segment, const FrameHeader &frame) {
    constexpr auto code = Errc::jpeg_scan_header;
    ScanHeader scan;
    scan.offset = segment.offset - 4;
    scan.data_begin = segment.offset + segment.size();
    scan.component_count = scan_component_count(segment, frame.component_count, code);
    std::array<bool, max_components> used{}; // identifiers may repeat where an encoder numbered none
    for (int c = 0; c < scan.component_count; ++c) {
        const Index at = 1 + 2 * c;
        int index = 0;
        while (index < frame.component_count &&
               (used[static_cast<std::size_t>(index)] || frame.component(index).id != segment.byte(at))) {
            ++index;
        }
        if (index == frame.component_count) {
            throw_error(code, "component " + std::to_string(segment.byte(at)) + " is not in the frame header",
                        segment.offset + at);
        }
        used[static_cast<std::size_t>(index)] = true;
        const int tables = segment.byte(at + 1);
        if ((tables >> 4) > 3 || (tables & 15) > 3) {
            throw_error(code, "entropy coding table selector out of range", segment.offset + at + 1);
        }
        scan.components[static_cast<std::size_t>(c)] = {index, tables >> 4, tables & 15};
    }
    const Index at = 1 + 2 * scan.component_count;
    scan.spectral_start = segment.byte(at);
    scan.spectral_end = segment.byte(at + 1);
    scan.approximation_high = segment.byte(at + 2) >> 4;
    scan.approximation_low = segment.byte(at + 2) & 15;
    return scan;
}

void parse_huffman_tables(const Segment &segment, Tables &tables) {
    constexpr auto code = Errc::jpeg_huffman_table;
    for (Index at = 0; at < segment.size();) {
        const Segment rest{segment.data.subspan(static_cast<std::size_t>(at)), segment.offset + at};
        require_size(rest, 17, code, "DHT");
        const int table_class = rest.byte(0) >> 4, destination = rest.byte(0) & 15;
        if (table_class > 1 || destination > 3) {
            throw_error(code, "Huffman table class or destination out of range", rest.offset);
        }
        HuffmanSpec spec;
        for (std::size_t length = 0; length < 16; ++length) {
            spec.counts[length] = static_cast<std::uint8_t>(rest.byte(1 + static_cast<Index>(length)));
            spec.symbol_count += spec.counts[length];
        }
        if (spec.symbol_count > 256) {
            throw_error(code,
                        "a Huffman table of " + std::to_string(spec.symbol_count) + " codes, at most 256",
                        rest.offset);
        }
        require_size(rest, 17 + spec.symbol_count, code, "DHT");
        for (int s = 0; s < spec.symbol_count; ++s) {
            spec.symbols[static_cast<std::size_t>(s)] = static_cast<std::uint8_t>(rest.byte(17 + s));
        }
        spec.defined = true;
        auto &tables_of_class = table_class == 0 ? tables.dc : tables.ac;
        tables_of_class[static_cast<std::size_t>(destination)] = spec;
        at += 17 + spec.symbol_count;
    }
}

void parse_quantization_tables(const Segment &segment, Tables &tables) {
    constexpr auto code = Errc::jpeg_quantization_table;
    for (Index at = 0; at < segment.size();) {
        const Segment rest{segment.data.subspan(static_cast<std::size_t>(at)), segment.offset + at};
        const int precision = rest.byte(0) >> 4, destination = rest.byte(0) & 15;
        if (precision > 1 || destination > 3) {
            throw_error(code, "quantization table precision or destination out of range", rest.offset);
        }
        const Index bytes = precision == 0 ? 1 : 2;
        require_size(rest, 1 + 64 * bytes, code, "DQT");
        QuantizationTable &table = tables.quantization[static_cast<std::size_t>(destination)];
        for (Index k = 0; k < 64; ++k) {
            const int value = bytes == 1 ? rest.byte(1 + k) : rest.word(1 + 2 * k);
            table.values[zigzag[static_cast<std::size_t>(k)]] = static_cast<std::uint16_t>(value);
        }
        table.defined = true;
        at += 1 + 64 * bytes;
    }
}

void parse_restart_interval(const Segment &segment, Tables &tables) {
    require_size(segment, 2, Errc::jpeg_marker, "DRI");
    tables.restart_interval = segment.word(0);
}

Index parse_number_of_lines(const Segment &segment) {
    require_size(segment, 2, Errc::jpeg_frame_header, "DNL");
    return segment.word(0);
}

void parse_application_data(Marker marker, const Segment &segment, ApplicationData &application) {
    const auto starts_with = [&segment](const char *text, std::size_t length) {
        return segment.data.size() >= length && std::memcmp(segment.data.data(), text, length) == 0;
    };
    if (marker == Marker::app0 && starts_with("JFIF", 5)) {
        application.has_jfif = true;
    }
    if (marker == Marker::app14 && starts_with("Adobe", 5) && segment.size() >= 12) {
        application.adobe_transform = segment.byte(11);
    }
}

} // namespace radpix::jpeg
