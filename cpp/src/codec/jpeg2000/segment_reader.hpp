// SPDX-License-Identifier: Apache-2.0
/// Big-endian numbers of a marker segment, each read checked.
#pragma once

#include <string>

#include "radpix/codec.hpp"
#include "radpix/error.hpp"

namespace radpix::jpeg2000 {

class SegmentReader {
public:
    SegmentReader(Bytes bytes, std::size_t begin, std::size_t end) noexcept
        : bytes_(bytes), at_(begin), end_(end) {}

    [[nodiscard]] std::size_t position() const noexcept { return at_; }
    [[nodiscard]] std::size_t remaining() const noexcept { return end_ - at_; }
    void skip(std::size_t count) {
        need(count);
        at_ += count;
    }

    [[nodiscard]] unsigned u8() { return static_cast<unsigned>(number(1)); }
    [[nodiscard]] unsigned u16() { return static_cast<unsigned>(number(2)); }
    [[nodiscard]] Index u32() { return static_cast<Index>(number(4)); }
    [[nodiscard]] Bytes rest() noexcept {
        const Bytes all = bytes_.subspan(at_, end_ - at_);
        at_ = end_;
        return all;
    }

    [[nodiscard]] std::uint64_t number(std::size_t count) {
        need(count);
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            value = value << 8 | std::to_integer<std::uint64_t>(bytes_[at_ + i]);
        }
        at_ += count;
        return value;
    }

private:
    void need(std::size_t count) const {
        if (end_ - at_ < count) {
            throw_error(Errc::jpeg2000_header,
                        "a marker segment ends after " + std::to_string(end_ - at_) + " of " +
                            std::to_string(count) + " more bytes that it needs",
                        static_cast<Index>(at_));
        }
    }

    Bytes bytes_;
    std::size_t at_, end_;
};

} // namespace radpix::jpeg2000
