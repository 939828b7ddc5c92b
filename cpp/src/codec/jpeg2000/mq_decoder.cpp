// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/mq_decoder.hpp"

#include <cstring>

namespace radpix::jpeg2000 {
namespace {

std::uint64_t big_endian(const std::uint8_t *bytes) noexcept {
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    std::uint64_t value = 0; // GCC 12 does not see what the loop below is
    std::memcpy(&value, bytes, sizeof(value));
    return __builtin_bswap64(value);
#else
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {
        value = value << 8U | bytes[i];
    }
    return value;
#endif
}

/// Whether a byte is FF.
bool has_ff(std::uint64_t bytes) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    return ((~bytes - ones) & bytes & 0x80 * ones) != 0;
}

} // namespace

MqCode refill_mq(MqSource &source, MqCode code) noexcept {
    // Behind an FF of the padding, fewer than eight bytes follow.
    if (!source.after_ff && !has_ff(big_endian(source.next))) {
        const std::uint64_t ahead = big_endian(source.next);
        const std::int64_t count = (mq_point - code.bits) / 8; // 6 or 7
        code.bits += 8 * count;
        code.c += ahead >> (64 - 8 * count) << (mq_point - code.bits);
        source.next += count;
        return code;
    }
    while (code.bits <= mq_point - 8) {
        const unsigned byte = *source.next;
        if (source.after_ff && byte > 0x8F) { // a marker: 1 bits from here on, which is not passed
            code.bits += 8;
            code.c += std::uint64_t{0xFF} << (mq_point - code.bits);
            continue;
        }
        code.bits += source.after_ff ? 7 : 8;
        code.c += static_cast<std::uint64_t>(byte) << (mq_point - code.bits);
        source.after_ff = byte == 0xFF;
        ++source.next;
    }
    return code;
}

} // namespace radpix::jpeg2000
