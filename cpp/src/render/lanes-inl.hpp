// SPDX-License-Identifier: Apache-2.0
// No guard: included once in each file of eight rays at a time, inside its region and anonymous namespace.

constexpr float infinity = std::numeric_limits<float>::infinity();

/// What does not change along a packet's rays. Axes z, y, x.
struct Packed {
    __m256 start[3], step[3];
    __m256 size_inverse[3], skip_bias[3]; ///< 1 / |step|; what is skipped along an axis that is not left
    __m256 end[3];                        ///< the last index
    __m256i highest[3];                   ///< lower corner
    __m256i strides[2];
    __m256i blocks[2];
    Index up_z, up_y;
};

struct CellLanes {
    __m256i base[3];
    __m256 weight[3];
};

template <class T>
inline Packed pack(const Source<T> &source, const Packet &packet, const Index *blocks) noexcept {
    const __m256 one = _mm256_set1_ps(1.0F);
    const __m256 sign = _mm256_set1_ps(-0.0F);
    Packed p;
    for (int axis = 0; axis < 3; ++axis) {
        p.start[axis] = _mm256_load_ps(packet.start[axis]);
        p.step[axis] = _mm256_load_ps(packet.step[axis]);
        const __m256 size = _mm256_andnot_ps(sign, p.step[axis]);
        const __m256 moves = _mm256_cmp_ps(size, _mm256_set1_ps(1e-6F), _CMP_GT_OQ);
        p.size_inverse[axis] = _mm256_and_ps(moves, _mm256_div_ps(one, _mm256_blendv_ps(one, size, moves)));
        p.skip_bias[axis] = _mm256_andnot_ps(moves, _mm256_set1_ps(1e6F));
        p.end[axis] = _mm256_set1_ps(static_cast<float>(source.shape[axis] - 1));
        p.highest[axis] = _mm256_set1_epi32(static_cast<int>(source.shape[axis] - 2));
        if (axis < 2) {
            p.strides[axis] = _mm256_set1_epi32(static_cast<int>(source.strides[axis]));
            p.blocks[axis] = _mm256_set1_epi32(static_cast<int>(blocks[axis + 1]));
        }
    }
    p.up_z = source.strides[0];
    p.up_y = source.strides[1];
    return p;
}

inline void positions(const Packed &p, std::int32_t k, __m256 *position) noexcept {
    const __m256 number = _mm256_set1_ps(static_cast<float>(k));
    for (int axis = 0; axis < 3; ++axis) {
        position[axis] = _mm256_add_ps(p.start[axis], _mm256_mul_ps(number, p.step[axis]));
    }
}

inline void locate(const Packed &p, int axis, __m256 position, CellLanes &cell) noexcept {
    const __m256 inside = _mm256_min_ps(_mm256_max_ps(position, _mm256_setzero_ps()), p.end[axis]);
    cell.base[axis] = _mm256_min_epi32(_mm256_cvttps_epi32(inside), p.highest[axis]);
    cell.weight[axis] = _mm256_sub_ps(inside, _mm256_cvtepi32_ps(cell.base[axis]));
}

inline __m256i block_of(const Packed &p, const CellLanes &cell) noexcept {
    const __m256i z = _mm256_srli_epi32(cell.base[0], 3);
    const __m256i y = _mm256_srli_epi32(cell.base[1], 3);
    const __m256i x = _mm256_srli_epi32(cell.base[2], 3);
    const __m256i row = _mm256_add_epi32(_mm256_mullo_epi32(z, p.blocks[0]), y);
    return _mm256_add_epi32(_mm256_mullo_epi32(row, p.blocks[1]), x);
}

inline __m256 between(__m256 a, __m256 b, __m256 weight) noexcept {
    return _mm256_add_ps(a, _mm256_mul_ps(weight, _mm256_sub_ps(b, a)));
}

/// The voxels at offsets and their right neighbours.
struct Pair {
    __m256 left, right;
};

/// What the gathers for a pair give.
struct Pairs16 {
    __m256i both;
};
struct PairsU16 {
    __m256i both;
};

inline Pairs16 gather_pair(const std::int16_t *data, __m256i offsets) noexcept {
    return {_mm256_i32gather_epi32(reinterpret_cast<const int *>(data), offsets, 2)};
}

inline PairsU16 gather_pair(const std::uint16_t *data, __m256i offsets) noexcept {
    return {_mm256_i32gather_epi32(reinterpret_cast<const int *>(data), offsets, 2)};
}

