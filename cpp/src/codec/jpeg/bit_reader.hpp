// SPDX-License-Identifier: Apache-2.0
/// Bits of an entropy-coded segment, most significant first, from memory that may be read past its end.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "radpix/view.hpp"

namespace radpix::jpeg {

inline std::uint64_t load_big_endian_64(const std::uint8_t *from) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    if constexpr (std::endian::native == std::endian::little) {
#if defined(__GNUC__)
        word = __builtin_bswap64(word);
#elif defined(_MSC_VER)
        word = _byteswap_uint64(word);
#endif
    }
    return word;
}

/// A value type, kept in registers by the loops that use it. `bits` holds the next bits left-aligned; at
/// least `count` of them are valid, and whatever lies below is either zero or valid too, so that a refill may
/// or it in again: no branch, no mask.
struct BitReader {
    const std::uint8_t *next;
    std::uint64_t bits = 0;
    unsigned count = 0;

    explicit BitReader(const std::uint8_t *begin) noexcept : next(begin) { refill(); }

    /// At least 56 bits are there afterwards.
    void refill() noexcept {
        bits |= load_big_endian_64(next) >> count;
        next += (63 - count) >> 3;
        count |= 56;
    }
    [[nodiscard]] unsigned peek(unsigned width) const noexcept { // 1 to 32
        return static_cast<unsigned>(bits >> (64 - width));
    }
    void consume(unsigned width) noexcept {
        bits <<= width;
        count -= width;
    }
    /// 0 to 16 bits. Two shifts, because a shift by 64 has no meaning.
    unsigned take(unsigned width) noexcept {
        const auto value = static_cast<unsigned>(bits >> 1 >> (63 - width));
        consume(width);
        return value;
    }
    /// Bits consumed since `begin`.
    [[nodiscard]] Index position(const std::uint8_t *begin) const noexcept {
        return (next - begin) * 8 - static_cast<Index>(count);
    }
};

/// T.81 F.2.2.1 EXTEND: a magnitude category's extra bits as a signed value.
inline int extend(unsigned bits, unsigned category) noexcept {
    if (category == 0) {
        return 0;
    }
    const bool positive = (bits >> (category - 1)) != 0;
    return static_cast<int>(bits) - (positive ? 0 : (1 << category) - 1);
}

} // namespace radpix::jpeg
