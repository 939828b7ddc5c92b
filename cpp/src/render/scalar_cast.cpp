// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "base/voxel_types.hpp"
#include "render/kernels.hpp"
#include "render/sample.hpp"

namespace radpix::render {
namespace {

template <class T, class Sampler>
void maximum_of(const Source<T> &source, const Sampler &sample, const Bounds &bounds, const Packet &packet,
                Found &found) noexcept {
    for (int i = 0; i < lanes; ++i) {
        float largest = -std::numeric_limits<float>::infinity();
        std::int32_t at = -1;
        for (std::int32_t k = 0; k < packet.count[i];) {
            const Point point = point_of(packet, i, k);
            const Cell cell = cell_at(source, point.position);
            if (bounds.highest[block_of(cell, bounds.blocks)] <= largest) {
                k += samples_to_skip(cell, point.position, point.step, 1);
                continue;
            }
            float value = 0;
            if (sample(source, cell, value) && bounds.sign * value > largest) {
                largest = bounds.sign * value;
                at = k;
            }
            ++k;
        }
        found.value[i] = bounds.sign * largest;
        found.at[i] = at;
    }
}

template <class T>
void maximum(const Source<T> &source, const Absent<T> *absent, const Bounds &bounds, const Packet &packet,
             Found &found) noexcept {
    absent == nullptr ? maximum_of(source, WholeSampler{}, bounds, packet, found)
                      : maximum_of(source, PresentSampler<T>{*absent}, bounds, packet, found);
}

template <class T, class Sampler>
void sum_of(const Source<T> &source, const Sampler &sample, const Addends &addends, const Packet &packet,
            Sums &sums) noexcept {
    for (int i = 0; i < lanes; ++i) {
        double total = 0;
        std::int32_t count = 0;
        for (std::int32_t k = 0; k < packet.count[i]; ++k) {
            float value = 0;
            if (sample(source, cell_at(source, point_of(packet, i, k).position), value)) {
                value = value * addends.scale + addends.offset;
                total += static_cast<double>(value < addends.floor ? addends.floor : value);
                ++count;
            }
        }
        sums.value[i] = total;
        sums.count[i] = count;
    }
}

template <class T>
void sum(const Source<T> &source, const Absent<T> *absent, const Addends &addends, const Packet &packet,
         Sums &sums) noexcept {
    absent == nullptr ? sum_of(source, WholeSampler{}, addends, packet, sums)
                      : sum_of(source, PresentSampler<T>{*absent}, addends, packet, sums);
}

} // namespace

template <class T>
const CastKernels<T> &scalar_cast_kernels() noexcept {
    static constexpr CastKernels<T> kernels{maximum<T>, sum<T>};
    return kernels;
}

#define RADPIX_INSTANTIATE(T) template const CastKernels<T> &scalar_cast_kernels() noexcept;
RADPIX_VOXEL_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

} // namespace radpix::render
