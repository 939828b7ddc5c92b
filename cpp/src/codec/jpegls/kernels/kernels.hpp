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
inline constexpr int context_size = 32;
/// A of a context stays below 2^32 / 255 up to this RESET: what the AVX2 level needs to compute k.
inline constexpr int most_vector_reset = 255;

/// Codes of more zeros are the long way's: with these, and k <= 32, one fits into a word loaded at any bit.
inline constexpr int most_quick_zeros = 24;

/// How the errors of a scan are coded: exactly, modulo a power of two (MAXVAL + 1) or any other RANGE, or
/// within NEAR.
enum class Mode : std::uint8_t { modular, lossless, near_lossless };
inline constexpr int modes = 3;

/// A, B, C, N of a regular context, table 7, and what the next code in it needs, computed when the context is
/// updated, while that code is still far off. The first four are updated as one vector.
struct alignas(context_size) Context {
    std::uint32_t magnitude; ///< A
    std::int32_t bias;       ///< B + N - 1, which A.6.1 keeps within 0 to N - 1
    std::int32_t correction; ///< C
    std::int32_t count;      ///< N
    std::int32_t k;          ///< the Golomb parameter, A.5.1
    std::int32_t flip;       ///< -1 where k = 0, NEAR = 0 and 2B <= -N swap e and -e - 1 (A.5.2), else 0
    /// A again: the AVX2 level's decoder of lossless scans keeps it here, and nothing in `magnitude`.
    std::uint32_t scalar_magnitude;
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
    std::int32_t quick_zeros;     ///< of codes that are neither long nor escaped
    std::uint64_t reciprocal;     ///< 2^32 / step + 1: (n * reciprocal) >> 32 is n / step below 2^17
    const std::int8_t *quantizer; ///< context_size / 2 * Q(d) for d from -65535 to 65535, at d = 0
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

/// A line of one component, or of several interleaved by sample: sample x of component c of n is at x * n +
/// c. The decoder reads the pixels of `above` at -1 and width, and sets the one of `current` at -1 (A.2.1).
struct DecoderLine {
    const std::uint16_t *above;
    std::uint16_t *current;
    const std::int16_t *gradients; ///< see `quantize_line`
};

using DecodeLine = void (*)(CoderState &state, const LineParameters &parameters, DecoderCursor &cursor,
                            const DecoderLine &line, std::int32_t &run_index, Index width) noexcept;

/// The same to encode. `current` holds the samples; where NEAR is not 0, they are replaced by what the
/// decoder will reconstruct.
struct EncoderLine {
    const std::uint16_t *above;
    std::uint16_t *current;
    std::int16_t *gradients;    ///< replaced by whole context offsets where NEAR is 0
    std::uint16_t *predictions; ///< memory for `width` pixels, and `vector_samples` to spare
};

/// Bits before stuffing. `next` has eight bytes to spare at each code.
struct EncoderCursor {
    std::uint8_t *next;
    std::uint64_t pending; ///< left-aligned
    std::int32_t count;    ///< of pending bits, at most 7 between codes
};

using EncodeLine = void (*)(CoderState &state, const LineParameters &parameters, EncoderCursor &cursor,
                            const EncoderLine &line, std::int32_t &run_index, Index width) noexcept;

/// Lines are read and written in vectors: so many samples beyond their end belong to their memory.
inline constexpr int vector_samples = 16;

struct Kernels {
    /// gradients[i] = context_size * (81 * Q(Rd - Rb) + 9 * Q(Rb - Rc)) of all `samples` of a line of
    /// interleaved components: nothing of it depends on the line being decoded. `thresholds` are NEAR, T1,
    /// T2, T3.
    void (*quantize_line)(const std::uint16_t *above, std::int16_t *gradients, Index samples, int components,
                          const std::int32_t *thresholds) noexcept;
    /// By [components - 1][mode].
    DecodeLine decode_line[max_components][modes];
    EncodeLine encode_line[max_components][modes];
};

extern const Kernels scalar_kernels;
extern const Kernels avx2_kernels;

/// The table of `cpu_level()` for scans of this RESET.
[[nodiscard]] const Kernels &kernels(int reset);

} // namespace radpix::jpegls
