// SPDX-License-Identifier: Apache-2.0
/// The part of the HT block decoder that has a version for each CPU level: magnitudes and signs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "codec/jpeg2000/ht_tables.hpp"
#include "codec/jpeg2000/mq_decoder.hpp"
#include "radpix/view.hpp"

namespace radpix::jpeg2000 {

/// What the VLC and MEL streams say of a quad. The entry's length is of no use any more.
struct HtQuad {
    HtEntry entry = 0;
    std::uint16_t u = 0;
};

/// `size` bytes, readable for 16 more that hold the endless bits behind them.
struct HtBits {
    const std::uint8_t *bytes;
    std::size_t size;
};

/// At least 57 bits from bit `at` on.
RADPIX_MQ_INLINE std::uint64_t peek_bits(HtBits bits, std::size_t at) noexcept {
    const std::size_t byte = at >> 3U < bits.size ? at >> 3U : bits.size;
    std::uint64_t value = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (unsigned i = 0; i < 8; ++i) {
        value |= std::uint64_t{bits.bytes[byte + i]} << 8U * i;
    }
#else
    std::memcpy(&value, bits.bytes + byte, 8);
#endif
    return value >> (at & 7U);
}

/// The quads of a code-block and where their samples go.
struct HtSampleTask {
    const HtQuad *quads = nullptr; ///< of the first row
    Index quad_stride = 0;
    Index across = 0, down = 0;
    int plane = 0;
    HtBits magnitudes{};
    std::uint32_t *samples = nullptr; ///< two rows for each row of quads
    Index stride = 0;
    /// Exponents of the bottom left and bottom right samples of a row of quads, one to spare at either end,
    /// and the quads' kappa: 3 x (across + 2).
    std::uint8_t *scratch = nullptr;
};

/// The four bits of a pattern as four bytes of 0 or 1.
inline constexpr std::array<std::uint32_t, 16> spread_bits{
    0x00000000, 0x00000001, 0x00000100, 0x00000101, 0x00010000, 0x00010001, 0x00010100, 0x00010101,
    0x01000000, 0x01000001, 0x01000100, 0x01000101, 0x01010000, 0x01010001, 0x01010100, 0x01010101};

} // namespace radpix::jpeg2000
