// SPDX-License-Identifier: Apache-2.0
/// Eight rays at a time: the pair of voxels (x, x + 1) of each of the four (z, y) corners by one gather. The
/// rays of a packet share the number of their sample, so all skip as far as the one with the shortest way.
/// The arithmetic is that of sample.hpp and shade.hpp, operation by operation.
#include <cstdint>
#include <limits>

#include "base/target_region.hpp"
#include "render/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2

namespace radpix::render::avx2 {
namespace {

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

/// The voxels at the offsets and their right neighbours, interpolated.
inline __m256 along_x(const std::int16_t *data, __m256i offsets, __m256 weight) noexcept {
    const __m256i pairs = _mm256_i32gather_epi32(reinterpret_cast<const int *>(data), offsets, 2);
    const __m256i left = _mm256_srai_epi32(_mm256_slli_epi32(pairs, 16), 16);
    const __m256i right = _mm256_srai_epi32(pairs, 16);
    return between(_mm256_cvtepi32_ps(left), _mm256_cvtepi32_ps(right), weight);
}

inline __m256 along_x(const std::uint16_t *data, __m256i offsets, __m256 weight) noexcept {
    const __m256i pairs = _mm256_i32gather_epi32(reinterpret_cast<const int *>(data), offsets, 2);
    const __m256i left = _mm256_and_si256(pairs, _mm256_set1_epi32(0xffff));
    const __m256i right = _mm256_srli_epi32(pairs, 16);
    return between(_mm256_cvtepi32_ps(left), _mm256_cvtepi32_ps(right), weight);
}

inline __m256 along_x(const float *data, __m256i offsets, __m256 weight) noexcept {
    return between(_mm256_i32gather_ps(data, offsets, 4), _mm256_i32gather_ps(data + 1, offsets, 4), weight);
}

template <class T>
inline __m256 interpolate(const T *data, const Packed &p, const CellLanes &cell) noexcept {
    const __m256i offsets = _mm256_add_epi32(_mm256_add_epi32(_mm256_mullo_epi32(cell.base[0], p.strides[0]),
                                                              _mm256_mullo_epi32(cell.base[1], p.strides[1])),
                                             cell.base[2]);
    const __m256 x00 = along_x(data, offsets, cell.weight[2]);
    const __m256 x01 = along_x(data + p.up_y, offsets, cell.weight[2]);
    const __m256 x10 = along_x(data + p.up_z, offsets, cell.weight[2]);
    const __m256 x11 = along_x(data + p.up_z + p.up_y, offsets, cell.weight[2]);
    return between(between(x00, x01, cell.weight[1]), between(x10, x11, cell.weight[1]), cell.weight[0]);
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

template <class T>
inline __m256 facing(const T *data, const Packed &p, const Scene &scene, const Packet &packet,
                     const __m256 *position, const CellLanes &cell) noexcept {
    const __m256 one = _mm256_set1_ps(1.0F);
    const __m256 sign = _mm256_set1_ps(-0.0F);
    __m256 gradient[3];
    for (int axis = 0; axis < 3; ++axis) {
        CellLanes near = cell;
        locate(p, axis, _mm256_add_ps(position[axis], one), near);
        const __m256 upper = interpolate(data, p, near);
        locate(p, axis, _mm256_sub_ps(position[axis], one), near);
        gradient[axis] =
            _mm256_mul_ps(_mm256_sub_ps(upper, interpolate(data, p, near)), _mm256_set1_ps(0.5F));
    }
    __m256 along = _mm256_add_ps(_mm256_mul_ps(gradient[0], _mm256_load_ps(packet.direction[0])),
                                 _mm256_mul_ps(gradient[1], _mm256_load_ps(packet.direction[1])));
    along = _mm256_add_ps(along, _mm256_mul_ps(gradient[2], _mm256_load_ps(packet.direction[2])));
    __m256 squares[3];
    for (int axis = 0; axis < 3; ++axis) {
        const float *row = scene.per_mm[axis];
        __m256 component = _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(row[0]), gradient[0]),
                                         _mm256_mul_ps(_mm256_set1_ps(row[1]), gradient[1]));
        component = _mm256_add_ps(component, _mm256_mul_ps(_mm256_set1_ps(row[2]), gradient[2]));
        squares[axis] = _mm256_mul_ps(component, component);
    }
    const __m256 square = _mm256_add_ps(_mm256_add_ps(squares[0], squares[1]), squares[2]);
    const __m256 exists = _mm256_cmp_ps(square, _mm256_setzero_ps(), _CMP_GT_OQ);
    const __m256 cosine = _mm256_div_ps(_mm256_andnot_ps(sign, along), _mm256_sqrt_ps(square));
    return _mm256_and_ps(exists, _mm256_min_ps(cosine, one));
}

inline __m256 power_of(__m256 base, int power) noexcept {
    __m256 result = _mm256_set1_ps(1.0F);
    for (; power != 0; power >>= 1) {
        if ((power & 1) != 0) {
            result = _mm256_mul_ps(result, base);
        }
        base = _mm256_mul_ps(base, base);
    }
    return result;
}

/// Three colours of 8 samples, and what the rays have gathered so far.
struct ColorLanes {
    __m256 channel[3];
};

template <class T>
inline void shade(const T *data, const Packed &p, const Scene &scene, const Packet &packet,
                  const __m256 *position, const CellLanes &cell, ColorLanes &color) noexcept {
    const __m256 n = facing(data, p, scene, packet, position, cell);
    const Lighting &lighting = scene.lighting;
    const __m256 light =
        _mm256_add_ps(_mm256_set1_ps(lighting.ambient), _mm256_mul_ps(_mm256_set1_ps(lighting.diffuse), n));
    const __m256 highlight = _mm256_mul_ps(_mm256_set1_ps(lighting.specular), power_of(n, lighting.power));
    for (int c = 0; c < 3; ++c) {
        color.channel[c] = _mm256_min_ps(_mm256_add_ps(_mm256_mul_ps(color.channel[c], light), highlight),
                                         _mm256_set1_ps(1.0F));
    }
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

inline __m256i entries_of(__m256 value, const Scene &scene) noexcept {
    __m256 at = _mm256_mul_ps(_mm256_sub_ps(value, _mm256_set1_ps(scene.first)), _mm256_set1_ps(scene.scale));
    at = _mm256_max_ps(_mm256_add_ps(at, _mm256_set1_ps(0.5F)), _mm256_setzero_ps());
    at = _mm256_min_ps(at, _mm256_set1_ps(static_cast<float>(scene.entries - 1)));
    return _mm256_slli_epi32(_mm256_cvttps_epi32(at), 2);
}

template <class T>
void composite(const Source<T> &source, const Scene &scene, const Packet &packet, Colors &colors) noexcept {
    const Packed p = pack(source, packet, scene.blocks);
    const __m256i count = _mm256_load_si256(reinterpret_cast<const __m256i *>(packet.count));
    ColorLanes sum{{_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()}};
    __m256 transmittance = _mm256_load_ps(colors.transmittance);
    for (std::int32_t k = 0;;) {
        const __m256i seen =
            _mm256_castps_si256(_mm256_cmp_ps(transmittance, _mm256_set1_ps(opaque), _CMP_GE_OQ));
        const __m256i active = _mm256_and_si256(_mm256_cmpgt_epi32(count, _mm256_set1_epi32(k)), seen);
        if (_mm256_testz_si256(active, active) != 0) {
            break;
        }
        __m256 position[3];
        const CellLanes cell = cell_at(p, k, position);
        const __m256i reach = _mm256_i32gather_epi32(scene.distance, block_of(p, cell), 4);
        const __m256i shows = _mm256_and_si256(active, _mm256_cmpeq_epi32(reach, _mm256_setzero_si256()));
        if (_mm256_testz_si256(shows, shows) != 0) {
            k += samples_to_skip(p, cell, position, reach, active);
            continue;
        }
        ++k;
        const __m256i entry = entries_of(interpolate(source.data, p, cell), scene);
        const __m256 opacity =
            _mm256_and_ps(_mm256_i32gather_ps(scene.table + 3, entry, 4), _mm256_castsi256_ps(shows));
        const __m256 visible = _mm256_cmp_ps(opacity, _mm256_setzero_ps(), _CMP_GT_OQ);
        if (_mm256_movemask_ps(visible) == 0) {
            continue;
        }
        ColorLanes color;
        for (int c = 0; c < 3; ++c) {
            color.channel[c] = _mm256_i32gather_ps(scene.table + c, entry, 4);
        }
        if (scene.lighting.shading) {
            shade(source.data, p, scene, packet, position, cell, color);
        }
        const __m256 weight = _mm256_mul_ps(transmittance, opacity);
        for (int c = 0; c < 3; ++c) {
            sum.channel[c] = _mm256_add_ps(sum.channel[c], _mm256_mul_ps(weight, color.channel[c]));
        }
        transmittance = _mm256_sub_ps(transmittance, weight);
    }
    _mm256_store_ps(colors.red, sum.channel[0]);
    _mm256_store_ps(colors.green, sum.channel[1]);
    _mm256_store_ps(colors.blue, sum.channel[2]);
    _mm256_store_ps(colors.transmittance, transmittance);
}

template <class T>
std::int32_t look(const Source<T> &source, const Scene &scene, const Packet &packet, std::int32_t k,
                  const std::int32_t *active_rays, Look &look) noexcept {
    const Packed p = pack(source, packet, scene.blocks);
    const __m256i active = _mm256_load_si256(reinterpret_cast<const __m256i *>(active_rays));
    __m256 position[3];
    const CellLanes cell = cell_at(p, k, position);
    const __m256i reach = _mm256_i32gather_epi32(scene.distance, block_of(p, cell), 4);
    const __m256i shows = _mm256_and_si256(active, _mm256_cmpeq_epi32(reach, _mm256_setzero_si256()));
    if (_mm256_testz_si256(shows, shows) != 0) {
        _mm256_store_ps(look.opacity, _mm256_setzero_ps());
        return samples_to_skip(p, cell, position, reach, active);
    }
    const __m256i entry = entries_of(interpolate(source.data, p, cell), scene);
    const __m256 opacity =
        _mm256_and_ps(_mm256_i32gather_ps(scene.table + 3, entry, 4), _mm256_castsi256_ps(shows));
    _mm256_store_ps(look.opacity, opacity);
    if (_mm256_movemask_ps(_mm256_cmp_ps(opacity, _mm256_setzero_ps(), _CMP_GT_OQ)) == 0) {
        return 0;
    }
    ColorLanes color;
    for (int c = 0; c < 3; ++c) {
        color.channel[c] = _mm256_i32gather_ps(scene.table + c, entry, 4);
    }
    if (scene.lighting.shading) {
        shade(source.data, p, scene, packet, position, cell, color);
    }
    _mm256_store_ps(look.red, color.channel[0]);
    _mm256_store_ps(look.green, color.channel[1]);
    _mm256_store_ps(look.blue, color.channel[2]);
    _mm256_store_ps(look.extinction, _mm256_i32gather_ps(scene.extinction, _mm256_srli_epi32(entry, 2), 4));
    return 0;
}

template <class T>
void maximum(const Source<T> &source, const Bounds &bounds, const Packet &packet, Found &found) noexcept {
    const Packed p = pack(source, packet, bounds.blocks);
    const __m256i count = _mm256_load_si256(reinterpret_cast<const __m256i *>(packet.count));
    const __m256 sign = _mm256_set1_ps(bounds.sign);
    __m256 largest = _mm256_set1_ps(-infinity);
    __m256i at = _mm256_set1_epi32(-1);
    for (std::int32_t k = 0;;) {
        const __m256i active = _mm256_cmpgt_epi32(count, _mm256_set1_epi32(k));
        if (_mm256_testz_si256(active, active) != 0) {
            break;
        }
        __m256 position[3];
        const CellLanes cell = cell_at(p, k, position);
        const __m256 bound = _mm256_i32gather_ps(bounds.highest, block_of(p, cell), 4);
        const __m256 may =
            _mm256_and_ps(_mm256_cmp_ps(bound, largest, _CMP_GT_OQ), _mm256_castsi256_ps(active));
        if (_mm256_movemask_ps(may) == 0) {
            k += samples_to_skip(p, cell, position, _mm256_set1_epi32(1), active);
            continue;
        }
        const __m256 value = _mm256_mul_ps(sign, interpolate(source.data, p, cell));
        const __m256 more = _mm256_and_ps(_mm256_cmp_ps(value, largest, _CMP_GT_OQ), may);
        largest = _mm256_blendv_ps(largest, value, more);
        at = _mm256_blendv_epi8(at, _mm256_set1_epi32(k), _mm256_castps_si256(more));
        ++k;
    }
    _mm256_store_ps(found.value, _mm256_mul_ps(sign, largest));
    _mm256_store_si256(reinterpret_cast<__m256i *>(found.at), at);
}

template <class T>
void sum(const Source<T> &source, const Packet &packet, float floor, float scale, float offset,
         double *sums) noexcept {
    const Index blocks[3] = {0, 0, 0};
    const Packed p = pack(source, packet, blocks);
    const __m256i count = _mm256_load_si256(reinterpret_cast<const __m256i *>(packet.count));
    __m256d low = _mm256_setzero_pd();
    __m256d high = _mm256_setzero_pd();
    for (std::int32_t k = 0;; ++k) {
        const __m256i active = _mm256_cmpgt_epi32(count, _mm256_set1_epi32(k));
        if (_mm256_testz_si256(active, active) != 0) {
            break;
        }
        __m256 position[3];
        const CellLanes cell = cell_at(p, k, position);
        __m256 value = _mm256_add_ps(_mm256_mul_ps(interpolate(source.data, p, cell), _mm256_set1_ps(scale)),
                                     _mm256_set1_ps(offset));
        // max(a, b) is b where either is NaN, as `value < floor ? floor : value`
        value = _mm256_max_ps(_mm256_set1_ps(floor), value);
        value = _mm256_and_ps(value, _mm256_castsi256_ps(active));
        low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(value)));
        high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(value, 1)));
    }
    _mm256_storeu_pd(sums, low);
    _mm256_storeu_pd(sums + 4, high);
}

} // namespace
} // namespace radpix::render::avx2

RADPIX_END_AVX2

namespace radpix::render {

const Avx2Kernels avx2_kernels{
    {avx2::composite<std::int16_t>, avx2::look<std::int16_t>, avx2::maximum<std::int16_t>,
     avx2::sum<std::int16_t>},
    {avx2::composite<std::uint16_t>, avx2::look<std::uint16_t>, avx2::maximum<std::uint16_t>,
     avx2::sum<std::uint16_t>},
    {avx2::composite<float>, avx2::look<float>, avx2::maximum<float>, avx2::sum<float>}};

} // namespace radpix::render

#endif
