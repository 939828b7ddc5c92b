// SPDX-License-Identifier: Apache-2.0
// No guard: included once by each file of AVX2 kernels, inside its region and anonymous namespace. Eight
// columns at a time: positions in 2 x 4 float64, the pair of voxels (x, x + 1) of each of the four (z, y)
// corners by one load, interpolation in 8 float32. The arithmetic is that of scalar.cpp, operation by
// operation.

/// `only`: of the one sample of a pixel without a slab.
enum class Operation : std::uint8_t { mean, sum, max, min, only };

/// A double for each of 8 columns.
struct Doubles {
    __m256d low, high;
};

/// What does not change along a row. Axes z, y, x.
struct Constants {
    __m256d start[3], step[3], last_index[3], last_edge[3];
    __m256d last_base[3]; ///< the highest index whose upper neighbour exists
    __m256d strides[2];
    Index up_z, up_y; ///< the way to the upper neighbour; 0 where an axis has one voxel
};

template <class T>
inline Constants constants_of(const Source<T> &source, const Line &line) noexcept {
    Constants c;
    for (int axis = 0; axis < 3; ++axis) {
        const Index n = source.shape[axis];
        const Index stride = source.strides[axis];
        c.start[axis] = _mm256_set1_pd(line.start[axis]);
        c.step[axis] = _mm256_set1_pd(line.step[axis]);
        c.last_index[axis] = _mm256_set1_pd(static_cast<double>(n - 1));
        c.last_edge[axis] = _mm256_set1_pd(static_cast<double>(n) - 0.5);
        c.last_base[axis] = _mm256_set1_pd(static_cast<double>(n > 1 ? n - 2 : 0));
        if (axis < 2) {
            (axis == 0 ? c.up_z : c.up_y) = n > 1 ? stride : 0;
            c.strides[axis] = _mm256_set1_pd(static_cast<double>(stride));
        }
    }
    return c;
}

/// The voxels at offset x; and those at x + 1, or for integers their differences from the first.
struct Pair {
    __m256 a, b;
};

/// Offsets of 8 voxels, in elements.
struct Offsets {
    alignas(32) Index at[8];
};

inline __m256 lerp(__m256 a, __m256 b, __m256 t) noexcept {
    return _mm256_add_ps(a, _mm256_mul_ps(t, _mm256_sub_ps(b, a)));
}

/// lerp that takes an end exactly, and does not see a NaN of weight 0.
inline __m256 lerp_exact(__m256 a, __m256 b, __m256 t) noexcept {
    __m256 value = lerp(a, b, t);
    value = _mm256_blendv_ps(value, a, _mm256_cmp_ps(t, _mm256_setzero_ps(), _CMP_EQ_OQ));
    return _mm256_blendv_ps(value, b, _mm256_cmp_ps(t, _mm256_set1_ps(1), _CMP_EQ_OQ));
}

template <class T>
inline __m256 lerp_of(__m256 a, __m256 b, __m256 t) noexcept {
    if constexpr (std::is_same_v<T, float>) {
        return lerp_exact(a, b, t);
    } else {
        return lerp(a, b, t);
    }
}

// A pair (x, x + 1) is one load, and 8 of them are put together by insertion: the gather instruction
// takes 4.0 ns for 8 pairs on a Zen 5 and blocks all else, this 2.8 ns; a slab of 29
// samples from the cache takes 11.8 instead of 16.2 ms.

/// The bytes at an address of any alignment.
template <class Bits>
inline Bits bits_at(const void *address) noexcept {
    Bits bits;
    std::memcpy(&bits, address, sizeof bits);
    return bits;
}

/// Four pairs of 16-bit voxels.
template <class T>
inline __m128i four_pairs(const T *base, const Index *at) noexcept {
    const __m128i low =
        _mm_insert_epi32(_mm_cvtsi32_si128(bits_at<int>(base + at[0])), bits_at<int>(base + at[1]), 1);
    const __m128i high =
        _mm_insert_epi32(_mm_cvtsi32_si128(bits_at<int>(base + at[2])), bits_at<int>(base + at[3]), 1);
    return _mm_unpacklo_epi64(low, high);
}

template <class T>
inline __m256i eight_pairs(const T *base, const Offsets &offsets) noexcept {
    return _mm256_set_m128i(four_pairs(base, offsets.at + 4), four_pairs(base, offsets.at));
}

