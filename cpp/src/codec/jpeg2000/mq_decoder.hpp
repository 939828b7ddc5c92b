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
#else
#define RADPIX_MQ_INLINE inline
#define RADPIX_MQ_UNLIKELY(condition) (condition)
#endif

/// A context: bits 0-15 Qe, 16-22 the state after an MPS, 23-29 after an LPS, 31 the more probable symbol.
/// A state is 2 x the index of table C.2 + its more probable symbol.
using MqContext = std::uint32_t;

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

consteval std::array<MqContext, 94> make_mq_states() {
    std::array<MqContext, 94> states{};
    for (unsigned i = 0; i < 47; ++i) {
        for (unsigned mps = 0; mps < 2; ++mps) {
            const MqRow row = mq_rows[i];
            states[2 * i + mps] = row.qe | (2U * row.after_mps + mps) << 16U |
                                  (2U * row.after_lps + (mps ^ row.switches)) << 23U | mps << 31U;
        }
    }
    return states;
}

inline constexpr std::array<MqContext, 94> mq_states = make_mq_states();

/// Bits below Chigh in the 64-bit code register.
inline constexpr int mq_point = 44;

/// The code register and where its bytes come from.
struct MqInput {
    std::uint64_t c;
    const std::uint8_t *next;
    int bits;
    bool after_ff;
};

/// BYTEIN until the register is full; every thirty decisions or so, so better a call than more code in the
/// passes.
[[nodiscard]] MqInput refill_mq(MqInput input) noexcept;

/// Reads a segment that two bytes FF follow: they stand for the endless 1 bits behind its end (C.3.4), so no
/// read has to be checked.
///
/// Chigh is at bits 44-59 of a 64-bit register, the bits below come from up to five bytes read ahead. Between
/// renormalisations only `d_` = min(C, A - 0x8000) is kept: both fall by Qe with each more probable symbol,
/// and the decision takes the fast path while the smaller stays positive - one subtraction, one branch.
class MqDecoder {
public:
    RADPIX_MQ_INLINE explicit MqDecoder(const std::uint8_t *segment) noexcept : next_(segment) {
        std::uint64_t c = 0;
        refill(c);
        split(c, one_half);
    }

    RADPIX_MQ_INLINE unsigned decode(MqContext &context) noexcept {
        const MqContext state = context;
        const std::uint64_t qe = static_cast<std::uint64_t>(state & 0xFFFFU) << point;
        d_ -= qe;
        unsigned symbol = state >> 31U;
        if (RADPIX_MQ_UNLIKELY(is_negative(d_))) {
            symbol ^= renormalise(context, state, qe);
        }
        return symbol;
    }

private:
    friend class EvenMqDecoder;
    static constexpr int point = mq_point;
    static constexpr std::uint64_t one_half = std::uint64_t{0x8000} << point;

    /// Registers are two's complement in unsigned words: an encoder's C stays below A, but that of any bytes
    /// may be anything and has to wrap.
    static constexpr bool is_negative(std::uint64_t value) noexcept { return value >> 63U != 0; }

    /// The rest of DECODE (figure C.15): exchange, new state, renormalisation. 1 where the symbol is the LPS.
    RADPIX_MQ_INLINE unsigned renormalise(MqContext &context, MqContext state, std::uint64_t qe) noexcept {
        std::uint64_t c = d_ + c_above_, a = d_ + a_above_ + one_half;
        unsigned is_lps = 0;
        if (is_negative(c)) { // the lower sub-interval
            is_lps = a < qe ? 0U : 1U;
            c += qe;
            a = qe;
        } else {
            is_lps = a < qe ? 1U : 0U;
        }
        context = mq_states[state >> (is_lps != 0 ? 23U : 16U) & 127U];
        const int shift = std::countl_zero(a) - (63 - point - 15);
        a <<= shift;
        c <<= shift;
        bits_ -= shift;
        if (bits_ < 0) {
            refill(c);
        }
        split(c, a);
        return is_lps;
    }

    RADPIX_MQ_INLINE void split(std::uint64_t c, std::uint64_t a) noexcept {
        a -= one_half;
        d_ = static_cast<std::int64_t>(c) < static_cast<std::int64_t>(a) ? c : a;
        c_above_ = c - d_;
        a_above_ = a - d_;
    }

