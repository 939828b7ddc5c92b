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
            std::uint64_t eight = 0;
            if (!after_ff && count - i >= 8 && !has_ff(eight = load(bytes + i))) {
                put_eight(eight);
                i += 8;
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
        for (std::size_t i = 0; i < count; ++i) {
            const unsigned byte = *(last - i);
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
    static std::uint64_t load(const std::uint8_t *bytes) noexcept {
        std::uint64_t value = 0;
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(&value, bytes, 8);
        } else {
            for (unsigned i = 0; i < 8; ++i) {
                value |= std::uint64_t{bytes[i]} << 8U * i;
            }
        }
        return value;
    }

    static void store(std::uint8_t *bytes, std::uint64_t value) noexcept {
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(bytes, &value, 8);
        } else {
            for (unsigned i = 0; i < 8; ++i) {
                bytes[i] = static_cast<std::uint8_t>(value >> 8U * i);
            }
        }
    }

    static bool has_ff(std::uint64_t eight) noexcept {
        const std::uint64_t inverted = ~eight;
        return ((inverted - 0x0101010101010101U) & eight & 0x8080808080808080U) != 0;
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

    void put_eight(std::uint64_t bytes) noexcept {
        store(data_.data() + size_, pending_ | bytes << pending_count_);
        size_ += 8;
        pending_ = pending_count_ == 0 ? 0 : bytes >> (64 - pending_count_);
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

/// The MEL run-length decoder (7.3.3). Behind its bytes 1 bits follow.
class MelDecoder {
public:
    /// The last byte's low half belongs to the segment's length and counts as 1 bits.
    MelDecoder(const std::uint8_t *bytes, std::size_t count) noexcept : next_(bytes), end_(bytes + count) {}

    [[nodiscard]] bool next() noexcept {
        if (zeros_ == 0 && !one_follows_) {
            read_run();
        }
        if (zeros_ > 0) {
            --zeros_;
            return false;
        }
        one_follows_ = false;
        return true;
    }

private:
    void read_run() noexcept {
        const unsigned exponent = mel_exponents[state_];
        if (bit() != 0) {
            zeros_ = 1U << exponent;
            state_ = std::min(state_ + 1U, 12U);
            return;
        }
        for (unsigned i = 0; i < exponent; ++i) {
            zeros_ = zeros_ << 1U | bit();
        }
        one_follows_ = true;
        state_ = state_ == 0 ? 0 : state_ - 1;
    }

    unsigned bit() noexcept {
        if (count_ == 0) {
            count_ = byte_ == 0xFF ? 7 : 8;
            byte_ = 0xFF;
            if (next_ < end_) {
                byte_ = *next_++;
                byte_ |= next_ == end_ ? 0x0FU : 0U;
            }
        }
        --count_;
        return byte_ >> count_ & 1U;
    }

    const std::uint8_t *next_, *end_;
    unsigned byte_ = 0, state_ = 0, zeros_ = 0;
    int count_ = 0;
    bool one_follows_ = false;
};

} // namespace radpix::jpeg2000
