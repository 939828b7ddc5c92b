// SPDX-License-Identifier: Apache-2.0
/// Marker segments of JPEG-LS, ITU-T T.87 Annex C.
#pragma once

#include <array>
#include <vector>

#include "codec/jpeg/markers.hpp"
#include "codec/jpegls/kernels/kernels.hpp"
#include "codec/jpegls/parameters.hpp"

namespace radpix::jpegls {

inline constexpr auto marker_sof55 = static_cast<jpeg::Marker>(0xF7);
inline constexpr auto marker_lse = static_cast<jpeg::Marker>(0xF8);
inline constexpr auto marker_app8 = static_cast<jpeg::Marker>(0xE8);

/// Colour transforms of Hewlett-Packard's encoder, in an APP8 segment "mrfx".
enum class HpTransform : std::uint8_t { none, hp1, hp2, hp3 };

struct Component {
    int id = 0;
    int horizontal = 1, vertical = 1; ///< sampling factors
    bool decoded = false;
};

struct FrameHeader {
    int precision = 0;
    Index lines = 0, samples_per_line = 0; ///< lines 0: a DNL segment says
    int component_count = 0;
    std::array<Component, max_components> components{};
    int max_horizontal = 1, max_vertical = 1;
    Index offset = 0; ///< of the marker

    [[nodiscard]] const Component &component(int c) const { return components[static_cast<std::size_t>(c)]; }
    [[nodiscard]] bool is_subsampled() const noexcept;
    /// T.81 A.1.1.
    [[nodiscard]] Index width(int c) const;
    [[nodiscard]] Index height(int c) const;
};

struct ScanHeader {
    int component_count = 0;
    std::array<int, max_components> components{}; ///< indices into FrameHeader::components
    std::array<int, max_components> tables{};     ///< mapping tables, 0 for none
    int near = 0;
    Interleave interleave = Interleave::none;
    int point_transform = 0;
    Index offset = 0; ///< of the marker
    Index data_begin = 0;
};

/// What LSE and DRI segments have defined so far.
struct Tables {
    PresetParameters preset;
    std::array<std::vector<std::uint16_t>, 256> mappings; ///< by table identifier; empty where undefined
    Index restart_interval = 0;                           ///< in lines
};

[[nodiscard]] FrameHeader parse_frame_header(const jpeg::Segment &segment);
[[nodiscard]] ScanHeader parse_scan_header(const jpeg::Segment &segment, const FrameHeader &frame);
/// C.2.4.1: coding parameters, mapping tables and their continuations. An oversize image dimension
/// (C.2.4.1.4) goes into `frame`.
void parse_preset_parameters(const jpeg::Segment &segment, Tables &tables, FrameHeader &frame);
/// C.2.5: of 2, 3 or 4 bytes.
void parse_restart_interval(const jpeg::Segment &segment, Tables &tables);
[[nodiscard]] HpTransform parse_application_data_8(const jpeg::Segment &segment);

} // namespace radpix::jpegls
