// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/scan.hpp"

#include <algorithm>
#include <string>

#include "codec/jpeg/huffman.hpp"

namespace radpix::jpeg {

void DeviationLog::add(const char *code, const std::string &message, Index offset) {
    const bool known = std::any_of(deviations_.begin(), deviations_.end(),
                                   [code](const Deviation &deviation) { return deviation.code == code; });
    if (!known) {
        deviations_.push_back({code, message, 0, offset});
    }
}

void check_trailing_bytes(const MarkerReader &reader, TrailingCodes codes, DeviationLog &log) {
    const Bytes rest = reader.rest();
    const auto is_padding = [](std::byte value) { return value == std::byte{0} || value == std::byte{0xFF}; };
    if (!std::all_of(rest.begin(), rest.end(), is_padding)) {
        log.add(codes.data, std::to_string(rest.size()) + " bytes after EOI, ignored", reader.position());
    } else if (rest.size() > 1 || (rest.size() == 1 && rest[0] != std::byte{0})) {
        log.add(codes.padding, std::to_string(rest.size()) + " bytes of padding after EOI",
                reader.position());
    }
}

Index count_intervals(const Scan &scan, Index mcus) {
    const Index wanted = ceil_divide(mcus, scan.interval(mcus));
    const auto found = static_cast<Index>(scan.data.segments.size());
    if (found < wanted) {
        throw_error(Errc::truncated,
                    "the scan has " + std::to_string(found) + " restart intervals, " +
                        std::to_string(wanted) + " are needed",
                    scan.data.next_marker);
    }
    if (found > wanted) {
        scan.log.add("jpeg-extra-restart", "restart markers after the last interval, ignored",
                     scan.data.segments[static_cast<std::size_t>(wanted)].source);
    }
    if (scan.data.misnumbered_restart >= 0) {
        scan.log.add("jpeg-restart-number", "restart markers out of sequence, taken in the order they come",
                     scan.data.misnumbered_restart);
    }
    return wanted;
}

void throw_segment_exhausted(const Scan &scan, Index segment) {
    const bool last = segment + 1 == static_cast<Index>(scan.data.segments.size());
    const bool at_end = scan.data.next_marker >= static_cast<Index>(scan.codestream.size());
    const Index offset =
        last ? scan.data.next_marker : scan.data.segments[static_cast<std::size_t>(segment + 1)].source - 2;
    if (last && at_end) {
        throw_error(Errc::truncated, "the codestream ends before the image does", offset);
    }
    throw_error(last ? Errc::truncated : Errc::jpeg_entropy_coding,
                "a marker where entropy-coded data should go on", offset);
}

void throw_invalid_code(const Scan &scan, Index position) {
    throw_error(Errc::jpeg_entropy_coding, "bits that are no code of the Huffman table",
                source_offset(scan.data, scan.codestream, position));
}

HuffmanSpec huffman_spec(const Scan &scan, int c, bool is_ac) {
    const ScanComponent &component = scan.header.component(c);
    const int destination = is_ac ? component.ac_table : component.dc_table;
    const HuffmanSpec &spec =
        (is_ac ? scan.tables.ac : scan.tables.dc)[static_cast<std::size_t>(destination)];
    if (spec.defined) {
        return spec;
    }
    if (scan.frame.process == Process::lossless || scan.frame.precision != 8 || destination > 1) {
        throw_error(Errc::jpeg_huffman_table,
                    "the scan uses Huffman table " + std::to_string(destination) +
                        ", which no DHT segment defines",
                    scan.header.offset);
    }
    scan.log.add("jpeg-missing-huffman-table", "no DHT segment: the typical tables of T.81 K.3 are used",
                 scan.header.offset);
    return standard_table(is_ac, destination == 1);
}

Index component_width(const FrameHeader &frame, int c) {
    return ceil_divide(frame.samples_per_line * frame.component(c).horizontal, frame.max_horizontal);
}

Index component_height(const FrameHeader &frame, int c) {
    return ceil_divide(frame.lines * frame.component(c).vertical, frame.max_vertical);
}

} // namespace radpix::jpeg
