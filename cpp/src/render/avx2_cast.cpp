// SPDX-License-Identifier: Apache-2.0
/// Searches and sums of eight rays at a time, as avx2.cpp.
#include <cstdint>
#include <limits>

#include "base/target_region.hpp"
#include "render/kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET

RADPIX_BEGIN_AVX2

namespace radpix::render::avx2 {
namespace {

#include "render/lanes-inl.hpp"

template <class T, class Sampler>
void maximum_of(const Source<T> &source, const Sampler &sample, const Bounds &bounds, const Packet &packet,
                Found &found) noexcept {
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
        const Samples samples = sample(source.data, p, cell);
        const __m256 value = _mm256_mul_ps(sign, samples.value);
        const __m256 more =
            _mm256_and_ps(_mm256_cmp_ps(value, largest, _CMP_GT_OQ), _mm256_and_ps(may, samples.present));
        largest = _mm256_blendv_ps(largest, value, more);
        at = _mm256_blendv_epi8(at, _mm256_set1_epi32(k), _mm256_castps_si256(more));
        ++k;
    }
    _mm256_store_ps(found.value, _mm256_mul_ps(sign, largest));
    _mm256_store_si256(reinterpret_cast<__m256i *>(found.at), at);
}

template <class T, class Sampler>
void sum_of(const Source<T> &source, const Sampler &sample, const Addends &addends, const Packet &packet,
            Sums &sums) noexcept {
    const Index blocks[3] = {0, 0, 0};
    const Packed p = pack(source, packet, blocks);
    const __m256i count = _mm256_load_si256(reinterpret_cast<const __m256i *>(packet.count));
    __m256d low = _mm256_setzero_pd();
    __m256d high = _mm256_setzero_pd();
    __m256i number = _mm256_setzero_si256();
    for (std::int32_t k = 0;; ++k) {
        const __m256i active = _mm256_cmpgt_epi32(count, _mm256_set1_epi32(k));
        if (_mm256_testz_si256(active, active) != 0) {
            break;
        }
        __m256 position[3];
        const CellLanes cell = cell_at(p, k, position);
        const Samples samples = sample(source.data, p, cell);
        const __m256i counts = _mm256_and_si256(active, _mm256_castps_si256(samples.present));
        __m256 value = _mm256_add_ps(_mm256_mul_ps(samples.value, _mm256_set1_ps(addends.scale)),
                                     _mm256_set1_ps(addends.offset));
        // max(a, b) is b where either is NaN, as `value < floor ? floor : value`
        value = _mm256_max_ps(_mm256_set1_ps(addends.floor), value);
        value = _mm256_and_ps(value, _mm256_castsi256_ps(counts));
        number = _mm256_sub_epi32(number, counts);
        low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(value)));
        high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(value, 1)));
    }
    _mm256_store_pd(sums.value, low);
    _mm256_store_pd(sums.value + 4, high);
    _mm256_store_si256(reinterpret_cast<__m256i *>(sums.count), number);
}

template <class T>
void maximum(const Source<T> &source, const Absent<T> *absent, const Bounds &bounds, const Packet &packet,
             Found &found) noexcept {
    if (absent == nullptr) {
        maximum_of(source, WholeSampler{}, bounds, packet, found);
    } else {
        maximum_of(source, present_sampler(*absent), bounds, packet, found);
    }
}

template <class T>
void sum(const Source<T> &source, const Absent<T> *absent, const Addends &addends, const Packet &packet,
         Sums &sums) noexcept {
    if (absent == nullptr) {
        sum_of(source, WholeSampler{}, addends, packet, sums);
    } else {
        sum_of(source, present_sampler(*absent), addends, packet, sums);
    }
}

} // namespace
} // namespace radpix::render::avx2

RADPIX_END_AVX2

namespace radpix::render {

const Avx2CastKernels avx2_cast_kernels{{avx2::maximum<std::int16_t>, avx2::sum<std::int16_t>},
                                        {avx2::maximum<std::uint16_t>, avx2::sum<std::uint16_t>},
                                        {avx2::maximum<float>, avx2::sum<float>}};

} // namespace radpix::render

#endif
