// SPDX-License-Identifier: Apache-2.0
/// What a CPU level provides: packets of neighbouring rays.
#pragma once

#include <cstdint>

#include "base/absent.hpp"
#include "radpix/render.hpp"
#include "radpix/view.hpp"

namespace radpix::render {

/// Rays of a packet.
inline constexpr int lanes = 8;

/// Samples of a packet's rays: sample k of ray i lies at start[axis][i] + k * step[axis][i], k < count[i];
/// axes z, y, x, in indices. Built-in arrays: AVX2 regions call no functions that portable code shares.
struct Packet {
    alignas(32) float start[3][lanes];
    alignas(32) float step[3][lanes];
    alignas(32) float direction[3][lanes]; ///< the ray's unit direction, in indices per mm
    alignas(32) std::int32_t count[lanes];
    float last[3][lanes];   ///< where the partial last step is sampled
    double rest[lanes];     ///< its length in mm, 0: there is none
    double first_at[lanes]; ///< t of sample 0 in mm
    double spacing[lanes];  ///< between samples in mm
};

/// The voxels; axes in the order (z, y, x), strides in elements.
template <class T>
struct Source {
    const T *data = nullptr;
    Index shape[3]{};
    Index strides[3]{};
};

/// What `composite` looks up. `distance` is 0 for blocks in which something shows, else the number of blocks
/// (along the axis where it is largest) to the nearest of them.
struct Scene {
    const float *table = nullptr;      ///< (entries, 4): red, green, blue, opacity of one step
    const float *extinction = nullptr; ///< (entries): per mm
    Index entries = 0;
    float first = 0, scale = 1;
    const std::int32_t *distance = nullptr;
    Index blocks[3]{};
    Lighting lighting;
    float per_mm[3][3]{}; ///< gradient along (x, y, z) per mm: the sum over a of per_mm[.][a] * gradient[a]
};

/// What a search for the largest of sign * value looks up: bounds of each block's samples.
struct Bounds {
    const float *highest = nullptr; ///< of sign * value
    Index blocks[3]{};
    float sign = 1;
};

/// Premultiplied red, green, blue, and the transmittance that is left.
struct Colors {
    alignas(32) float red[lanes], green[lanes], blue[lanes], transmittance[lanes];
};

/// What one sample of a layer adds, unweighted; opacity 0 where it shows nothing.
struct Look {
    alignas(32) float red[lanes], green[lanes], blue[lanes], opacity[lanes], extinction[lanes];
};

/// Values found, and the number of the sample; -1 where there is none.
struct Found {
    alignas(32) float value[lanes];
    alignas(32) std::int32_t at[lanes];
};

/// What is added up: max(floor, scale * value + offset) of each sample.
struct Addends {
    float floor, scale, offset;
};

/// Sums, and how many samples there were.
struct Sums {
    alignas(32) double value[lanes];
    alignas(32) std::int32_t count[lanes];
};

/// A ray ends when less than this is left to see.
inline constexpr float opaque = 1.0F / 1024;

/// `absent` tells the voxels that take no part, null: none do. A sample is the mean of the present ones by
/// their weights; one of which more than 1/2 is absent shows nothing and finds nothing.
template <class T>
struct KernelSet {
    void (*composite)(const Source<T> &source, const Absent<T> *absent, const Scene &scene,
                      const Packet &packet, Colors &colors) noexcept;
    /// Sample k of the rays that are `active` (-1, else 0). Returns 0, or how many samples further none of
    /// them shows anything; then only opacities are written.
    std::int32_t (*look)(const Source<T> &source, const Scene &scene, const Packet &packet, std::int32_t k,
                         const std::int32_t *active, Look &look) noexcept;
    std::int32_t (*look_beside)(const Source<T> &source, const Absent<T> &absent, const Scene &scene,
                                const Packet &packet, std::int32_t k, const std::int32_t *active,
                                Look &look) noexcept;
};

/// Searches and sums, `absent` as of KernelSet.
template <class T>
struct CastKernels {
    void (*maximum)(const Source<T> &source, const Absent<T> *absent, const Bounds &bounds,
                    const Packet &packet, Found &found) noexcept;
    void (*sum)(const Source<T> &source, const Absent<T> *absent, const Addends &addends,
                const Packet &packet, Sums &sums) noexcept;
};

/// Defined for every type of `DataType`, any strides.
template <class T>
[[nodiscard]] const KernelSet<T> &scalar_kernels() noexcept;
template <class T>
[[nodiscard]] const CastKernels<T> &scalar_cast_kernels() noexcept;

/// x contiguous, every axis longer than 1, fewer than 2^30 voxels between the first and the last.
struct Avx2Kernels {
    KernelSet<std::int16_t> i16;
    KernelSet<std::uint16_t> u16;
    KernelSet<float> f32;
};
extern const Avx2Kernels avx2_kernels;

/// As of Avx2Kernels.
struct Avx2CastKernels {
    CastKernels<std::int16_t> i16;
    CastKernels<std::uint16_t> u16;
    CastKernels<float> f32;
};
extern const Avx2CastKernels avx2_cast_kernels;

} // namespace radpix::render
