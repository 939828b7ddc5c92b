// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/entropy_data.hpp"

#include <algorithm>
#include <cstring>

namespace radpix::jpeg {

EntropyData remove_byte_stuffing(Bytes codestream, Index begin, Index max_segments) {
    const auto *source = reinterpret_cast<const std::uint8_t *>(codestream.data());
    const auto size = static_cast<Index>(codestream.size());
    EntropyData data;
    data.bytes = std::make_unique_for_overwrite<std::uint8_t[]>(
        static_cast<std::size_t>(size - begin + overread_bytes));
    std::uint8_t *const scratch = data.bytes.get();
    Index read = begin, written = 0;
    data.segments.push_back({0, 0, begin});
    data.next_marker = size;
    while (read < size) {
        const void *found = std::memchr(source + read, 0xFF, static_cast<std::size_t>(size - read));
        const Index span_end = found == nullptr ? size : static_cast<const std::uint8_t *>(found) - source;
        std::memcpy(scratch + written, source + read, static_cast<std::size_t>(span_end - read));
        written += span_end - read;
        read = span_end;
        Index after = read;
        while (after < size && source[after] == 0xFF) { // more than one: fill bytes, B.1.1.2
            ++after;
        }
        if (after >= size) {
            data.next_marker = read;
            break;
        }
        const std::uint8_t code = source[after];
        if (code == 0x00) {
            scratch[written++] = 0xFF;
        } else if (code >= 0xD0 && code <= 0xD7) {
            const auto restarts = static_cast<Index>(data.segments.size()) - 1;
            if (restarts + 1 < max_segments) {
                if (code != 0xD0 + restarts % 8 && data.misnumbered_restart < 0) {
                    data.misnumbered_restart = after - 1;
                }
                data.segments.back().end = written;
                data.segments.push_back({written, 0, after + 1});
            }
        } else {
            data.next_marker = read;
            break;
        }
        read = after + 1;
    }
    data.segments.back().end = written;
    std::memset(scratch + written, 0, static_cast<std::size_t>(overread_bytes));
    return data;
}

Index source_offset(const EntropyData &data, Bytes codestream, Index position) {
    const auto after =
        std::upper_bound(data.segments.begin(), data.segments.end(), position,
                         [](Index at, const EntropySegment &segment) { return at < segment.begin; });
    const EntropySegment &segment = after == data.segments.begin() ? data.segments.front() : *(after - 1);
    Index source = segment.source;
    const auto size = static_cast<Index>(codestream.size());
    for (Index at = segment.begin; at < std::min(position, segment.end) && source < size; ++at) {
        const bool stuffed = codestream[static_cast<std::size_t>(source)] == std::byte{0xFF};
        source += stuffed ? 2 : 1;
    }
    return std::min(source, size);
}

} // namespace radpix::jpeg
