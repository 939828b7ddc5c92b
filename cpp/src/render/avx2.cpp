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

#include "render/lanes-inl.hpp"

inline __m256 change(WholeSampler, __m256, const Samples &upper, const Samples &lower) noexcept {
    return _mm256_mul_ps(_mm256_sub_ps(upper.value, lower.value), _mm256_set1_ps(0.5F));
}

inline __m256 change(PresentSampler, __m256 value, const Samples &upper, const Samples &lower) noexcept {
    const __m256 high = _mm256_blendv_ps(value, upper.value, upper.present);
    const __m256 low = _mm256_blendv_ps(value, lower.value, lower.present);
    const __m256 both = _mm256_and_ps(upper.present, lower.present);
    return _mm256_mul_ps(_mm256_sub_ps(high, low),
                         _mm256_blendv_ps(_mm256_set1_ps(1.0F), _mm256_set1_ps(0.5F), both));
}

template <class T, class Sampler>
inline __m256 facing(const T *data, const Packed &p, const Sampler &sample, const Scene &scene,
                     const Packet &packet, const __m256 *position, const CellLanes &cell,
                     __m256 value) noexcept {
    const __m256 one = _mm256_set1_ps(1.0F);
    const __m256 sign = _mm256_set1_ps(-0.0F);
    __m256 gradient[3];
    for (int axis = 0; axis < 3; ++axis) {
        CellLanes near = cell;
        locate(p, axis, _mm256_add_ps(position[axis], one), near);
        const Samples upper = sample(data, p, near);
        locate(p, axis, _mm256_sub_ps(position[axis], one), near);
        gradient[axis] = change(sample, value, upper, sample(data, p, near));
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

template <class T, class Sampler>
inline void shade(const T *data, const Packed &p, const Sampler &sample, const Scene &scene,
                  const Packet &packet, const __m256 *position, const CellLanes &cell, __m256 value,
                  ColorLanes &color) noexcept {
    const __m256 n = facing(data, p, sample, scene, packet, position, cell, value);
    const Lighting &lighting = scene.lighting;
    const __m256 light =
        _mm256_add_ps(_mm256_set1_ps(lighting.ambient), _mm256_mul_ps(_mm256_set1_ps(lighting.diffuse), n));
    const __m256 highlight = _mm256_mul_ps(_mm256_set1_ps(lighting.specular), power_of(n, lighting.power));
    for (int c = 0; c < 3; ++c) {
        color.channel[c] = _mm256_min_ps(_mm256_add_ps(_mm256_mul_ps(color.channel[c], light), highlight),
                                         _mm256_set1_ps(1.0F));
    }
}

inline __m256i entries_of(__m256 value, const Scene &scene) noexcept {
    __m256 at = _mm256_mul_ps(_mm256_sub_ps(value, _mm256_set1_ps(scene.first)), _mm256_set1_ps(scene.scale));
    at = _mm256_max_ps(_mm256_add_ps(at, _mm256_set1_ps(0.5F)), _mm256_setzero_ps());
    at = _mm256_min_ps(at, _mm256_set1_ps(static_cast<float>(scene.entries - 1)));
    return _mm256_slli_epi32(_mm256_cvttps_epi32(at), 2);
}

template <class T, class Sampler>
void composite_of(const Source<T> &source, const Sampler &sample, const Scene &scene, const Packet &packet,
                  Colors &colors) noexcept {
    const Packed p = pack(source, packet, scene.blocks);
    const __m256i count = _mm256_load_si256(reinterpret_cast<const __m256i *>(packet.count));
    ColorLanes sum{{_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()}};
    __m256 transmittance = _mm256_load_ps(colors.transmittance);
    for (std::int32_t k = 0;;) {
        const __m256i goes_on =
            _mm256_castps_si256(_mm256_cmp_ps(transmittance, _mm256_set1_ps(opaque), _CMP_GE_OQ));
        const __m256i active = _mm256_and_si256(_mm256_cmpgt_epi32(count, _mm256_set1_epi32(k)), goes_on);
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
        const Samples samples = sample(source.data, p, cell);
        const __m256i entry = entries_of(samples.value, scene);
        const __m256 there = _mm256_and_ps(samples.present, _mm256_castsi256_ps(shows));
        const __m256 opacity = _mm256_and_ps(_mm256_i32gather_ps(scene.table + 3, entry, 4), there);
        const __m256 visible = _mm256_cmp_ps(opacity, _mm256_setzero_ps(), _CMP_GT_OQ);
        if (_mm256_movemask_ps(visible) == 0) {
            continue;
        }
        ColorLanes color;
        for (int c = 0; c < 3; ++c) {
            color.channel[c] = _mm256_i32gather_ps(scene.table + c, entry, 4);
        }
        if (scene.lighting.shading) {
            shade(source.data, p, sample, scene, packet, position, cell, samples.value, color);
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
void composite(const Source<T> &source, const Absent<T> *absent, const Scene &scene, const Packet &packet,
               Colors &colors) noexcept {
    absent == nullptr ? composite_of(source, WholeSampler{}, scene, packet, colors)
                      : composite_of(source, present_sampler(*absent), scene, packet, colors);
}

template <class T, class Sampler>
std::int32_t look_of(const Source<T> &source, const Sampler &sample, const Scene &scene, const Packet &packet,
                     std::int32_t k, const std::int32_t *active_rays, Look &look) noexcept {
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
    const Samples samples = sample(source.data, p, cell);
    const __m256i entry = entries_of(samples.value, scene);
    const __m256 there = _mm256_and_ps(samples.present, _mm256_castsi256_ps(shows));
    const __m256 opacity = _mm256_and_ps(_mm256_i32gather_ps(scene.table + 3, entry, 4), there);
    _mm256_store_ps(look.opacity, opacity);
    if (_mm256_movemask_ps(_mm256_cmp_ps(opacity, _mm256_setzero_ps(), _CMP_GT_OQ)) == 0) {
        return 0;
    }
    ColorLanes color;
    for (int c = 0; c < 3; ++c) {
        color.channel[c] = _mm256_i32gather_ps(scene.table + c, entry, 4);
    }
    if (scene.lighting.shading) {
        shade(source.data, p, sample, scene, packet, position, cell, samples.value, color);
    }
    _mm256_store_ps(look.red, color.channel[0]);
    _mm256_store_ps(look.green, color.channel[1]);
    _mm256_store_ps(look.blue, color.channel[2]);
    _mm256_store_ps(look.extinction, _mm256_i32gather_ps(scene.extinction, _mm256_srli_epi32(entry, 2), 4));
    return 0;
}

template <class T>
std::int32_t look(const Source<T> &source, const Scene &scene, const Packet &packet, std::int32_t k,
                  const std::int32_t *active, Look &look) noexcept {
    return look_of(source, WholeSampler{}, scene, packet, k, active, look);
}

template <class T>
std::int32_t look_beside(const Source<T> &source, const Absent<T> &absent, const Scene &scene,
                         const Packet &packet, std::int32_t k, const std::int32_t *active,
                         Look &look) noexcept {
    return look_of(source, present_sampler(absent), scene, packet, k, active, look);
}

} // namespace
} // namespace radpix::render::avx2

RADPIX_END_AVX2

namespace radpix::render {

const Avx2Kernels avx2_kernels{
    {avx2::composite<std::int16_t>, avx2::look<std::int16_t>, avx2::look_beside<std::int16_t>},
    {avx2::composite<std::uint16_t>, avx2::look<std::uint16_t>, avx2::look_beside<std::uint16_t>},
    {avx2::composite<float>, avx2::look<float>, avx2::look_beside<float>}};

} // namespace radpix::render

#endif
