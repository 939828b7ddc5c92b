// SPDX-License-Identifier: Apache-2.0
/// The entropy-coded data of one scan without bit stuffing, cut at restart markers (T.87 A.1, C.2.5).
/// The decoder reads this copy: it has no markers and no stuffed bits to test for.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "radpix/codec.hpp"

namespace radpix::jpegls {

/// Zero bytes behind each segment. A code that begins in them looks like one of too many zeros, so that the
/// decoder takes its slow path and checks where it is; none is longer than 80 bits.
inline constexpr Index overread_bytes = 32;

/// One restart interval, from the first byte of `EntropyData::bytes` it uses.
struct EntropySegment {
    Index begin = 0;  ///< into EntropyData::bytes
    Index bits = 0;   ///< without stuffing
    Index source = 0; ///< of its first byte in the codestream
};

struct EntropyData {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::vector<EntropySegment> segments; ///< at least one
    Index next_marker = 0;                ///< codestream offset of what ended the scan
    Index misnumbered_restart = -1;       ///< codestream offset of the first RSTm out of sequence
};

/// Copies from `codestream[begin]` up to the first marker that is no RSTm. Segments beyond `max_segments` are
/// joined to the last.
[[nodiscard]] EntropyData remove_bit_stuffing(Bytes codestream, Index begin, Index max_segments);

} // namespace radpix::jpegls
