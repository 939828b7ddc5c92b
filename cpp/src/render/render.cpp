// SPDX-License-Identifier: Apache-2.0
#include "radpix/render.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"
#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"
#include "render/blocks.hpp"
#include "render/kernels.hpp"
#include "render/rays.hpp"
#include "render/shade.hpp"

namespace radpix::render {
namespace {

/// Rows and columns of a tile, whose rays meet the same voxels: one thread's work at a time.
constexpr Index tile = 32;

template <class T>
Source<T> source_of(const ArrayView &voxels) noexcept {
    Source<T> source;
    source.data = static_cast<const T *>(voxels.data);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        source.shape[axis] = voxels.shape[axis];
        source.strides[axis] = voxels.strides[axis];
    }
    return source;
}

template <class T>
bool fits_avx2(const Source<T> &source) noexcept {
    constexpr Index most = Index{1} << 30;
    Index reach = 0;
    bool fits = source.strides[2] == 1;
    for (int axis = 0; axis < 3; ++axis) {
        const Index stride = source.strides[axis];
        fits = fits && source.shape[axis] > 1 && stride > -most && stride < most;
        reach += fits ? (source.shape[axis] - 1) * std::abs(stride) : 0;
        fits = fits && reach < most;
    }
    return fits;
}

template <class T>
const KernelSet<T> &kernels_for(const Source<T> &source) {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2 && fits_avx2(source)) {
        if constexpr (std::is_same_v<T, std::int16_t>) {
            return avx2_kernels.i16;
        } else if constexpr (std::is_same_v<T, std::uint16_t>) {
            return avx2_kernels.u16;
        } else if constexpr (std::is_same_v<T, float>) {
            return avx2_kernels.f32;
        }
    }
#endif
    (void)source;
    return scalar_kernels<T>();
}

void check_images(const ArrayView &voxels, const ArrayView &ranges, const ArrayView &out, int rank) {
    if (voxels.rank != 3 || voxels.size() == 0) {
        throw_error(Errc::shape_mismatch, "rays go through a volume (z, y, x) that is not empty");
    }
    if (out.rank != rank || out.type != DataType::float32 || (rank == 3 && out.shape[2] != 4)) {
        throw_error(Errc::shape_mismatch,
                    "images of rays are float32 (rows, columns), of colours (rows, columns, 4)");
    }
    bool fits = ranges.rank == 4 && ranges.type == DataType::float32 && ranges.shape[3] == 2;
    Index stride = 1;
    for (std::size_t axis = 4; fits && axis-- > 0;) {
        fits = ranges.strides[axis] == stride || ranges.shape[axis] == 1;
        fits = fits && (axis == 3 || ranges.shape[axis] == blocks_along(voxels.shape[axis]));
        stride *= ranges.shape[axis];
    }
    if (!fits) {
        throw_error(Errc::shape_mismatch, "ranges are what block_ranges fills for the volume");
    }
}

/// Calls f(row, column, count) for groups of neighbouring pixels, tile by tile.
template <class F>
void for_packets(Index rows, Index columns, int threads, F &&f) {
    const Index across = (columns + tile - 1) / tile;
    const Index tiles = across * ((rows + tile - 1) / tile);
    parallel_for(0, tiles, 1, threads, [&](Index first, Index last) {
        for (Index t = first; t < last; ++t) {
            const Index row = t / across * tile;
            const Index column = t % across * tile;
            for (Index r = row; r < std::min(row + tile, rows); ++r) {
                check_cancelled();
                for (Index c = column; c < std::min(column + tile, columns); c += lanes) {
                    f(r, c, std::min<Index>(lanes, std::min(column + tile, columns) - c));
                }
            }
        }
    });
}

/// What outlives a `Scene`.
struct Tables {
    std::vector<float> step, extinction;
    std::vector<std::int32_t> distance;
};

void check_transfer(const Transfer &transfer, const Lighting &lighting) {
    const ArrayView &table = transfer.table;
    const bool fits = table.rank == 2 && table.type == DataType::float32 && table.shape[1] == 4 &&
                      table.shape[0] >= 1 && table.shape[0] <= (1 << 20);
    if (!fits || !std::isfinite(transfer.first) || !std::isfinite(transfer.scale) || transfer.scale < 0) {
        throw_error(Errc::invalid_argument,
                    "a transfer table is float32 (entries, 4), 1 to 2^20 of them, evenly "
                    "spaced from a finite first value");
    }
    if (lighting.power < 0 || lighting.power > 1024) {
        throw_error(Errc::invalid_argument, "the power of the highlights is from 0 to 1024");
    }
}

Scene scene_of(const ArrayView &ranges, const Rays &rays, const Transfer &transfer, const Lighting &lighting,
               Tables &tables) {
    Scene scene;
    const auto table = transfer.table.plane<const float>();
    const auto entries = static_cast<std::size_t>(table.height);
    tables.step.resize(4 * entries);
    tables.extinction.resize(entries);
    std::vector<Index> shown_before(entries + 1, 0);
    for (std::size_t e = 0; e < entries; ++e) {
        for (std::size_t c = 0; c < 3; ++c) {
            const float color = table(static_cast<Index>(e), static_cast<Index>(c));
            tables.step[4 * e + c] = color > 0.0F ? std::min(color, 1.0F) : 0.0F;
        }
        const float extinction = table(static_cast<Index>(e), 3);
        tables.extinction[e] = extinction > 0.0F ? extinction : 0.0F;
        const double opacity = opacity_of(static_cast<double>(tables.extinction[e]) * rays.step);
        tables.step[4 * e + 3] = static_cast<float>(opacity);
        shown_before[e + 1] = shown_before[e] + (tables.step[4 * e + 3] > 0.0F ? 1 : 0);
    }
    scene.table = tables.step.data();
    scene.entries = table.height;
    scene.first = static_cast<float>(transfer.first);
    scene.scale = static_cast<float>(transfer.scale);
    scene.lighting = lighting;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        scene.blocks[axis] = ranges.shape[axis];
        for (std::size_t j = 0; j < 3; ++j) {
            scene.per_mm[j][axis] = static_cast<float>(rays.to_index[4 * axis + j]);
        }
    }
    tables.distance = distances(ranges, scene, shown_before);
    tables.distance.push_back(0);
    scene.distance = tables.distance.data();
    return scene;
}

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
