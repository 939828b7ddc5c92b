// SPDX-License-Identifier: Apache-2.0
#include "radpix/render.hpp"

#include <algorithm>
#include <optional>

#include "radpix/error.hpp"
#include "render/blocks.hpp"
#include "render/kernels.hpp"
#include "render/rays.hpp"
#include "render/scene.hpp"
#include "render/shade.hpp"
#include "render/source.hpp"

namespace radpix::render {
namespace {

/// The partial last step of every ray that is still to be seen.
template <class T, class Sampler>
void add_rests(const Source<T> &source, const Sampler &sample, const Scene &scene, const Tables &tables,
               const Packet &packet, Colors &colors) {
    for (int i = 0; i < lanes; ++i) {
        if (!(packet.rest[i] > 0) || colors.transmittance[i] < opaque) {
            continue;
        }
        const float position[3] = {packet.last[0][i], packet.last[1][i], packet.last[2][i]};
        float value = 0;
        if (!sample(source, cell_at(source, position), value)) {
            continue;
        }
        const Index entry = entry_of(value, scene.first, scene.scale, scene.entries);
        const double extinction = static_cast<double>(tables.extinction[static_cast<std::size_t>(entry)]);
        const auto opacity = static_cast<float>(opacity_of(extinction * packet.rest[i]));
        if (opacity > 0.0F) {
            const Seen seen{position, value};
            add_sample(source, sample, scene, packet, seen, scene.table + 4 * entry, opacity, i, colors);
        }
    }
}

template <class T>
void composite_typed(const ArrayView &voxels, const ArrayView &out, const Rays &rays, const Scene &scene,
                     const Tables &tables, int threads, std::optional<double> padding) {
    const auto source = source_of<T>(voxels);
    const std::optional<Absent<T>> absent = absent_of<T>(padding);
    const Absent<T> *const gone = absent ? &*absent : nullptr;
    const KernelSet<T> &kernels = kernels_for(source);
    const auto image = out.volume<float>();
    for_packets(out.shape[0], out.shape[1], threads, [&](Index row, Index column, Index count) {
        const Packet packet = packet_of(rays, source.shape, row, column, count, Spacing::whole_steps);
        Colors colors{};
        std::fill(colors.transmittance, colors.transmittance + lanes, 1.0F);
        kernels.composite(source, gone, scene, packet, colors);
        with_sampler(gone,
                     [&](const auto &sample) { add_rests(source, sample, scene, tables, packet, colors); });
        for (Index i = 0; i < count; ++i) {
            image(row, column + i, 0) = colors.red[i];
            image(row, column + i, 1) = colors.green[i];
            image(row, column + i, 2) = colors.blue[i];
            image(row, column + i, 3) = 1.0F - colors.transmittance[i];
        }
    });
}

} // namespace

void composite(const ArrayView &voxels, const ArrayView &ranges, const ArrayView &out, const Rays &rays,
               const Transfer &transfer, const Lighting &lighting, int threads,
               std::optional<double> padding) {
    check_images(voxels, ranges, out, 3);
    check_rays(rays, voxels.shape.data());
    check_transfer(transfer, lighting);
    Tables tables;
    const Scene scene = scene_of(ranges, rays, transfer, lighting, tables);
    with_type(voxels.type, [&](auto tag) {
        composite_typed<typename decltype(tag)::type>(voxels, out, rays, scene, tables, threads, padding);
    });
}

} // namespace radpix::render
