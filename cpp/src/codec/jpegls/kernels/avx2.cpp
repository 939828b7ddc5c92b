// SPDX-License-Identifier: Apache-2.0
#include "base/target_region.hpp"

#if RADPIX_HAS_AVX2_TARGET
#include <cstdint>
#include <cstring>

#include "codec/jpegls/kernels/kernels.hpp"

namespace radpix::jpegls {
namespace {

/// 2^32 / N, rounded up: exact quotients of A below 2^24. N is at least 2 once it has grown.
struct Reciprocals {
    std::uint32_t values[most_vector_reset + 2] = {};
    constexpr Reciprocals() noexcept {
        for (std::uint64_t n = 2; n < most_vector_reset + 2; ++n) {
            values[n] = static_cast<std::uint32_t>(((std::uint64_t{1} << 32) + n - 1) / n);
        }
    }
};
constexpr Reciprocals reciprocals;

} // namespace
} // namespace radpix::jpegls

RADPIX_BEGIN_AVX2
namespace radpix::jpegls {
namespace avx2 {
namespace {

// BMI2's shifts and lzcnt are what this level is for: they leave CL and the flags alone.
inline unsigned leading_zeros(std::uint32_t value) noexcept {
    return static_cast<unsigned>(_lzcnt_u32(value));
}
inline unsigned leading_zeros_64(std::uint64_t value) noexcept {
    return static_cast<unsigned>(_lzcnt_u64(value));
}
inline std::uint64_t load_big_endian(const std::uint8_t *from) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
#if defined(__GNUC__)
    return __builtin_bswap64(word);
#else
    return _byteswap_uint64(word);
#endif
}

inline void store_big_endian(std::uint8_t *to, std::uint64_t word) noexcept {
    word = load_big_endian(reinterpret_cast<const std::uint8_t *>(&word)); // its own inverse
    std::memcpy(to, &word, sizeof word);
}

#include "codec/jpegls/kernels/context-inl.hpp"

/// Lane 3, N, in lane 1 and zeros.
inline __m128i count_at_bias(__m128i state) noexcept {
    return _mm_shuffle_epi8(state,
                            _mm_setr_epi8(-1, -1, -1, -1, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1));
}

/// A.6.1 at RESET: A, B and N are halved before N grows. In and out: A, B + N - 1, C, N after it has grown.
inline __m128i halved(__m128i state) noexcept {
    const __m128i inner =
        _mm_add_epi32(_mm_sub_epi32(state, count_at_bias(state)), _mm_setr_epi32(0, 1, 0, -1));
    const __m128i half = _mm_blend_epi32(_mm_srai_epi32(inner, 1), inner, 4);
    const __m128i outer = _mm_add_epi32(half, _mm_setr_epi32(0, -1, 0, 1));
    return _mm_add_epi32(outer, count_at_bias(outer));
}

/// The context before A.6.1's tests, with the new N.
inline __m128i grown(const Context *context) noexcept {
    return _mm_add_epi32(_mm_load_si128(reinterpret_cast<const __m128i *>(context)),
                         _mm_setr_epi32(0, 1, 0, 1));
}

/// The tests and A.6.2: B <= -N is a negative lane 1, B > 0 one above N - 1; the other lanes are within their
/// bounds. Stores the context. Returns whether 2B <= -N, in lane 0.
inline __m128i store_bounded(Context *context, __m128i state) noexcept {
    constexpr std::int32_t most = 0x7FFFFFFF;
    const __m128i bottom = _mm_setr_epi32(-most - 1, 0, -128, -most - 1), count = count_at_bias(state);
    const __m128i top = _mm_add_epi32(count, _mm_setr_epi32(most, -1, 127, most));
    const __m128i step = _mm_sub_epi32(_mm_cmpgt_epi32(bottom, state), _mm_cmpgt_epi32(state, top)); // of C
    state = _mm_sub_epi32(state, _mm_sign_epi32(count, step));
    state = _mm_add_epi32(state, _mm_slli_si128(step, 4));
    state = _mm_max_epi32(_mm_min_epi32(state, top), bottom);
    _mm_store_si128(reinterpret_cast<__m128i *>(context), state);
    return _mm_srli_si128(_mm_cmpgt_epi32(top, _mm_add_epi32(state, state)), 4);
}

/// T.87 A.6: A, B + N - 1, C and N at once, in lanes 0 to 3. `error` is in units of samples, `magnitude` its
/// absolute value in those of the coding, both in lane 0 before zeros. Takes 20 (lossless) to 30 instructions
/// a sample less than the scalar level's code, and no flags or registers: colour takes 0.7 of the time.
template <bool lossless>
inline void update(Context *context, __m128i magnitude, __m128i error, std::int32_t reset) noexcept {
    __m128i before = grown(context);
    __m128i with_magnitude = _mm_add_epi32(before, magnitude);
    __m128i state = _mm_add_epi32(with_magnitude, _mm_slli_si128(error, 4));
    if (context->count == reset) [[unlikely]] {
        state = with_magnitude = before = halved(state);
    }
    // N * 2^k >= A: floats of the same sign are ordered as integers, and k is added to the exponent of N. It
    // is stored first, and needs the fewest steps from A: the next code may wait for it.
    const __m128i count_bits = _mm_shuffle_epi32(_mm_castps_si128(_mm_cvtepi32_ps(before)), 0xFF);
    const __m128i inverse =
        _mm_sub_epi32(count_bits, _mm_castps_si128(_mm_cvtepi32_ps(with_magnitude))); // of N / A
    const __m128i zero = _mm_setzero_si128();
    const __m128i k = _mm_max_epi32(_mm_sub_epi32(zero, _mm_srai_epi32(inverse, 23)), zero);
    context->k = _mm_cvtsi128_si32(k);
    const __m128i mostly_negative = store_bounded(context, state);
    if constexpr (lossless) {
        context->flip = _mm_cvtsi128_si32(_mm_andnot_si128(_mm_cmpgt_epi32(k, zero), mostly_negative));
    }
}

inline void update_lossless(Context *context, std::int32_t error, std::int32_t reset) noexcept {
    const __m128i value = _mm_cvtsi32_si128(error);
    update<true>(context, _mm_abs_epi32(value), value, reset);
}

inline void update_near(Context *context, std::int32_t error, std::int32_t magnitude,
                        std::int32_t reset) noexcept {
    update<false>(context, _mm_cvtsi32_si128(magnitude), _mm_cvtsi32_si128(error), reset);
}

/// As `update_lossless`, with A and k outside the vector: ten cycles sooner, seven instructions more. In a
/// decoder the next code waits for k where it has the same context, which in grey images stored as RGB all
/// do: ultrasound takes 0.86 of the time, photographs 1.09.
inline void update_decoded(Context *context, std::int32_t error, std::int32_t reset) noexcept {
    std::uint32_t a = context->scalar_magnitude + static_cast<std::uint32_t>(error < 0 ? -error : error);
    std::int32_t n = context->count;
    __m128i state = _mm_add_epi32(grown(context), _mm_slli_si128(_mm_cvtsi32_si128(error), 4));
    if (n == reset) [[unlikely]] {
        state = halved(state);
        a >>= 1;
        n >>= 1;
    }
    // N * 2^k >= A where 2^k > (A - 1) / N
    const std::uint64_t quotient =
        static_cast<std::uint64_t>(a - 1 + (a == 0)) * reciprocals.values[n + 1] >> 32;
    const auto k = static_cast<std::int32_t>(32 - leading_zeros(static_cast<std::uint32_t>(quotient)));
    context->scalar_magnitude = a;
    context->k = k;
    const __m128i mostly_negative = store_bounded(context, state);
    context->flip = -static_cast<std::int32_t>(k == 0) & _mm_cvtsi128_si32(mostly_negative);
}

inline __m256i load(const std::uint16_t *from) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from));
}
inline __m256i load(const std::int16_t *from) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from));
}
inline void store(void *to, __m256i value) noexcept {
    _mm256_storeu_si256(static_cast<__m256i *>(to), value);
}