// Differences of integers are exact, so that they may be taken before the conversion to float32; pmaddwd
// takes them, and extends the sign, in one instruction.
inline Pair pairs_at(const std::int16_t *base, const Offsets &offsets) noexcept {
    const __m256i both = eight_pairs(base, offsets);
    return {_mm256_cvtepi32_ps(_mm256_madd_epi16(both, _mm256_set1_epi32(1))),
            _mm256_cvtepi32_ps(_mm256_madd_epi16(both, _mm256_set1_epi32(0x0001ffff)))};
}

inline Pair pairs_at(const std::uint16_t *base, const Offsets &offsets) noexcept {
    const __m256i both = eight_pairs(base, offsets);
    const __m256i centred = _mm256_xor_si256(both, _mm256_set1_epi16(-0x8000));
    return {_mm256_cvtepi32_ps(_mm256_and_si256(both, _mm256_set1_epi32(0xffff))),
            _mm256_cvtepi32_ps(_mm256_madd_epi16(centred, _mm256_set1_epi32(0x0001ffff)))};
}

/// Eight pairs of bytes.
inline __m128i eight_pairs_of_bytes(const std::uint8_t *base, const Offsets &offsets) noexcept {
    const Index *const at = offsets.at;
    __m128i words = _mm_cvtsi32_si128(bits_at<std::uint16_t>(base + at[0]));
    words = _mm_insert_epi16(words, bits_at<std::uint16_t>(base + at[1]), 1);
    words = _mm_insert_epi16(words, bits_at<std::uint16_t>(base + at[2]), 2);
    words = _mm_insert_epi16(words, bits_at<std::uint16_t>(base + at[3]), 3);
    words = _mm_insert_epi16(words, bits_at<std::uint16_t>(base + at[4]), 4);
    words = _mm_insert_epi16(words, bits_at<std::uint16_t>(base + at[5]), 5);
    words = _mm_insert_epi16(words, bits_at<std::uint16_t>(base + at[6]), 6);
    return _mm_insert_epi16(words, bits_at<std::uint16_t>(base + at[7]), 7);
}

inline Pair pairs_at(const std::uint8_t *base, const Offsets &offsets) noexcept {
    const __m256i both = _mm256_cvtepu16_epi32(eight_pairs_of_bytes(base, offsets));
    const __m256i a = _mm256_and_si256(both, _mm256_set1_epi32(0xff));
    return {_mm256_cvtepi32_ps(a), _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_srli_epi32(both, 8), a))};
}

inline __m128 two_pairs(const float *base, const Index *at) noexcept {
    const __m128i first = _mm_cvtsi64_si128(bits_at<std::int64_t>(base + at[0]));
    return _mm_castsi128_ps(_mm_insert_epi64(first, bits_at<std::int64_t>(base + at[1]), 1));
}

inline Pair pairs_at(const float *base, const Offsets &offsets) noexcept {
    const Index *const at = offsets.at;
    const __m256 even = _mm256_set_m128(two_pairs(base, at + 4), two_pairs(base, at)); // lanes 0, 1, 4, 5
    const __m256 odd = _mm256_set_m128(two_pairs(base, at + 6), two_pairs(base, at + 2));
    return {_mm256_shuffle_ps(even, odd, 0x88), _mm256_shuffle_ps(even, odd, 0xdd)};
}

/// The value along x at one of the four neighbours (z, y).
template <class T>
inline __m256 along_x(const T *base, const Offsets &offsets, __m256 t) noexcept {
    const Pair pair = pairs_at(base, offsets);
    if constexpr (std::is_same_v<T, float>) {
        return lerp_exact(pair.a, pair.b, t);
    } else {
        return _mm256_add_ps(pair.a, _mm256_mul_ps(t, pair.b));
    }
}

/// The low halves of 8 doubles' bits, in order.
inline __m256i low_words(Doubles values) noexcept {
    const __m256 mixed = _mm256_shuffle_ps(_mm256_castpd_ps(values.low), _mm256_castpd_ps(values.high), 0x88);
    return _mm256_castpd_si256(_mm256_permute4x64_pd(_mm256_castps_pd(mixed), 0xd8));
}

inline __m256d inside(__m256d position, __m256d last_edge) noexcept {
    return _mm256_and_pd(_mm256_cmp_pd(position, _mm256_set1_pd(-0.5), _CMP_GE_OQ),
                         _mm256_cmp_pd(position, last_edge, _CMP_LE_OQ));
}

