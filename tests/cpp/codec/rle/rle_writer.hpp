// SPDX-License-Identifier: Apache-2.0
/// Writes RLE frames, right and wrong ones (PS3.5 G.3 and G.5).
#pragma once

#include <cstdint>
#include <vector>

#include "radpix/view.hpp"

namespace radpix::testing {

using ByteVector = std::vector<std::byte>;

inline void append_word(ByteVector &bytes, std::uint32_t word) {
    for (int byte = 0; byte < 4; ++byte) {
        bytes.push_back(static_cast<std::byte>(word >> (8 * byte) & 0xFFU));
    }
}

/// PackBits: runs of two and more become replicate packets, all else literal packets.
inline ByteVector packed(const ByteVector &values) {
    ByteVector result;
    std::size_t i = 0;
    while (i < values.size()) {
        std::size_t run = 1;
        while (i + run < values.size() && run < 128 && values[i + run] == values[i]) {
            ++run;
        }
        if (run > 1) {
            result.push_back(static_cast<std::byte>(257 - run));
            result.push_back(values[i]);
            i += run;
            continue;
        }
        const std::size_t begin = i;
        while (i < values.size() && i - begin < 128 &&
               (i + 1 == values.size() || values[i + 1] != values[i])) {
            ++i;
        }
        result.push_back(static_cast<std::byte>(i - begin - 1));
        result.insert(result.end(), values.begin() + static_cast<Index>(begin),
                      values.begin() + static_cast<Index>(i));
    }
    if (result.size() % 2 != 0) {
        result.push_back(std::byte{0});
    }
    return result;
}

/// A header with these words, the rest 0, and what follows it.
inline ByteVector with_header(const std::vector<std::uint32_t> &words, const ByteVector &body = {}) {
    ByteVector frame;
    for (const std::uint32_t word : words) {
        append_word(frame, word);
    }
    frame.resize(64);
    frame.insert(frame.end(), body.begin(), body.end());
    return frame;
}

/// A frame of these packed segments.
inline ByteVector frame_of_segments(const std::vector<ByteVector> &segments) {
    std::vector<std::uint32_t> words{static_cast<std::uint32_t>(segments.size())};
    ByteVector body;
    for (const ByteVector &segment : segments) {
        words.push_back(static_cast<std::uint32_t>(64 + body.size()));
        body.insert(body.end(), segment.begin(), segment.end());
    }
    return with_header(words, body);
}

/// The frame of sample-interleaved `pixels`.
template <class T>
ByteVector encoded(const std::vector<T> &pixels, std::size_t samples = 1) {
    std::vector<ByteVector> segments;
    for (std::size_t sample = 0; sample < samples; ++sample) {
        for (std::size_t byte = sizeof(T); byte-- > 0;) {
            ByteVector plane;
            for (std::size_t i = sample; i < pixels.size(); i += samples) {
                plane.push_back(
                    static_cast<std::byte>(static_cast<std::uint64_t>(pixels[i]) >> (8 * byte) & 0xFFU));
            }
            segments.push_back(packed(plane));
        }
    }
    return frame_of_segments(segments);
}

} // namespace radpix::testing
