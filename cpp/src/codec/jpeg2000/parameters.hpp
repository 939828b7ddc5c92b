// SPDX-License-Identifier: Apache-2.0
/// The marker segments that describe coding: SIZ, COD, COC, QCD, QCC, RGN, POC, CAP.
#pragma once

#include "codec/jpeg2000/codestream.hpp"
#include "codec/jpeg2000/segment_reader.hpp"

namespace radpix::jpeg2000 {

namespace marker {
inline constexpr unsigned soc = 0xFF4F, cap = 0xFF50, siz = 0xFF51, cod = 0xFF52, coc = 0xFF53, qcd = 0xFF5C,
                          qcc = 0xFF5D, rgn = 0xFF5E, poc = 0xFF5F, ppm = 0xFF60, ppt = 0xFF61, sot = 0xFF90,
                          sod = 0xFF93, eoc = 0xFFD9;
} // namespace marker

[[nodiscard]] ImageSize read_siz(SegmentReader segment);

/// Applies one segment; false where `code` is none of COD, COC, QCD, QCC, RGN, POC.
bool read_parameters(unsigned code, SegmentReader segment, bool in_tile, const ImageSize &size,
                     TileParameters &parameters);

} // namespace radpix::jpeg2000
