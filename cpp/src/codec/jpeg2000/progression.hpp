// SPDX-License-Identifier: Apache-2.0
/// The order of packets (ISO/IEC 15444-1 B.12).
#pragma once

#include "codec/jpeg2000/packet.hpp"

namespace radpix::jpeg2000 {

/// Reads the packets of the tile in the order of COD or POC until they or the data end, or no needed one is
/// left: what lies behind the last of them, an image's higher resolutions perhaps, is not looked at. Throws
/// what PacketReader::read throws.
void read_packets(Tile &tile, const ImageSize &size, PacketReader &reader);

} // namespace radpix::jpeg2000
