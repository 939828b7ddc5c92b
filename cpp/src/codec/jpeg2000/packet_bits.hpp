// SPDX-License-Identifier: Apache-2.0
/// The bits of packet headers, after each byte FF one bit stuffed (ISO/IEC 15444-1 B.10.1).
#pragma once

#include "radpix/codec.hpp"
#include "radpix/error.hpp"

namespace radpix::jpeg2000 {

class PacketBits {
public:
    PacketBits(Bytes bytes, std::size_t at) noexcept : bytes_(bytes), at_(at) {}

    [[nodiscard]] unsigned bit() {
        if (count_ == 0) {
            next_byte();
        }
        --count_;
        return byte_ >> count_ & 1U;
    }

    [[nodiscard]] unsigned bits(int count) {
        unsigned value = 0;
        for (int i = 0; i < count; ++i) {
            value = value << 1U | bit();
        }
        return value;
    }

    /// Where the packet's body begins: a header ends on a byte, and never with FF.
    [[nodiscard]] std::size_t end() {
        if (byte_ == 0xFF) {
            next_byte();
        }
        count_ = 0;
        byte_ = 0;
        return at_;
    }

private:
    void next_byte() {
        if (at_ >= bytes_.size()) {
            throw_error(Errc::truncated, "the packets end inside a packet header");
        }
        count_ = byte_ == 0xFF ? 7 : 8;
        byte_ = std::to_integer<unsigned>(bytes_[at_++]);
    }

    Bytes bytes_;
    std::size_t at_;
    unsigned byte_ = 0;
    int count_ = 0;
};

} // namespace radpix::jpeg2000
