// SPDX-License-Identifier: Apache-2.0
/// The MQ arithmetic decoder (ISO/IEC 15444-1 Annex C), its code register preloaded with more bits than the
/// standard's.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace radpix::jpeg2000 {

#if defined(__GNUC__)
#define RADPIX_MQ_INLINE [[gnu::always_inline]] inline
#define RADPIX_MQ_UNLIKELY(condition) __builtin_expect((condition), 0)
/// Keeps the compiler from turning arithmetic on a value back into branches.
#define RADPIX_MQ_KEEP(value) asm("" : "+r"(value))
/// Leading zeros of 64 bits that are not all zero; std::countl_zero would test for that.
#define RADPIX_MQ_LEADING_ZEROS(value) __builtin_clzll(value)
#else
#define RADPIX_MQ_INLINE inline
#define RADPIX_MQ_UNLIKELY(condition) (condition)
#define RADPIX_MQ_KEEP(value) static_cast<void>(value)
#define RADPIX_MQ_LEADING_ZEROS(value) std::countl_zero(value)
#endif

/// A context: where its state lies in mq_states. Bit 7 is the more probable symbol.
using MqContext = std::uint16_t;

struct MqRow {
    std::uint16_t qe;
    std::uint8_t after_mps, after_lps, switches;
};

/// ISO/IEC 15444-1 table C.2.
inline constexpr std::array<MqRow, 47> mq_rows{{
    {0x5601, 1, 1, 1},   {0x3401, 2, 6, 0},   {0x1801, 3, 9, 0},   {0x0AC1, 4, 12, 0},  {0x0521, 5, 29, 0},
    {0x0221, 38, 33, 0}, {0x5601, 7, 6, 1},   {0x5401, 8, 14, 0},  {0x4801, 9, 14, 0},  {0x3801, 10, 14, 0},
    {0x3001, 11, 17, 0}, {0x2401, 12, 18, 0}, {0x1C01, 13, 20, 0}, {0x1601, 29, 21, 0}, {0x5601, 15, 14, 1},
    {0x5401, 16, 14, 0}, {0x5101, 17, 15, 0}, {0x4801, 18, 16, 0}, {0x3801, 19, 17, 0}, {0x3401, 20, 18, 0},
    {0x3001, 21, 19, 0}, {0x2801, 22, 19, 0}, {0x2401, 23, 20, 0}, {0x2201, 24, 21, 0}, {0x1C01, 25, 22, 0},
    {0x1801, 26, 23, 0}, {0x1601, 27, 24, 0}, {0x1401, 28, 25, 0}, {0x1201, 29, 26, 0}, {0x1101, 30, 27, 0},
    {0x0AC1, 31, 28, 0}, {0x09C1, 32, 29, 0}, {0x08A1, 33, 30, 0}, {0x0521, 34, 31, 0}, {0x0441, 35, 32, 0},
    {0x02A1, 36, 33, 0}, {0x0221, 37, 34, 0}, {0x0141, 38, 35, 0}, {0x0111, 39, 36, 0}, {0x0085, 40, 37, 0},
    {0x0049, 41, 38, 0}, {0x0025, 42, 39, 0}, {0x0015, 43, 40, 0}, {0x0009, 44, 41, 0}, {0x0005, 45, 42, 0},
    {0x0001, 45, 43, 0}, {0x5601, 46, 46, 0},
}};

/// Bits below Chigh in the 64-bit code register.
inline constexpr int mq_point = 48;

constexpr MqContext mq_context(unsigned row, unsigned mps) noexcept {
    return static_cast<MqContext>(2U * row + 128U * mps);
}

/// Two words a state: Qe where it meets Chigh, and the states that follow a decision in 16 bits each: without
/// renormalisation, after the more probable, after the less probable symbol.
consteval std::array<std::uint64_t, 256> make_mq_states() {
    std::array<std::uint64_t, 256> states{};
    for (unsigned i = 0; i < 47; ++i) {
        for (unsigned mps = 0; mps < 2; ++mps) {
            const MqRow row = mq_rows[i];
            const MqContext here = mq_context(i, mps);
            const std::uint64_t after_mps = mq_context(row.after_mps, mps),
                                after_lps = mq_context(row.after_lps, mps ^ row.switches);
            states[here] = std::uint64_t{row.qe} << mq_point;
            states[here + 1U] = here | after_mps << 16U | after_lps << 32U;
        }
    }
    return states;
}

