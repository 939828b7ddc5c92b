// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "radpix/error.hpp"
#include "radpix/render.hpp"
#include "render/blocks.hpp"
#include "render/kernels.hpp"
#include "render/rays.hpp"
#include "render/sample.hpp"
#include "render/scene.hpp"
#include "render/source.hpp"

namespace radpix::render {
namespace {

/// Of the samples from the threshold on, the first that the next one falls below; else as the maximum.
template <class T, class Sampler>
void local_maximum(const Source<T> &source, const Sampler &sample, const Packet &packet, float threshold,
                   Found &found) noexcept {
    for (int i = 0; i < lanes; ++i) {
        float largest = -std::numeric_limits<float>::infinity();
        float before = largest;
        std::int32_t at = -1;
        for (std::int32_t k = 0; k < packet.count[i]; ++k) {
            float value = 0;
            if (!sample(source, cell_at(source, point_of(packet, i, k).position), value)) {
                continue;
            }
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

/// What the rays of a packet find; `count` becomes the number of samples that are there.
template <class T>
Found found_by(const Source<T> &source, const CastKernels<T> &kernels, const Absent<T> *absent,
               const Bounds &bounds, const Packet &packet, const Reduction &reduction, std::int32_t *count) {
    Found found{};
    std::copy(packet.count, packet.count + lanes, count);
    if (reduction.combine == Combine::local_max) {
        absent == nullptr
            ? local_maximum(source, WholeSampler{}, packet, reduction.threshold, found)
            : local_maximum(source, PresentSampler<T>{*absent}, packet, reduction.threshold, found);
        return found;
    }
    if (reduction.combine == Combine::max || reduction.combine == Combine::min) {
        kernels.maximum(source, absent, bounds, packet, found);
        return found;
    }
    Sums sums;
    const bool mean = reduction.combine == Combine::mean;
    constexpr float none = -std::numeric_limits<float>::infinity();
    const Addends integral{0.0F, reduction.scale, reduction.offset};
    kernels.sum(source, absent, mean ? Addends{none, 1.0F, 0.0F} : integral, packet, sums);
    for (int i = 0; i < lanes; ++i) {
        const double weight = mean ? 1.0 / std::max(sums.count[i], 1) : packet.spacing[i];
        found.value[i] = static_cast<float>(sums.value[i] * weight);
        found.at[i] = -1;
        count[i] = mean ? sums.count[i] : packet.count[i]; // the integral over what is absent is 0
    }
    return found;
}

template <class T, class Out>
void cast_typed(const ArrayView &voxels, const ArrayView &out, const ArrayView &depth, const Rays &rays,
                const Reduction &reduction, const Bounds &bounds, int threads) {
    const auto source = source_of<T>(voxels);
    const CastKernels<T> &kernels = cast_kernels_for(source);
    const std::optional<Absent<T>> absent = absent_of<T>(reduction.padding);
    const double gone = absent ? static_cast<double>(absent->value) : reduction.fill;
    const auto image = out.plane<Out>();
    const auto depths = depth.plane<float>();
    for_packets(out.shape[0], out.shape[1], threads, [&](Index row, Index column, Index count) {
        const Packet packet = packet_of(rays, source.shape, row, column, count, Spacing::equal_parts);
        std::int32_t samples[lanes];
        const Found found =
            found_by(source, kernels, absent ? &*absent : nullptr, bounds, packet, reduction, samples);
        for (Index i = 0; i < count; ++i) {
            const bool searched =
                reduction.combine != Combine::mean && reduction.combine != Combine::integral;
            const bool none = samples[i] == 0 || (searched && found.at[i] < 0);
            image(row, column + i) = none ? static_cast<Out>(packet.count[i] == 0 ? reduction.fill : gone)
                                          : static_cast<Out>(found.value[i] + 0.0F);
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

void cast(const ArrayView &voxels, const ArrayView &ranges, const ArrayView &out, const ArrayView &depth,
          const Rays &rays, const Reduction &reduction, int threads) {
    const bool is_wide = out.type == DataType::float64;
    check_images(voxels, ranges, out, 2, is_wide ? DataType::float64 : DataType::float32);
    check_images(voxels, ranges, depth, 2);
    check_rays(rays, voxels.shape.data());
    if (depth.shape[0] != out.shape[0] || depth.shape[1] != out.shape[1]) {
        throw_error(Errc::shape_mismatch, "depth has the shape of the image");
    }
    const bool minimum = reduction.combine == Combine::min;
    const std::vector<float> highest = bounds_of(ranges, minimum ? -1.0F : 1.0F);
    Bounds bounds{highest.data(), {}, minimum ? -1.0F : 1.0F};
    std::copy(ranges.shape.begin(), ranges.shape.begin() + 3, bounds.blocks);
    with_type(voxels.type, [&]<class T>(std::type_identity<T>) {
        if (is_wide) {
            cast_typed<T, double>(voxels, out, depth, rays, reduction, bounds, threads);
        } else {
            cast_typed<T, float>(voxels, out, depth, rays, reduction, bounds, threads);
        }
    });
}

} // namespace radpix::render
