// SPDX-License-Identifier: Apache-2.0
/// The marker segments of a codestream (ISO/IEC 15444-1 Annex A): main header, tile-part headers.
#pragma once

#include <string>

#include "codec/jpeg2000/codestream.hpp"

namespace radpix::jpeg2000 {

/// The whole codestream, its packets not yet read.
struct Codestream {
    ImageSize size;
    TileParameters defaults;     ///< of the main header
    std::vector<TilePart> parts; ///< in the order of the codestream
    bool packed_headers = false; ///< PPM
    /// Something the packets may still make up for: a cut tile-part, an absent EOC. Empty where all is well.
    std::string irregularity;
    Index irregularity_offset = -1;
};

/// Reads everything but the packets. Throws Error(jpeg2000_marker, jpeg2000_header, jpeg2000_unsupported,
/// truncated).
[[nodiscard]] Codestream read_codestream(Bytes bytes);

/// The header of a tile-part applied to the tile's parameters: COD, COC, QCD, QCC, RGN, POC. PPT segments are
/// appended to `packed_headers` in the order of their index.
void read_tile_part_header(Bytes bytes, const TilePart &part, const ImageSize &size, TileParameters &tile,
                           std::vector<Bytes> &packed_headers);

/// The codestream inside a JP2 file (ISO/IEC 15444-1 Annex I), `bytes` itself where it is none.
[[nodiscard]] Bytes skip_jp2_boxes(Bytes bytes);

} // namespace radpix::jpeg2000