inline constexpr std::array<std::uint64_t, 256> mq_states = make_mq_states();

/// Bytes FF that have to follow a segment: two stand for the endless 1 bits behind its end (C.3.4), the
/// others are read together with them. So no read has to be checked.
inline constexpr std::size_t mq_padding = 8;

/// A segment without bytes.
inline constexpr std::array<std::uint8_t, mq_padding> no_bytes{0xFF, 0xFF, 0xFF, 0xFF,
                                                               0xFF, 0xFF, 0xFF, 0xFF};

/// Where the bytes of the code register come from.
struct MqSource {
    const std::uint8_t *next;
    bool after_ff = false;
};

/// The code register: Chigh is at bits 48-63, the `bits` bits below come from bytes read ahead.
struct MqCode {
    std::uint64_t c;
    std::int64_t bits;
};

/// BYTEIN until the register is full; every thirty decisions or so, so better a call than more code in the
/// passes. A bit that follows FF lies on the last bit of the FF and is added, as the carry that it is; that
/// it may arrive in Chigh before its time changes no decision of a valid stream.
[[nodiscard]] MqCode refill_mq(MqSource &source, MqCode code) noexcept;

/// Between passes.
struct MqDecoder {
    /// `segment`: mq_padding bytes FF follow it.
    explicit MqDecoder(const std::uint8_t *segment) noexcept : source{segment} {
        // INITDEC leaves the first byte 7 bits above the end of Chigh, so before it there are -15.
        code = refill_mq(source, {0, -15});
    }

    MqSource source;
    MqCode code{};
    std::uint64_t a = std::uint64_t{0x8000} << mq_point;
};

/// During a pass, its registers out of reach of other memory. Decides without a branch: most symbols are as
/// good as random, and where a decision is mispredicted every third time, what a branch saves costs more.
///
/// An encoder's C stays below A, but that of any bytes may be anything and wraps.
class MqCursor {
public:
    RADPIX_MQ_INLINE explicit MqCursor(MqDecoder &decoder) noexcept
        : source_(&decoder.source), code_(decoder.code), a_(decoder.a) {}

    RADPIX_MQ_INLINE void give_back(MqDecoder &decoder) const noexcept {
        decoder.code = code_;
        decoder.a = a_;
    }

    /// Takes `count` decisions (at most 16) at once if they need no renormalisation and are all 0; else none.
    RADPIX_MQ_INLINE bool pass_zeros(MqContext context, unsigned count) noexcept {
        const std::uint64_t qe = mq_states[context] * count, most = (a_ - half) >> mq_point;
        if (context >> 7U != 0 || (mq_states[context] >> mq_point) * count > most || code_.c < qe) {
            return false;
        }
        code_.c -= qe;
        a_ -= qe;
        return true;
    }

    RADPIX_MQ_INLINE unsigned decode(MqContext &context) noexcept {
        const std::size_t state = context;
        const std::uint64_t qe = mq_states[state], next = mq_states[state + 1];
        const std::uint64_t c = code_.c - qe, a = a_ - qe;
        std::uint64_t lower = code_.c < qe ? ~std::uint64_t{0} : 0; // the lower sub-interval
        RADPIX_MQ_KEEP(lower);
        const std::uint64_t is_lps = lower ^ (a < qe ? ~std::uint64_t{0} : 0);
        code_.c = c + (qe & lower);
        a_ = a ^ ((qe ^ a) & lower);
        const int shift = RADPIX_MQ_LEADING_ZEROS(a_);
        std::uint64_t outcome = (shift != 0 ? 1U : 0U) - is_lps;
        RADPIX_MQ_KEEP(outcome);
        context = static_cast<MqContext>(next >> (16U * outcome));
        code_.c <<= shift;
        a_ <<= shift;
        code_.bits -= shift;
        if (RADPIX_MQ_UNLIKELY(code_.bits < 0)) {
            code_ = refill_mq(*source_, code_);
        }
        return static_cast<unsigned>(state >> 7U ^ (is_lps & 1U));
    }

private:
    static constexpr std::uint64_t half = std::uint64_t{0x8000} << mq_point;

    MqSource *source_;
    MqCode code_;
    std::uint64_t a_;
};

} // namespace radpix::jpeg2000