    /// BYTEIN until the register is full. A bit that follows FF lies on the last bit of the FF and is added,
    /// as the carry that it is; that it may arrive in Chigh before its time changes no decision of a valid
    /// stream.
    RADPIX_MQ_INLINE void refill(std::uint64_t &c) noexcept {
        const MqInput filled = refill_mq({c, next_, bits_, after_ff_});
        c = filled.c;
        next_ = filled.next;
        bits_ = filled.bits;
        after_ff_ = filled.after_ff;
    }

    std::uint64_t d_ = 0, c_above_ = 0, a_above_ = 0;
    const std::uint8_t *next_;
    /// Bits below Chigh that came from bytes. INITDEC leaves the first byte 7 bits above the end of Chigh, so
    /// before it there are -15.
    int bits_ = -15;
    bool after_ff_ = false;
};

/// The same decisions without a branch, for contexts whose symbols are as good as random: where a decision is
/// mispredicted every third time, what the branch saves costs more. Takes over from a decoder and gives back.
class EvenMqDecoder {
public:
    RADPIX_MQ_INLINE explicit EvenMqDecoder(const MqDecoder &decoder) noexcept
        : c_(decoder.d_ + decoder.c_above_), a_(decoder.d_ + decoder.a_above_ + MqDecoder::one_half),
          next_(decoder.next_), bits_(decoder.bits_), after_ff_(decoder.after_ff_) {}

    RADPIX_MQ_INLINE void give_back(MqDecoder &decoder) const noexcept {
        decoder.next_ = next_;
        decoder.bits_ = bits_;
        decoder.after_ff_ = after_ff_;
        decoder.split(c_, a_);
    }

    /// The same for a context that is nearly always right: with a branch for that case.
    RADPIX_MQ_INLINE unsigned decode_likely(MqContext &context) noexcept {
        const std::uint64_t qe = static_cast<std::uint64_t>(context & 0xFFFFU) << mq_point;
        const std::uint64_t c = c_ - qe, a = a_ - qe;
        if (RADPIX_MQ_UNLIKELY(((c | (a - MqDecoder::one_half)) >> 63U) != 0)) {
            return decode(context);
        }
        c_ = c;
        a_ = a;
        return context >> 31U;
    }

    RADPIX_MQ_INLINE unsigned decode(MqContext &context) noexcept {
        const MqContext state = context;
        const std::uint64_t qe = static_cast<std::uint64_t>(state & 0xFFFFU) << mq_point;
        const MqContext after_mps = mq_states[state >> 16U & 127U],
                        after_lps = mq_states[state >> 23U & 127U];
        const std::uint64_t c = c_ - qe, a = a_ - qe; // a is below 2^60 and above 0
        const std::uint64_t lower = all_if_negative(c), swapped = all_if_negative(a - qe);
        const std::uint64_t is_lps = lower ^ swapped;
        c_ = c + (qe & lower);
        a_ = a + ((qe - a) & lower);
        const int shift = std::countl_zero(a_) - (63 - mq_point - 15);
        const auto renormalised = static_cast<MqContext>(all_if_negative(static_cast<std::uint64_t>(-shift)));
        const MqContext after = after_mps ^ ((after_mps ^ after_lps) & static_cast<MqContext>(is_lps));
        context = state ^ ((state ^ after) & renormalised);
        c_ <<= shift;
        a_ <<= shift;
        bits_ -= shift;
        if (RADPIX_MQ_UNLIKELY(bits_ < 0)) {
            const MqInput filled = refill_mq({c_, next_, bits_, after_ff_});
            c_ = filled.c;
            next_ = filled.next;
            bits_ = filled.bits;
            after_ff_ = filled.after_ff;
        }
        return (state >> 31U) ^ static_cast<unsigned>(is_lps & 1U);
    }

private:
    RADPIX_MQ_INLINE static std::uint64_t all_if_negative(std::uint64_t value) noexcept {
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(value) >> 63U);
    }

    std::uint64_t c_, a_;
    const std::uint8_t *next_;
    int bits_;
    bool after_ff_;
};

} // namespace radpix::jpeg2000