inline Pair gather_pair(const float *data, __m256i offsets) noexcept {
    return {_mm256_i32gather_ps(data, offsets, 4), _mm256_i32gather_ps(data + 1, offsets, 4)};
}

inline Pair pair_of(Pairs16 pairs) noexcept {
    const __m256i left = _mm256_srai_epi32(_mm256_slli_epi32(pairs.both, 16), 16);
    const __m256i right = _mm256_srai_epi32(pairs.both, 16);
    return {_mm256_cvtepi32_ps(left), _mm256_cvtepi32_ps(right)};
}

inline Pair pair_of(PairsU16 pairs) noexcept {
    const __m256i left = _mm256_and_si256(pairs.both, _mm256_set1_epi32(0xffff));
    const __m256i right = _mm256_srli_epi32(pairs.both, 16);
    return {_mm256_cvtepi32_ps(left), _mm256_cvtepi32_ps(right)};
}

inline Pair pair_of(Pair pair) noexcept {
    return pair;
}

template <class T>
inline __m256 along_x(const T *data, __m256i offsets, __m256 weight) noexcept {
    const Pair pair = pair_of(gather_pair(data, offsets));
    return between(pair.left, pair.right, weight);
}

inline __m256i offsets_of(const Packed &p, const CellLanes &cell) noexcept {
    return _mm256_add_epi32(_mm256_add_epi32(_mm256_mullo_epi32(cell.base[0], p.strides[0]),
                                             _mm256_mullo_epi32(cell.base[1], p.strides[1])),
                            cell.base[2]);
}

template <class T>
inline __m256 interpolate(const T *data, const Packed &p, const CellLanes &cell) noexcept {
    const __m256i offsets = offsets_of(p, cell);
    const __m256 x00 = along_x(data, offsets, cell.weight[2]);
    const __m256 x01 = along_x(data + p.up_y, offsets, cell.weight[2]);
    const __m256 x10 = along_x(data + p.up_z, offsets, cell.weight[2]);
    const __m256 x11 = along_x(data + p.up_z + p.up_y, offsets, cell.weight[2]);
    return between(between(x00, x01, cell.weight[1]), between(x10, x11, cell.weight[1]), cell.weight[0]);
}

/// Eight samples, and a mask of those that are present.
struct Samples {
    __m256 value, present;
};

struct WholeSampler {
    template <class T>
    Samples operator()(const T *data, const Packed &p, const CellLanes &cell) const noexcept {
        return {interpolate(data, p, cell), _mm256_castsi256_ps(_mm256_set1_epi32(-1))};
    }
};

inline __m256 of_rows(const __m256 *rows, const __m256 *weight) noexcept {
    return between(between(rows[0], rows[1], weight[1]), between(rows[2], rows[3], weight[1]), weight[0]);
}

inline __m256 blended(const Pair *pairs, const __m256 *weight) noexcept {
    __m256 rows[4];
    for (int i = 0; i < 4; ++i) {
        rows[i] = between(pairs[i].left, pairs[i].right, weight[2]);
    }
    return of_rows(rows, weight);
}

/// As interpolate_present of sample.hpp. Voxels become floats before they are compared: those of 16 bits
/// exactly.
struct PresentSampler {
    __m256 padding;
    bool is_nan;

    [[nodiscard]] __m256 absent(const float *, __m256 x) const noexcept {
        return is_nan ? _mm256_cmp_ps(x, x, _CMP_UNORD_Q) : _mm256_cmp_ps(x, padding, _CMP_EQ_OQ);
    }

    template <class T>
    [[nodiscard]] __m256 absent(const T *, __m256 x) const noexcept {
        return _mm256_cmp_ps(x, padding, _CMP_EQ_OQ);
    }

    template <class T>
    Samples operator()(const T *data, const Packed &p, const CellLanes &cell) const noexcept {
        const __m256i offsets = offsets_of(p, cell);
        const decltype(gather_pair(data, offsets)) gathered[4] = {
            gather_pair(data, offsets), gather_pair(data + p.up_y, offsets),
            gather_pair(data + p.up_z, offsets), gather_pair(data + p.up_z + p.up_y, offsets)};
        __m256 rows[4];
        __m256 any = _mm256_setzero_ps();
        for (int i = 0; i < 4; ++i) {
            const Pair pair = pair_of(gathered[i]);
            any = _mm256_or_ps(any, _mm256_or_ps(absent(data, pair.left), absent(data, pair.right)));
            rows[i] = between(pair.left, pair.right, cell.weight[2]);
        }
        if (_mm256_movemask_ps(any) == 0) {
            return {of_rows(rows, cell.weight), _mm256_castsi256_ps(_mm256_set1_epi32(-1))};
        }
        Pair pairs[4];
        Pair gone[4];
        for (int i = 0; i < 4; ++i) {
            pairs[i] = pair_of(gathered[i]);
            gone[i] = {absent(data, pairs[i].left), absent(data, pairs[i].right)};
        }
        return means(pairs, gone, any, cell.weight);
    }