/// Q, T.87 A.3.3, as vectors of 16 unsigned differences.
struct Steps {
    __m256i first, t1, t2, t3; ///< the least difference of each region
};

inline Steps steps_of(std::int32_t near, std::int32_t t1, std::int32_t t2, std::int32_t t3) noexcept {
    return {_mm256_set1_epi16(static_cast<std::int16_t>(near + 1)),
            _mm256_set1_epi16(static_cast<std::int16_t>(t1)),
            _mm256_set1_epi16(static_cast<std::int16_t>(t2)),
            _mm256_set1_epi16(static_cast<std::int16_t>(t3))};
}

inline __m256i at_least(__m256i value, __m256i bound) noexcept {
    return _mm256_cmpeq_epi16(_mm256_max_epu16(value, bound), value);
}

/// Q(a - b).
inline __m256i quantized(__m256i a, __m256i b, const Steps &steps) noexcept {
    const __m256i up = _mm256_subs_epu16(a, b), down = _mm256_subs_epu16(b, a);
    const __m256i distance = _mm256_or_si256(up, down);
    const __m256i regions = _mm256_add_epi16(
        _mm256_add_epi16(at_least(distance, steps.first), at_least(distance, steps.t1)),
        _mm256_add_epi16(at_least(distance, steps.t2), at_least(distance, steps.t3))); // negative
    const __m256i rises = _mm256_cmpeq_epi16(down, _mm256_setzero_si256());            // or stays
    return _mm256_sub_epi16(_mm256_xor_si256(regions, rises), rises);
}