/// The lower neighbour's index of a position clamped to [0, n - 1], which is not negative: truncation is a
/// floor.
template <bool border>
inline __m256d base_of(__m256d &position, const Constants &c, int axis) noexcept {
    constexpr int truncate = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;
    if constexpr (border) { // max first: it turns a NaN into 0
        position = _mm256_min_pd(_mm256_max_pd(position, _mm256_setzero_pd()), c.last_index[axis]);
        return _mm256_min_pd(_mm256_round_pd(position, truncate), c.last_base[axis]);
    } else {
        return _mm256_round_pd(position, truncate);
    }
}

/// The offsets of 4 voxels: whole numbers are exact in float64, and with 1.5 * 2^52 added they are the low
/// bits of the mantissa, in two's complement. `fits_avx2` keeps them below 2^50.
inline __m256i offsets_of(__m256d z, __m256d y, __m256d x, const Constants &c) noexcept {
    const __m256d unit_is_one = _mm256_set1_pd(6755399441055744.0);
    const __m256d rows = _mm256_add_pd(_mm256_mul_pd(z, c.strides[0]), _mm256_mul_pd(y, c.strides[1]));
    const __m256d sum = _mm256_add_pd(_mm256_add_pd(rows, x), unit_is_one);
    return _mm256_sub_epi64(_mm256_castpd_si256(sum), _mm256_castpd_si256(unit_is_one));
}

/// For volumes without absent voxels: nobody looks at the voxels besides.
struct Nobody {
    template <class T>
    void look_at(const T * /*base*/, const Offsets & /*offsets*/) noexcept {}
};

/// The values at 8 positions; the looker is shown the pairs of voxels that they are made of.
template <class T, bool border, class Looker>
inline __m256 sample(const T *data, Doubles (&position)[3], const Constants &c, Looker &looker) noexcept {
    Doubles base[3];
    __m256 t[3];
    for (int axis = 0; axis < 3; ++axis) {
        base[axis].low = base_of<border>(position[axis].low, c, axis);
        base[axis].high = base_of<border>(position[axis].high, c, axis);
        t[axis] = _mm256_set_m128(_mm256_cvtpd_ps(_mm256_sub_pd(position[axis].high, base[axis].high)),
                                  _mm256_cvtpd_ps(_mm256_sub_pd(position[axis].low, base[axis].low)));
    }
    Offsets offsets;
    _mm256_store_si256(reinterpret_cast<__m256i *>(offsets.at),
                       offsets_of(base[0].low, base[1].low, base[2].low, c));
    _mm256_store_si256(reinterpret_cast<__m256i *>(offsets.at + 4),
                       offsets_of(base[0].high, base[1].high, base[2].high, c));
    const __m256 lower =
        lerp_of<T>(along_x(data, offsets, t[2]), along_x(data + c.up_y, offsets, t[2]), t[1]);
    const T *const above = data + c.up_z;
    looker.look_at(data, offsets);
    looker.look_at(data + c.up_y, offsets);
    looker.look_at(above, offsets);
    looker.look_at(above + c.up_y, offsets);
    const __m256 upper =
        lerp_of<T>(along_x(above, offsets, t[2]), along_x(above + c.up_y, offsets, t[2]), t[1]);
    return lerp_of<T>(lower, upper, t[0]);
}

template <Operation operation>
inline __m256 combined(__m256 total, __m256 value) noexcept {
    if constexpr (operation == Operation::max) { // maxps(a, b) is a > b ? a : b
        return _mm256_max_ps(value, total);
    } else if constexpr (operation == Operation::min) {
        return _mm256_min_ps(value, total);
    } else {
        return _mm256_add_ps(total, value);
    }
}

template <Operation operation>
inline __m256 neutral() noexcept {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    return _mm256_set1_ps(operation == Operation::max   ? -infinity
                          : operation == Operation::min ? infinity
                                                        : -0.0F);
}

/// The samples of a pixel so far.
struct Total {
    __m256 value;
    __m256 nan;    ///< all bits set where a sample was NaN
    __m256i count; ///< samples inside, negative
};

/// The centres of the slab at 8 columns.
inline void place_centres(const Constants &c, Index column, Doubles (&centre)[3]) noexcept {
    const __m256d base = _mm256_set1_pd(static_cast<double>(column));
    const Doubles columns{_mm256_add_pd(base, _mm256_setr_pd(0, 1, 2, 3)),
                          _mm256_add_pd(base, _mm256_setr_pd(4, 5, 6, 7))};
    for (int axis = 0; axis < 3; ++axis) {
        centre[axis] = {_mm256_add_pd(c.start[axis], _mm256_mul_pd(columns.low, c.step[axis])),
                        _mm256_add_pd(c.start[axis], _mm256_mul_pd(columns.high, c.step[axis]))};
    }
}