    /// `any`: the samples that have absent corners.
    static Samples means(const Pair *pairs, const Pair *gone, __m256 any, const __m256 *weight) noexcept {
        const __m256 one = _mm256_set1_ps(1.0F);
        const __m256 none = _mm256_set1_ps(infinity);
        __m256 least = none;
        for (int i = 0; i < 4; ++i) { // min(a, b) is b where either is NaN
            least = _mm256_min_ps(_mm256_blendv_ps(pairs[i].left, none, gone[i].left), least);
            least = _mm256_min_ps(_mm256_blendv_ps(pairs[i].right, none, gone[i].right), least);
        }
        least = _mm256_and_ps(any, least);
        Pair above[4];
        Pair missing[4];
        for (int i = 0; i < 4; ++i) {
            above[i] = {_mm256_andnot_ps(gone[i].left, _mm256_sub_ps(pairs[i].left, least)),
                        _mm256_andnot_ps(gone[i].right, _mm256_sub_ps(pairs[i].right, least))};
            missing[i] = {_mm256_and_ps(gone[i].left, one), _mm256_and_ps(gone[i].right, one)};
        }
        const __m256 share = blended(missing, weight);
        const __m256 mean = _mm256_div_ps(blended(above, weight), _mm256_sub_ps(one, share));
        return {_mm256_add_ps(mean, least), _mm256_cmp_ps(share, _mm256_set1_ps(0.5F), _CMP_LE_OQ)};
    }
};

template <class T>
inline PresentSampler present_sampler(const Absent<T> &absent) noexcept {
    return {_mm256_set1_ps(static_cast<float>(absent.value)), absent.is_nan};
}

inline float smallest_of(__m256 values) noexcept {
    __m128 half = _mm_min_ps(_mm256_castps256_ps128(values), _mm256_extractf128_ps(values, 1));
    half = _mm_min_ps(half, _mm_movehl_ps(half, half));
    half = _mm_min_ss(half, _mm_shuffle_ps(half, half, 1));
    return _mm_cvtss_f32(half);
}

/// As samples_to_skip of sample.hpp, the least of the active rays'.
inline std::int32_t samples_to_skip(const Packed &p, const CellLanes &cell, const __m256 *position,
                                    __m256i reach, __m256i active) noexcept {
    const __m256i mask = _mm256_set1_epi32(-8);
    const __m256 further =
        _mm256_cvtepi32_ps(_mm256_slli_epi32(_mm256_sub_epi32(reach, _mm256_set1_epi32(1)), 3));
    const __m256 most = _mm256_set1_ps(1e6F);
    __m256 nearest = most;
    for (int axis = 0; axis < 3; ++axis) {
        const __m256 lower = _mm256_cvtepi32_ps(_mm256_and_si256(cell.base[axis], mask));
        const __m256 up = _mm256_sub_ps(_mm256_add_ps(lower, _mm256_set1_ps(8.0F)), position[axis]);
        const __m256 down = _mm256_sub_ps(position[axis], lower);
        const __m256 rises = _mm256_cmp_ps(p.step[axis], _mm256_setzero_ps(), _CMP_GT_OQ);
        const __m256 way =
            _mm256_sub_ps(_mm256_add_ps(_mm256_blendv_ps(down, up, rises), further), _mm256_set1_ps(0.01F));
        nearest = _mm256_min_ps(nearest,
                                _mm256_add_ps(_mm256_mul_ps(way, p.size_inverse[axis]), p.skip_bias[axis]));
    }
    const float samples = smallest_of(_mm256_blendv_ps(most, nearest, _mm256_castsi256_ps(active)));
    return samples > 1.0F ? static_cast<std::int32_t>(samples) : 1;
}

/// The cell of sample k of every ray.
inline CellLanes cell_at(const Packed &p, std::int32_t k, __m256 *position) noexcept {
    positions(p, k, position);
    CellLanes cell;
    for (int axis = 0; axis < 3; ++axis) {
        locate(p, axis, position[axis], cell);
    }
    return cell;
}