void quantize_line(const std::uint16_t *above, std::int16_t *gradients, Index samples, int components,
                   const std::int32_t *thresholds) noexcept {
    const Steps steps = steps_of(thresholds[0], thresholds[1], thresholds[2], thresholds[3]);
    const __m256i eighty_one = _mm256_set1_epi16(81 * context_size),
                  nine = _mm256_set1_epi16(9 * context_size);
    for (Index i = 0; i < samples; i += 16) {
        const __m256i rc = load(above + i - components), rb = load(above + i),
                      rd = load(above + i + components);
        const __m256i q1 = quantized(rd, rb, steps), q2 = quantized(rb, rc, steps);
        store(gradients + i,
              _mm256_add_epi16(_mm256_mullo_epi16(q1, eighty_one), _mm256_mullo_epi16(q2, nine)));
    }
}

void prepare_line(const EncoderLine &line, Index samples, int components, const LineParameters &p) noexcept {
    const Steps steps = steps_of(0, p.t1, p.t2, p.t3);
    const __m256i one = _mm256_set1_epi16(context_size);
    for (Index i = 0; i < samples; i += 16) {
        const __m256i ra = load(line.current + i - components), rb = load(line.above + i),
                      rc = load(line.above + i - components);
        store(line.gradients + i,
              _mm256_add_epi16(load(line.gradients + i), _mm256_mullo_epi16(quantized(rc, ra, steps), one)));
        // MED is Ra + Rb - Rc with Rc limited to what lies between Ra and Rb, modulo 2^16 as well
        const __m256i least = _mm256_min_epu16(ra, rb), most = _mm256_max_epu16(ra, rb);
        const __m256i middle = _mm256_max_epu16(least, _mm256_min_epu16(rc, most));
        store(line.predictions + i, _mm256_sub_epi16(_mm256_add_epi16(ra, rb), middle));
    }
}

#include "codec/jpegls/kernels/decode-inl.hpp"
#include "codec/jpegls/kernels/encode-inl.hpp"

} // namespace
} // namespace avx2

const Kernels avx2_kernels = {
    avx2::quantize_line,
    {{avx2::decode_line<1, Mode::modular>, avx2::decode_line<1, Mode::lossless>,
      avx2::decode_line<1, Mode::near_lossless>},
     {avx2::decode_line<2, Mode::modular>, avx2::decode_line<2, Mode::lossless>,
      avx2::decode_line<2, Mode::near_lossless>},
     {avx2::decode_line<3, Mode::modular>, avx2::decode_line<3, Mode::lossless>,
      avx2::decode_line<3, Mode::near_lossless>},
     {avx2::decode_line<4, Mode::modular>, avx2::decode_line<4, Mode::lossless>,
      avx2::decode_line<4, Mode::near_lossless>}},
    {{avx2::encode_line<1, Mode::modular>, avx2::encode_line<1, Mode::lossless>,
      avx2::encode_line<1, Mode::near_lossless>},
     {avx2::encode_line<2, Mode::modular>, avx2::encode_line<2, Mode::lossless>,
      avx2::encode_line<2, Mode::near_lossless>},
     {avx2::encode_line<3, Mode::modular>, avx2::encode_line<3, Mode::lossless>,
      avx2::encode_line<3, Mode::near_lossless>},
     {avx2::encode_line<4, Mode::modular>, avx2::encode_line<4, Mode::lossless>,
      avx2::encode_line<4, Mode::near_lossless>}},
};

} // namespace radpix::jpegls
RADPIX_END_AVX2
#endif
