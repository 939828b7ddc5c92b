// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/headers.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "radpix/error.hpp"

namespace radpix::jpegls {
namespace {

using jpeg::require_size;
using jpeg::scan_component_count;
using jpeg::Segment;

Index number(const Segment &segment, Index at, Index bytes) {
    Index value = 0;
    for (Index i = 0; i < bytes; ++i) {
        value = value << 8 | segment.byte(at + i);
    }
    return value;
}

Index ceil_divide(Index a, Index b) noexcept {
    return (a + b - 1) / b;
}

Component parse_component(const Segment &segment, Index at) {
    Component component;
    component.id = segment.byte(at);
    component.horizontal = segment.byte(at + 1) >> 4;
    component.vertical = segment.byte(at + 1) & 15;
    if (component.horizontal < 1 || component.horizontal > 4 || component.vertical < 1 ||
        component.vertical > 4) {
        throw_error(Errc::jpegls_frame_header,
                    "component " + std::to_string(component.id) + ": sampling factors out of range",
                    segment.offset + at);
    }
    return component;
}

/// C.2.4.1.2 and C.2.4.1.3.
void parse_mapping_table(const Segment &segment, bool continues, Tables &tables) {
    require_size(segment, 3, Errc::jpegls_parameters, "LSE");
    const int id = segment.byte(1);
    const Index bytes = segment.byte(2);
    auto &table = tables.mappings[static_cast<std::size_t>(id)];
    if (id == 0 || bytes < 1 || (continues && table.empty())) {
        throw_error(Errc::jpegls_parameters,
                    "mapping table " + std::to_string(id) + " of " + std::to_string(bytes) +
                        " bytes an entry" + (continues ? ", or a continuation of no table" : ""),
                    segment.offset);
    }
    if (bytes > 2) {
        throw_error(Errc::jpegls_unsupported,
                    "a mapping table of " + std::to_string(bytes) + " bytes an entry; 1 and 2 are decoded",
                    segment.offset);
    }
    if (!continues) {
        table.clear();
    }
    for (Index at = 3; at + bytes <= segment.size() && table.size() < 65536; at += bytes) {
        table.push_back(static_cast<std::uint16_t>(number(segment, at, bytes)));
    }
}

/// T.87 B.2.3: an MCU interleaved by sample has one sample of each component.
void check_resolutions(const ScanHeader &scan, const FrameHeader &frame) {
    const Component &first = frame.component(scan.components[0]);
    for (int c = 1; c < scan.component_count && scan.interleave == Interleave::by_sample; ++c) {
        const Component &other = frame.component(scan.components[static_cast<std::size_t>(c)]);
        if (other.horizontal != first.horizontal || other.vertical != first.vertical) {
            throw_error(Errc::jpegls_scan_header,
                        "components of different resolution are interleaved by sample", scan.offset);
        }
    }
}

} // namespace

bool FrameHeader::is_subsampled() const noexcept {
    return std::any_of(components.begin(), components.begin() + component_count, [this](const Component &c) {
        return c.horizontal != max_horizontal || c.vertical != max_vertical;
    });
}

Index FrameHeader::width(int c) const {
    return ceil_divide(samples_per_line * component(c).horizontal, max_horizontal);
}

Index FrameHeader::height(int c) const {
    return ceil_divide(lines * component(c).vertical, max_vertical);
}

FrameHeader parse_frame_header(const Segment &segment) {
    constexpr auto code = Errc::jpegls_frame_header;
    require_size(segment, 6, code, "SOF55");
    FrameHeader frame;
    frame.offset = segment.offset - 4;
    frame.precision = segment.byte(0);
    frame.lines = segment.word(1);
    frame.samples_per_line = segment.word(3);
    frame.component_count = segment.byte(5);
    if (frame.precision < 2 || frame.precision > 16) {
        throw_error(code, "sample precision " + std::to_string(frame.precision) + ", JPEG-LS has 2 to 16",
                    segment.offset);
    }
    if (frame.component_count < 1 || frame.component_count > max_components) {
        throw_error(code, std::to_string(frame.component_count) + " components, 1 to 4 are decoded",
                    segment.offset + 5);
    }
    require_size(segment, 6 + 3 * frame.component_count, code, "SOF55");
    for (int c = 0; c < frame.component_count; ++c) {
        Component component = parse_component(segment, 6 + 3 * c);
        if (frame.component_count == 1) { // T.81 A.2.2: they mean nothing
            component.horizontal = component.vertical = 1;
        }
        frame.components[static_cast<std::size_t>(c)] = component;
        frame.max_horizontal = std::max(frame.max_horizontal, component.horizontal);
        frame.max_vertical = std::max(frame.max_vertical, component.vertical);
    }
    return frame;
}

ScanHeader parse_scan_header(const Segment &segment, const FrameHeader &frame) {
    constexpr auto code = Errc::jpegls_scan_header;
    ScanHeader scan;
    scan.offset = segment.offset - 4;
    scan.data_begin = segment.offset + segment.size();
    scan.component_count = scan_component_count(segment, frame.component_count, code);
    std::array<bool, max_components> used{};
    for (int c = 0; c < frame.component_count; ++c) {
        used[static_cast<std::size_t>(c)] = frame.component(c).decoded;
    }
    for (int c = 0; c < scan.component_count; ++c) {
        const int id = segment.byte(1 + 2 * c);
        int index = 0;
        while (index < frame.component_count &&
               (used[static_cast<std::size_t>(index)] || frame.component(index).id != id)) {
            ++index;
        }
        if (index == frame.component_count) {
            throw_error(code,
                        "component " + std::to_string(id) +
                            " is not in the frame header, or an earlier scan has decoded it",
                        segment.offset + 1 + 2 * c);
        }
        used[static_cast<std::size_t>(index)] = true;
        scan.components[static_cast<std::size_t>(c)] = index;
        scan.tables[static_cast<std::size_t>(c)] = segment.byte(2 + 2 * c);
    }
    const Index at = 1 + 2 * scan.component_count;
    scan.near = segment.byte(at);
    const int interleave = segment.byte(at + 1);
    scan.point_transform = segment.byte(at + 2) & 15;
    if (interleave > 2 || (interleave == 0 && scan.component_count > 1) ||
        scan.point_transform >= frame.precision) {
        throw_error(code,
                    "interleave mode " + std::to_string(interleave) + " of " +
                        std::to_string(scan.component_count) + " components, point transform " +
                        std::to_string(scan.point_transform),
                    scan.offset);
    }
    scan.interleave = scan.component_count == 1 ? Interleave::none : static_cast<Interleave>(interleave);
    check_resolutions(scan, frame);
    return scan;
}

void parse_preset_parameters(const Segment &segment, Tables &tables, FrameHeader &frame) {
    constexpr auto code = Errc::jpegls_parameters;
    require_size(segment, 1, code, "LSE");
    const int type = segment.byte(0);
    if (type == 1) {
        require_size(segment, 11, code, "LSE");
        tables.preset = {segment.word(1), segment.word(3), segment.word(5),
                         segment.word(7), segment.word(9), false};
    } else if (type == 2 || type == 3) {
        parse_mapping_table(segment, type == 3, tables);
    } else if (type == 4) {
        require_size(segment, 2, code, "LSE");
        const Index bytes = segment.byte(1);
        if (bytes < 2 || bytes > 4 || segment.size() < 2 + 2 * bytes) {
            throw_error(code, "an oversize image dimension of " + std::to_string(bytes) + " bytes",
                        segment.offset);
        }
        frame.lines = number(segment, 2, bytes);
        frame.samples_per_line = number(segment, 2 + bytes, bytes);
    } else {
        throw_error(Errc::jpegls_unsupported,
                    "LSE segment of type " + std::to_string(type) + "; 1 to 4 are decoded (T.870 has more)",
                    segment.offset);
    }
}

void parse_restart_interval(const Segment &segment, Tables &tables) {
    if (segment.size() < 2 || segment.size() > 4) {
        throw_error(Errc::jpegls_parameters,
                    "a DRI segment of " + std::to_string(segment.size()) + " bytes, 2 to 4 are known",
                    segment.offset);
    }
    tables.restart_interval = number(segment, 0, segment.size());
}

HpTransform parse_application_data_8(const Segment &segment) {
    if (segment.size() != 5 || std::memcmp(segment.data.data(), "mrfx", 4) != 0) {
        return HpTransform::none;
    }
    const int transform = segment.byte(4);
    if (transform > 3) {
        throw_error(Errc::jpegls_unsupported,
                    "HP colour transform " + std::to_string(transform) + "; 1 to 3 are decoded",
                    segment.offset + 4);
    }
    return static_cast<HpTransform>(transform);
}

} // namespace radpix::jpegls
