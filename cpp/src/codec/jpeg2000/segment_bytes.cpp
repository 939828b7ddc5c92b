// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/segment_bytes.hpp"

#include <cstring>

#include "codec/jpeg2000/mq_decoder.hpp"

namespace radpix::jpeg2000 {

const std::uint8_t *gather(const Tile &tile, std::uint32_t segment, std::vector<std::uint8_t> &bytes) {
    const Segment &source = tile.segments[segment];
    if (bytes.size() < source.used_length + mq_padding) {
        bytes.resize(source.used_length + mq_padding);
    }
    std::size_t at = 0;
    for (std::uint32_t c = source.first_chunk; at < source.used_length; c = tile.chunks[c].next) {
        const Chunk &chunk = tile.chunks[c];
        std::memcpy(bytes.data() + at, tile.data.data() + chunk.offset, chunk.length);
        at += chunk.length;
    }
    std::memset(bytes.data() + at, 0xFF, mq_padding);
    return bytes.data();
}

const std::uint8_t *find_or_gather(const Tile &tile, std::uint32_t segment,
                                   std::vector<std::uint8_t> &bytes) {
    const Segment &source = tile.segments[segment];
    if (source.first_chunk != none && tile.chunks[source.first_chunk].length >= source.used_length) {
        return reinterpret_cast<const std::uint8_t *>(tile.data.data()) +
               tile.chunks[source.first_chunk].offset;
    }
    return gather(tile, segment, bytes);
}

} // namespace radpix::jpeg2000
