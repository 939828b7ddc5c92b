// SPDX-License-Identifier: Apache-2.0
/// Inner loops of JPEG-LS scans: one line of one component, or of sample-interleaved ones (T.87 Annex A).
#pragma once

#include <cstdint>

#include "radpix/view.hpp"

namespace radpix::jpegls {

inline constexpr int max_components = 4;
/// Regular contexts, figure A.6: 81 * Q1 + 9 * Q2 + Q3 with the sign of the first nonzero one folded away.
inline constexpr int regular_contexts = 365;
/// Bytes of a Context: the quantized gradients are kept times this, so that they are offsets.
inline constexpr int context_size = 16;

/// A, B, C, N of a regular context, table 7, and what the next code in it needs: the Golomb parameter k in
/// bits 0 to 5 and, in bit 8, whether k = 0, NEAR = 0 and 2B <= -N swap the mapping's even and odd values
/// (A.5.2). It is computed when the context is updated, while the next code is still far off.
struct Context {
    std::uint32_t magnitude; ///< A
    std::int32_t bias;       ///< B
    std::int16_t correction; ///< C
    std::uint16_t count;     ///< N
    std::uint32_t code;
};
static_assert(sizeof(Context) == context_size);

/// A.7.2: contexts 365 and 366.
struct RunContext {
    std::uint32_t magnitude; ///< A
    std::int32_t count;      ///< N
    std::int32_t negatives;  ///< Nn
};

/// What a line's coding needs and does not change.
struct LineParameters {
    std::int32_t maximum; ///< MAXVAL
    std::int32_t near;
    std::int32_t step;  ///< 2 * NEAR + 1
    std::int32_t range; ///< RANGE
    std::int32_t reset;
    std::int32_t quantized_bits; ///< qbpp
    std::int32_t limit;          ///< LIMIT
    std::int32_t t1, t2, t3;
    std::uint64_t reciprocal;     ///< 2^32 / step + 1: (n * reciprocal) >> 32 is n / step below 2^17
    const std::int8_t *quantizer; ///< context_size * Q(d) for d from -65535 to 65535, at d = 0
};

/// State that lasts from restart to restart.
struct CoderState {
    Context contexts[regular_contexts];
    RunContext run_contexts[2];
    std::int32_t run_index[max_components]; ///< one is used where components are interleaved by sample
};

enum class Fault : std::uint8_t { none, exhausted, run_too_long, error_out_of_range };

struct DecoderCursor {
    const std::uint8_t *bytes; ///< of the segment
    std::int64_t position;     ///< in bits
    std::int64_t end;          ///< in bits
    Fault fault;
    std::uint32_t value; ///< of the code just read
};

/// One line of one component. Samples are at index 0 to width - 1; the decoder reads above[-1] and
/// above[width], and sets current[-1] (A.2.1).
struct ComponentLine {
    const std::uint16_t *above;
    std::uint16_t *current;
    const std::int16_t *gradients; ///< see `quantize_line`
};

using DecodeLine = void (*)(CoderState &state, const LineParameters &parameters, DecoderCursor &cursor,
                            const ComponentLine *lines, std::int32_t &run_index, Index width) noexcept;

/// One line of one component to encode. `current` holds the samples; where NEAR is not 0, they are replaced
/// by what the decoder will reconstruct.
struct EncoderLine {
    const std::uint16_t *above;
    std::uint16_t *current;
    std::int16_t *gradients;    ///< replaced by whole context offsets where NEAR is 0
    std::uint16_t *predictions; ///< memory for `width` of them
};

/// Bits before stuffing. `next` has eight bytes to spare at each code.
struct EncoderCursor {
    std::uint8_t *next;
    std::uint64_t pending; ///< left-aligned
    std::int32_t count;    ///< of pending bits, at most 7 between codes
};

using EncodeLine = void (*)(CoderState &state, const LineParameters &parameters, EncoderCursor &cursor,
                            const EncoderLine *lines, std::int32_t &run_index, Index width) noexcept;

struct Kernels {
    /// gradients[x] = context_size * (81 * Q(Rd - Rb) + 9 * Q(Rb - Rc)) for all x: nothing of it depends on
    /// the line being decoded. `thresholds` are NEAR, T1, T2, T3. `above` has two samples to spare.
    void (*quantize_line)(const std::uint16_t *above, std::int16_t *gradients, Index width,
                          const std::int32_t *thresholds) noexcept;
    /// Current lines of 1 to 4 components, sample by sample.
    void (*interleave[max_components])(const ComponentLine *lines, std::uint16_t *row, Index width) noexcept;
    /// By [components - 1][MAXVAL + 1 is a power of two and NEAR is 0].
    DecodeLine decode_line[max_components][2];
    EncodeLine encode_line[max_components][2];
};

extern const Kernels scalar_kernels;
extern const Kernels avx2_kernels;

/// The table of `cpu_level()`.
[[nodiscard]] const Kernels &kernels();

} // namespace radpix::jpegls
