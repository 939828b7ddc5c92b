// SPDX-License-Identifier: Apache-2.0
/// The entropy-coded data of one scan without byte stuffing, cut at restart markers (T.81 B.1.1.5, F.1.2.3).
/// Decoders read this copy: it has no markers to test for, and reading past its end reads zeros.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "radpix/codec.hpp"

namespace radpix::jpeg {

/// Readable zero bytes after the data. Decoders check their position once per MCU or run of samples: the
/// largest MCU has 4 components of 4 x 4 blocks of 64 codes, each of at most 16 bits with 15 extra bits.
inline constexpr Index overread_bytes = 64 * 64 * 4 + 64;

/// One restart interval.
struct EntropySegment {
    Index begin = 0, end = 0; ///< into EntropyData::bytes
    Index source = 0;         ///< of its first byte in the codestream
};

struct EntropyData {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::vector<EntropySegment> segments; ///< at least one
    Index next_marker = 0;                ///< codestream offset of what ended the scan
    Index misnumbered_restart = -1;       ///< codestream offset of the first RSTm out of sequence

    [[nodiscard]] Index size() const noexcept { return segments.back().end; }
};

/// Copies from `codestream[begin]` up to the first marker that is no RSTm. Segments beyond `max_segments` are
/// joined to the last: a stream of nothing but restart markers costs no memory.
[[nodiscard]] EntropyData remove_byte_stuffing(Bytes codestream, Index begin, Index max_segments);

/// The codestream offset of byte `position` of the copy, for messages.
[[nodiscard]] Index source_offset(const EntropyData &data, Bytes codestream, Index position);

} // namespace radpix::jpeg
