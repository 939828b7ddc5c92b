// SPDX-License-Identifier: Apache-2.0
#include "codec/rle/header.hpp"

#include <cstdint>
#include <string>

#include "radpix/error.hpp"

namespace radpix::rle {
namespace {

std::uint32_t word_at(Bytes codestream, int word) noexcept {
    std::uint32_t value = 0;
    for (std::size_t byte = 4; byte-- > 0;) {
        value = value << 8 |
                std::to_integer<std::uint32_t>(codestream[static_cast<std::size_t>(word) * 4 + byte]);
    }
    return value;
}

void check_count(std::uint32_t count, int expected) {
    if (count < 1 || count > max_segments) {
        throw_error(Errc::rle_header,
                    "the RLE header claims " + std::to_string(count) + " segments, a frame has 1 to 15", 0);
    }
    if (count != static_cast<std::uint32_t>(expected)) {
        throw_error(Errc::rle_header,
                    "the RLE header claims " + std::to_string(count) +
                        " segments, Samples per Pixel and Bits Allocated ask for " + std::to_string(expected),
                    0);
    }
}

/// Offsets must rise from the end of the header and stay inside the codestream; gaps are allowed.
std::vector<Index> offsets_of(Bytes codestream, int count) {
    const auto size = static_cast<Index>(codestream.size());
    std::vector<Index> offsets;
    for (int segment = 0; segment < count; ++segment) {
        const Index offset = word_at(codestream, segment + 1);
        const Index lowest = segment == 0 ? header_size : offsets.back() + 1;
        if (offset < lowest || offset >= size) {
            throw_error(Errc::rle_segment_bounds,
                        "RLE segment " + std::to_string(segment) + " begins at byte " +
                            std::to_string(offset) + ", expected one of bytes " + std::to_string(lowest) +
                            " to " + std::to_string(size - 1),
                        4 * (Index{segment} + 1));
        }
        offsets.push_back(offset);
    }
    return offsets;
}

} // namespace

std::vector<Bytes> segments_of(Bytes codestream, int expected, std::vector<Deviation> &deviations) {
    if (static_cast<Index>(codestream.size()) < header_size) {
        throw_error(Errc::truncated,
                    "the RLE frame has " + std::to_string(codestream.size()) +
                        " bytes, its header alone takes 64",
                    static_cast<Index>(codestream.size()));
    }
    check_count(word_at(codestream, 0), expected);
    const std::vector<Index> offsets = offsets_of(codestream, expected);
    for (int unused = expected; unused < max_segments; ++unused) {
        if (word_at(codestream, unused + 1) != 0) {
            deviations.push_back({"rle-header-unused",
                                  "the RLE header has an offset for segment " + std::to_string(unused) +
                                      " of " + std::to_string(expected) + "; it is ignored",
                                  0, 4 * (Index{unused} + 1)});
            break;
        }
    }
    std::vector<Bytes> segments;
    for (std::size_t segment = 0; segment < offsets.size(); ++segment) {
        const auto begin = static_cast<std::size_t>(offsets[segment]);
        const auto end =
            segment + 1 < offsets.size() ? static_cast<std::size_t>(offsets[segment + 1]) : codestream.size();
        segments.push_back(codestream.subspan(begin, end - begin));
    }
    return segments;
}

} // namespace radpix::rle
