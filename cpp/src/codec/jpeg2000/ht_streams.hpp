// SPDX-License-Identifier: Apache-2.0
/// The bit streams inside an HT code-block (ISO/IEC 15444-15 clause 7.1). Stuffed bits are removed once, into
/// memory of our own; reads then go by absolute bit positions and never past its end.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "codec/jpeg2000/ht_kernels.hpp"
#include "radpix/view.hpp"

namespace radpix::jpeg2000 {

/// Bits without stuffing, the first one lowest; endless copies of `fill` follow.
class FlatBits {
public:
    /// Bytes read upwards; of one that follows FF the top bit is stuffed (MagSgn, SigProp).
    void assign_forward(const std::uint8_t *bytes, std::size_t count, std::uint8_t fill) {
        start(count, fill);
        bool after_ff = false;
        for (std::size_t i = 0; i < count;) {
            if (!after_ff && count - i >= 8) {
                const std::uint64_t eight = load_64_bits(bytes + i), found = ff_bytes(eight);
                const unsigned whole =
                    found == 0 ? 8 : static_cast<unsigned>(std::countr_zero(found)) / 8 + 1;
                put_bytes(eight, whole);
                i += whole;
                after_ff = found != 0;
                continue;
            }
            const unsigned byte = bytes[i++];
            put(after_ff ? byte & 0x7FU : byte, after_ff ? 7 : 8);
            after_ff = byte == 0xFF;
        }
        finish();
    }

    /// Bytes read downwards from `last`. Where a byte above 8F was read before, the top bit of one whose
    /// other bits are all 1 is stuffed (VLC, MagRef).
    void assign_backward(const std::uint8_t *last, std::size_t count, bool after_high, unsigned first_bits,
                         int first_count) {
        start(count + 1, 0);
        put(first_bits, first_count);
        for (std::size_t i = 0; i < count;) {
            std::uint64_t eight = 0;
            if (count - i >= 8 && !has_stuffed(eight = load_64_bits(last - i - 7), after_high)) {
                put_bytes(reversed(eight), 8);
                after_high = (eight & 0xFFU) > 0x8F;
                i += 8;
                continue;
            }
            const unsigned byte = *(last - i++);
            const bool stuffed = after_high && (byte & 0x7FU) == 0x7FU;
            put(stuffed ? byte & 0x7FU : byte, stuffed ? 7 : 8);
            after_high = byte > 0x8F;
        }
        finish();
    }

    [[nodiscard]] HtBits bits() const noexcept { return {data_.data(), size_}; }

    /// At least 57 bits from position `at` on.
    [[nodiscard]] std::uint64_t peek(std::size_t at) const noexcept { return peek_bits(bits(), at); }

    /// Bit `at`.
    [[nodiscard]] unsigned bit(std::size_t at) const noexcept {
        const std::size_t byte = std::min(at >> 3U, size_);
        return static_cast<unsigned>(data_[byte]) >> (at & 7U) & 1U;
    }

private:
    static void store(std::uint8_t *bytes, std::uint64_t value) noexcept {
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(bytes, &value, 8);
        } else {
            for (unsigned i = 0; i < 8; ++i) {
                bytes[i] = static_cast<std::uint8_t>(value >> 8U * i);
            }
        }
    }

    /// The top bit of the lowest byte FF, and perhaps those of others above it; 0 where there is none.
    static std::uint64_t ff_bytes(std::uint64_t eight) noexcept {
        const std::uint64_t inverted = ~eight;
        return (inverted - 0x0101010101010101U) & eight & 0x8080808080808080U;
    }

    /// Whether one of eight bytes, read from the highest down, may have a stuffed bit: all bits but its top
    /// one are 1, and the one before is above 8F.
    static bool has_stuffed(std::uint64_t eight, bool after_high) noexcept {
        constexpr std::uint64_t top = 0x8080808080808080U, rest = ~top;
        const std::uint64_t all_ones = ((eight & rest) + 0x0101010101010101U) & top;
        const std::uint64_t high = ((eight & rest) + 0x7070707070707070U) & eight & top;
        return (all_ones & (high >> 8U | (after_high ? std::uint64_t{1} << 63U : 0))) != 0;
    }

    static std::uint64_t reversed(std::uint64_t bytes) noexcept {
        constexpr std::uint64_t odd = 0x00FF00FF00FF00FFU, pairs = 0x0000FFFF0000FFFFU;
        bytes = (bytes >> 8U & odd) | (bytes & odd) << 8U;
        bytes = (bytes >> 16U & pairs) | (bytes & pairs) << 16U;
        return bytes >> 32U | bytes << 32U;
    }

    void start(std::size_t bytes, std::uint8_t fill) {
        if (data_.size() < bytes + 24) {
            data_.resize(bytes + 24);
        }
        fill_ = fill;
        size_ = 0;
        pending_ = 0;
        pending_count_ = 0;
    }

    void put(unsigned bits, int count) noexcept {
        pending_ |= std::uint64_t{bits} << pending_count_;
        pending_count_ += count;
        if (pending_count_ >= 8) {
            data_[size_++] = static_cast<std::uint8_t>(pending_);
            pending_ >>= 8U;
            pending_count_ -= 8;
        }
    }

    /// The lowest `count` bytes, 1 to 8.
    void put_bytes(std::uint64_t bytes, unsigned count) noexcept {
        bytes &= ~std::uint64_t{0} >> (64U - 8U * count);
        store(data_.data() + size_, pending_ | bytes << pending_count_);
        size_ += count;
        pending_ = pending_count_ == 0 ? 0 : bytes >> (8U * count - static_cast<unsigned>(pending_count_));
    }

    void finish() noexcept {
        if (pending_count_ > 0) {
            const unsigned filled = fill_ == 0 ? 0 : 0xFFU << pending_count_;
            data_[size_++] = static_cast<std::uint8_t>(pending_ | filled);
        }
        std::memset(data_.data() + size_, fill_, 16);
    }

    std::vector<std::uint8_t> data_;
    std::size_t size_ = 0;
    std::uint64_t pending_ = 0;
    int pending_count_ = 0;
    std::uint8_t fill_ = 0;
};

} // namespace radpix::jpeg2000
