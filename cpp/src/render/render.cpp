// SPDX-License-Identifier: Apache-2.0
#include "radpix/render.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

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
template <class T>
void add_rests(const Source<T> &source, const Scene &scene, const Tables &tables, const Packet &packet,
               Colors &colors) {
    for (int i = 0; i < lanes; ++i) {
        if (!(packet.rest[i] > 0) || colors.transmittance[i] < opaque) {
            continue;
        }
        const float position[3] = {packet.last[0][i], packet.last[1][i], packet.last[2][i]};
        const float value = value_at(source, position);
        const Index entry = entry_of(value, scene.first, scene.scale, scene.entries);
        const double extinction = static_cast<double>(tables.extinction[static_cast<std::size_t>(entry)]);
        const auto opacity = static_cast<float>(opacity_of(extinction * packet.rest[i]));
        if (opacity > 0.0F) {
            add_sample(source, scene, packet, position, scene.table + 4 * entry, opacity, i, colors);
        }
    }
}

template <class T>
void composite_typed(const ArrayView &voxels, const ArrayView &out, const Rays &rays, const Scene &scene,
                     const Tables &tables, int threads) {
    const auto source = source_of<T>(voxels);
    const KernelSet<T> &kernels = kernels_for(source);
    const auto image = out.volume<float>();
    for_packets(out.shape[0], out.shape[1], threads, [&](Index row, Index column, Index count) {
        const Packet packet = packet_of(rays, source.shape, row, column, count, Spacing::whole_steps);
        Colors colors{};
        std::fill(colors.transmittance, colors.transmittance + lanes, 1.0F);
        kernels.composite(source, scene, packet, colors);
        add_rests(source, scene, tables, packet, colors);
        for (Index i = 0; i < count; ++i) {
            image(row, column + i, 0) = colors.red[i];
            image(row, column + i, 1) = colors.green[i];
            image(row, column + i, 2) = colors.blue[i];
            image(row, column + i, 3) = 1.0F - colors.transmittance[i];
        }
    });
}

/// Of the samples from the threshold on, the first that the next one falls below; else as the maximum.
template <class T>
void local_maximum(const Source<T> &source, const Packet &packet, float threshold, Found &found) noexcept {
    for (int i = 0; i < lanes; ++i) {
        float largest = -std::numeric_limits<float>::infinity();
        float before = largest;
        std::int32_t at = -1;
        for (std::int32_t k = 0; k < packet.count[i]; ++k) {
            float position[3];
            for (int axis = 0; axis < 3; ++axis) {
                position[axis] = packet.start[axis][i] + static_cast<float>(k) * packet.step[axis][i];
            }
            const float value = value_at(source, position);
            if (before >= threshold && value < before) {
                largest = before;
                break; // `at` is that sample's: it was above all before it, or this would have ended there
            }
            if (value > largest) {
                largest = value;
                at = k;
            }
            before = value;
        }
        found.value[i] = largest;
        found.at[i] = at;
    }
}

template <class T>
Found found_by(const Source<T> &source, const KernelSet<T> &kernels, const Bounds &bounds,
               const Packet &packet, const Reduction &reduction) {
    Found found{};
    if (reduction.combine == Combine::local_max) {
        local_maximum(source, packet, reduction.threshold, found);
        return found;
    }
    if (reduction.combine == Combine::max || reduction.combine == Combine::min) {
        kernels.maximum(source, bounds, packet, found);
        return found;
    }
    double sums[lanes];
    const bool mean = reduction.combine == Combine::mean;
    constexpr float none = -std::numeric_limits<float>::infinity();
    kernels.sum(source, packet, mean ? none : 0.0F, mean ? 1.0F : reduction.scale,
                mean ? 0.0F : reduction.offset, sums);
    for (int i = 0; i < lanes; ++i) {
        const double weight = mean ? 1.0 / std::max(packet.count[i], 1) : packet.spacing[i];
        found.value[i] = static_cast<float>(sums[i] * weight);
        found.at[i] = -1;
    }
    return found;
}

template <class T>
void cast_typed(const ArrayView &voxels, const ArrayView &out, const ArrayView &depth, const Rays &rays,
                const Reduction &reduction, const Bounds &bounds, int threads) {
    const auto source = source_of<T>(voxels);
    const KernelSet<T> &kernels = kernels_for(source);
    const auto image = out.plane<float>();
    const auto depths = depth.plane<float>();
    for_packets(out.shape[0], out.shape[1], threads, [&](Index row, Index column, Index count) {
        const Packet packet = packet_of(rays, source.shape, row, column, count, Spacing::equal_parts);
        const Found found = found_by(source, kernels, bounds, packet, reduction);
        for (Index i = 0; i < count; ++i) {
            const bool searched =
                reduction.combine != Combine::mean && reduction.combine != Combine::integral;
            const bool none = packet.count[i] == 0 || (searched && found.at[i] < 0);
            image(row, column + i) = none ? reduction.fill : found.value[i] + 0.0F;
            depths(row, column + i) =
                found.at[i] < 0 ? std::numeric_limits<float>::quiet_NaN()
                                : static_cast<float>(packet.first_at[i] + found.at[i] * packet.spacing[i]);
        }
    });
}

} // namespace

Combine combine_named(std::string_view name) {
    constexpr std::string_view names[] = {"max", "min", "mean", "integral", "local-max"};
    for (std::size_t i = 0; i < std::size(names); ++i) {
        if (name == names[i]) {
            return static_cast<Combine>(i);
        }
    }
    throw_error(Errc::invalid_argument,
                "combine of rays is one of max, min, mean, integral, local-max, not " +
                    std::string(name.substr(0, 40)));
}

void composite(const ArrayView &voxels, const ArrayView &ranges, const ArrayView &out, const Rays &rays,
               const Transfer &transfer, const Lighting &lighting, int threads) {
    check_images(voxels, ranges, out, 3);
    check_rays(rays, voxels.shape.data());
    check_transfer(transfer, lighting);
    Tables tables;
    const Scene scene = scene_of(ranges, rays, transfer, lighting, tables);
    with_type(voxels.type, [&](auto tag) {
        composite_typed<typename decltype(tag)::type>(voxels, out, rays, scene, tables, threads);
    });
}

void cast(const ArrayView &voxels, const ArrayView &ranges, const ArrayView &out, const ArrayView &depth,
          const Rays &rays, const Reduction &reduction, int threads) {
    check_images(voxels, ranges, out, 2);
    check_images(voxels, ranges, depth, 2);
    check_rays(rays, voxels.shape.data());
    if (depth.shape[0] != out.shape[0] || depth.shape[1] != out.shape[1]) {
        throw_error(Errc::shape_mismatch, "depth has the shape of the image");
    }
    const bool minimum = reduction.combine == Combine::min;
    const std::vector<float> highest = bounds_of(ranges, minimum ? -1.0F : 1.0F);
    Bounds bounds{highest.data(), {}, minimum ? -1.0F : 1.0F};
    std::copy(ranges.shape.begin(), ranges.shape.begin() + 3, bounds.blocks);
    with_type(voxels.type, [&](auto tag) {
        cast_typed<typename decltype(tag)::type>(voxels, out, depth, rays, reduction, bounds, threads);
    });
}

} // namespace radpix::render
