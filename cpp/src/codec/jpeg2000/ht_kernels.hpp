// SPDX-License-Identifier: Apache-2.0
/// The parts of the HT block decoder that have a version for each CPU level: the quads, and their magnitudes
/// and signs.
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
static_assert(sizeof(HtQuad) == 4);

/// `size` bytes, readable for 16 more that hold the endless bits behind them.
struct HtBits {
    const std::uint8_t *bytes;
    std::size_t size;
};

RADPIX_MQ_INLINE std::uint64_t load_64_bits(const std::uint8_t *bytes) noexcept {
    std::uint64_t value = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (unsigned i = 0; i < 8; ++i) {
        value |= std::uint64_t{bytes[i]} << 8U * i;
    }
#else
    std::memcpy(&value, bytes, 8);
#endif
    return value;
}

/// At least 57 bits from bit `at` on.
RADPIX_MQ_INLINE std::uint64_t peek_bits(HtBits bits, std::size_t at) noexcept {
    const std::size_t byte = at >> 3U < bits.size ? at >> 3U : bits.size;
    return load_64_bits(bits.bytes + byte) >> (at & 7U);
}

/// The MEL run-length decoder (7.3.3). Behind its bytes 1 bits follow.
class MelDecoder {
public:
    /// The last byte's low half belongs to the segment's length and counts as 1 bits.
    RADPIX_MQ_INLINE MelDecoder(const std::uint8_t *bytes, std::size_t count) noexcept
        : next_(bytes), end_(bytes + count) {}

    [[nodiscard]] RADPIX_MQ_INLINE bool next() noexcept {
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
    RADPIX_MQ_INLINE void read_run() noexcept {
        const unsigned exponent = mel_exponents[state_];
        if (bit() != 0) {
            zeros_ = 1U << exponent;
            state_ += state_ < 12U ? 1U : 0U;
            return;
        }
        for (unsigned i = 0; i < exponent; ++i) {
            zeros_ = zeros_ << 1U | bit();
        }
        one_follows_ = true;
        state_ = state_ == 0 ? 0 : state_ - 1;
    }

    RADPIX_MQ_INLINE unsigned bit() noexcept {
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

/// Where the quads of a code-block come from and go to. Rows of quads have one quad to spare before and two
/// behind them, and a row above the first, all zero.
struct HtQuadTask {
    HtBits vlc{};
    const std::uint8_t *mel = nullptr;
    std::size_t mel_size = 0;
    HtQuad *quads = nullptr; ///< of the first row
    Index quad_stride = 0;
    Index across = 0, down = 0;
};

/// What becomes of a sample: sign and doubled magnitude, as passes that follow need it, or a coefficient.
enum class HtOutput : std::uint8_t { sign_magnitude, integer, real };

/// The quads of a code-block and where their samples go. Rows of quads and of samples are there in whole
/// pairs of quads.
struct HtSampleTask {
    const HtQuad *quads = nullptr; ///< of the first row
    Index quad_stride = 0;
    Index across = 0, down = 0;
    int plane = 0;
    HtBits magnitudes{};
    HtOutput output = HtOutput::sign_magnitude;
    float half_step = 0;     ///< of real ones, the size of half a quantization step
    void *samples = nullptr; ///< two rows for each row of quads, of 32-bit numbers
    Index stride = 0;
    std::uint32_t *scratch = nullptr; ///< ht_scratch(across) numbers
};

/// A vector of quads is worked on at once, so every row of the scratch has one to spare.
inline constexpr Index ht_spare = 8;

/// Three rows: the magnitudes read for the lower samples of a row of quads, two for each quad; the exponent
/// bounds U; the numbers of bits.
[[nodiscard]] constexpr Index ht_scratch(Index across) noexcept {
    return 4 * across + 6 * ht_spare;
}

/// The rows of the scratch. `kept` is readable one before and, as the others, a vector behind its quads.
struct HtRow {
    std::uint32_t *kept, *exponents, *counts;
};

/// The four bits of a pattern as four bytes of 0 or 1.
inline constexpr std::array<std::uint32_t, 16> spread_bits{
    0x00000000, 0x00000001, 0x00000100, 0x00000101, 0x00010000, 0x00010001, 0x00010100, 0x00010101,
    0x01000000, 0x01000001, 0x01000100, 0x01000101, 0x01010000, 0x01010001, 0x01010100, 0x01010101};

} // namespace radpix::jpeg2000
