// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <utility>

#include "codec/samples/frame_sink.hpp"
#include "radpix/codec.hpp"
#include "radpix/error.hpp"

namespace radpix {
namespace {

constexpr std::array<std::pair<std::string_view, Photometric>, 10> photometric_terms{{
    {"MONOCHROME1", Photometric::monochrome1},
    {"MONOCHROME2", Photometric::monochrome2},
    {"PALETTE COLOR", Photometric::palette_color},
    {"RGB", Photometric::rgb},
    {"YBR_FULL", Photometric::ybr_full},
    {"YBR_FULL_422", Photometric::ybr_full_422},
    {"YBR_PARTIAL_420", Photometric::ybr_partial_420},
    {"YBR_ICT", Photometric::ybr_ict},
    {"YBR_RCT", Photometric::ybr_rct},
    {"XYB", Photometric::xyb},
}};

DataType integer_type(int bits_allocated, bool is_signed) {
    switch (bits_allocated) {
    case 1:
        return DataType::uint8; // a bit has no sign (PS3.5 8.1.1)
    case 8:
        return is_signed ? DataType::int8 : DataType::uint8;
    case 16:
        return is_signed ? DataType::int16 : DataType::uint16;
    case 32:
        return is_signed ? DataType::int32 : DataType::uint32;
    case 64:
        return is_signed ? DataType::int64 : DataType::uint64;
    default:
        throw_error(Errc::unsupported_layout, "Bits Allocated (0028,0100) is " +
                                                  std::to_string(bits_allocated) +
                                                  "; radpix reads 1, 8, 16, 32 and 64");
    }
}

void check_bits(const FrameLayout &layout) {
    if (layout.is_float) {
        return; // Float Pixel Data uses all its bits (PS3.3 C.7.6.24)
    }
    if (layout.bits_stored < 1 || layout.bits_stored > layout.bits_allocated) {
        throw_error(Errc::invalid_argument,
                    "Bits Stored (0028,0101) is " + std::to_string(layout.bits_stored) +
                        ", expected 1 to Bits Allocated, " + std::to_string(layout.bits_allocated));
    }
    if (layout.high_bit < layout.bits_stored - 1 || layout.high_bit >= layout.bits_allocated) {
        throw_error(Errc::invalid_argument,
                    "High Bit (0028,0102) is " + std::to_string(layout.high_bit) +
                        ", expected Bits Stored - 1 = " + std::to_string(layout.bits_stored - 1));
    }
}

void check_extent(Index value, const char *name) {
    constexpr Index most = (Index{1} << 31) - 1;
    if (value < 1 || value > most) {
        throw_error(Errc::invalid_argument,
                    std::string(name) + " is " + std::to_string(value) + ", expected 1 to 2147483647");
    }
}

std::string shape_text(const ArrayView &view) {
    std::string text = "(";
    for (int axis = 0; axis < view.rank; ++axis) {
        text += (axis == 0 ? "" : ", ") + std::to_string(view.shape[static_cast<std::size_t>(axis)]);
    }
    return text + ")";
}

} // namespace

Photometric photometric_named(std::string_view term) noexcept {
    for (const auto &[name, photometric] : photometric_terms) {
        if (name == term) {
            return photometric;
        }
    }
    return Photometric::unknown;
}

DataType element_type(const FrameLayout &layout) {
    if (!layout.is_float) {
        return integer_type(layout.bits_allocated, layout.is_signed);
    }
    if (layout.bits_allocated != 32 && layout.bits_allocated != 64) {
        throw_error(Errc::unsupported_layout, "floating point pixels have 32 or 64 Bits Allocated, not " +
                                                  std::to_string(layout.bits_allocated));
    }
    return layout.bits_allocated == 32 ? DataType::float32 : DataType::float64;
}

void check_layout(const FrameLayout &layout, const ArrayView &out) {
    const DataType type = element_type(layout);
    check_extent(layout.rows, "Rows (0028,0010)");
    check_extent(layout.columns, "Columns (0028,0011)");
    if (layout.samples_per_pixel < 1 || layout.samples_per_pixel > max_samples) {
        throw_error(Errc::invalid_argument, "Samples per Pixel (0028,0002) is " +
                                                std::to_string(layout.samples_per_pixel) +
                                                ", expected 1 to " + std::to_string(max_samples));
    }
    check_bits(layout);
    if (layout.planar_configuration != 0 && layout.planar_configuration != 1) {
        throw_error(Errc::invalid_argument, "Planar Configuration (0028,0006) is " +
                                                std::to_string(layout.planar_configuration) +
                                                ", expected 0 or 1");
    }
    const bool colour = layout.samples_per_pixel > 1;
    const bool fits = out.rank == (colour ? 3 : 2) && out.shape[0] == layout.rows &&
                      out.shape[1] == layout.columns && (!colour || out.shape[2] == layout.samples_per_pixel);
    if (!fits) {
        throw_error(Errc::shape_mismatch, "the output has shape " + shape_text(out) + " for a frame of " +
                                              std::to_string(layout.rows) + " rows, " +
                                              std::to_string(layout.columns) + " columns and " +
                                              std::to_string(layout.samples_per_pixel) + " samples");
    }
    if (out.type != type) {
        throw_error(Errc::unsupported_type, "the output's type is not that of the frame's samples: " +
                                                std::to_string(layout.bits_allocated) + " bits allocated, " +
                                                (layout.is_float    ? "floating point"
                                                 : layout.is_signed ? "signed"
                                                                    : "unsigned"));
    }
}

} // namespace radpix
