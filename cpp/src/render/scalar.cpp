// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "base/voxel_types.hpp"
#include "render/kernels.hpp"
#include "render/sample.hpp"
#include "render/shade.hpp"

namespace radpix::render {
namespace {

template <class T, class Sampler>
void composite_of(const Source<T> &source, const Sampler &sample, const Scene &scene, const Packet &packet,
                  Colors &colors) noexcept {
    for (int i = 0; i < lanes; ++i) {
        for (std::int32_t k = 0; k < packet.count[i] && colors.transmittance[i] >= opaque;) {
            const Point point = point_of(packet, i, k);
            const Cell cell = cell_at(source, point.position);
            const std::int32_t reach = scene.distance[block_of(cell, scene.blocks)];
            if (reach > 0) {
                k += samples_to_skip(cell, point.position, point.step, reach);
                continue;
            }
            ++k;
            float value = 0;
            if (!sample(source, cell, value)) {
                continue;
            }
            const float *entry = scene.table + 4 * entry_of(value, scene.first, scene.scale, scene.entries);
            if (entry[3] > 0.0F) {
                const Seen seen{point.position, value};
                add_sample(source, sample, scene, packet, seen, entry, entry[3], i, colors);
            }
        }
    }
}

template <class T>
void composite(const Source<T> &source, const Absent<T> *absent, const Scene &scene, const Packet &packet,
               Colors &colors) noexcept {
    with_sampler(absent, [&](const auto &sample) { composite_of(source, sample, scene, packet, colors); });
}

template <class T, class Sampler>
void look_at(const Source<T> &source, const Sampler &sample, const Scene &scene, const Packet &packet,
             const Point &point, int i, const Cell &cell, Look &look) noexcept {
    float value = 0;
    if (!sample(source, cell, value)) {
        return;
    }
    const Index number = entry_of(value, scene.first, scene.scale, scene.entries);
    const float *entry = scene.table + 4 * number;
    if (!(entry[3] > 0.0F)) {
        return;
    }
    float color[3] = {entry[0], entry[1], entry[2]};
    shade_sample(source, sample, scene, packet, {point.position, value}, i, color);
    look.red[i] = color[0];
    look.green[i] = color[1];
    look.blue[i] = color[2];
    look.opacity[i] = entry[3];
    look.extinction[i] = scene.extinction[number];
}

template <class T, class Sampler>
std::int32_t look_of(const Source<T> &source, const Sampler &sample, const Scene &scene, const Packet &packet,
                     std::int32_t k, const std::int32_t *active, Look &look) noexcept {
    std::int32_t skip = std::numeric_limits<std::int32_t>::max();
    for (int i = 0; i < lanes; ++i) {
        look.opacity[i] = 0.0F;
        if (active[i] == 0) {
            continue;
        }
        const Point point = point_of(packet, i, k);
        const Cell cell = cell_at(source, point.position);
        const std::int32_t reach = scene.distance[block_of(cell, scene.blocks)];
        if (reach == 0) {
            skip = 0;
            look_at(source, sample, scene, packet, point, i, cell, look);
        } else if (skip > 0) {
            const std::int32_t samples = samples_to_skip(cell, point.position, point.step, reach);
            skip = samples < skip ? samples : skip;
        }
    }
    return skip;
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
    return look_of(source, PresentSampler<T>{absent}, scene, packet, k, active, look);
}

} // namespace

template <class T>
const KernelSet<T> &scalar_kernels() noexcept {
    static constexpr KernelSet<T> kernels{composite<T>, look<T>, look_beside<T>};
    return kernels;
}

#define RADPIX_INSTANTIATE(T) template const KernelSet<T> &scalar_kernels() noexcept;
RADPIX_VOXEL_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

} // namespace radpix::render
