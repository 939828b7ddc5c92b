// SPDX-License-Identifier: Apache-2.0
/// Blinn-Phong with the light at the eye, where the half vector is the light's own direction. Surfaces have
/// two sides.
#pragma once

#include <cmath>

#include "render/sample.hpp"

namespace radpix::render {

/// A sample that is there: its place and its value.
struct Seen {
    const float *position;
    float value;
};

/// By central differences over a voxel either way, per index; by the difference to the sample itself on the
/// side where there is no other, and 0 where there is none on either side.
template <class T, class Sampler>
void gradient_at(const Source<T> &source, const Sampler &sample, const Seen &seen, float *gradient) noexcept {
    for (int axis = 0; axis < 3; ++axis) {
        float near[3] = {seen.position[0], seen.position[1], seen.position[2]};
        float upper = seen.value;
        float lower = seen.value;
        near[axis] = seen.position[axis] + 1.0F;
        const bool above = sample(source, cell_at(source, near), upper);
        near[axis] = seen.position[axis] - 1.0F;
        const bool below = sample(source, cell_at(source, near), lower);
        gradient[axis] = (upper - lower) * (above && below ? 0.5F : 1.0F);
    }
}

/// |cosine| between the ray and the gradient; 0 without a gradient.
template <class T, class Sampler>
[[nodiscard]] float facing(const Source<T> &source, const Sampler &sample, const Scene &scene,
                           const Seen &seen, const float *direction) noexcept {
    float gradient[3];
    gradient_at(source, sample, seen, gradient);
    float along = gradient[0] * direction[0] + gradient[1] * direction[1];
    along = along + gradient[2] * direction[2];
    float squares[3];
    for (int axis = 0; axis < 3; ++axis) {
        const float *row = scene.per_mm[axis];
        float component = row[0] * gradient[0] + row[1] * gradient[1];
        component = component + row[2] * gradient[2];
        squares[axis] = component * component;
    }
    const float square = squares[0] + squares[1] + squares[2];
    if (!(square > 0.0F)) {
        return 0.0F;
    }
    const float cosine = std::fabs(along) / std::sqrt(square);
    return cosine < 1.0F ? cosine : 1.0F;
}

/// n^power by squaring.
[[nodiscard]] inline float power_of(float base, int power) noexcept {
    float result = 1.0F;
    for (; power != 0; power >>= 1) {
        if ((power & 1) != 0) {
            result *= base;
        }
        base *= base;
    }
    return result;
}

[[nodiscard]] inline float lit(float color, float light, float highlight) noexcept {
    const float sum = color * light + highlight;
    return sum < 1.0F ? sum : 1.0F;
}

/// The colour of a sample on ray `i`: that of the transfer function, lit.
template <class T, class Sampler>
void shade_sample(const Source<T> &source, const Sampler &sample, const Scene &scene, const Packet &packet,
                  const Seen &seen, int i, float *color) noexcept {
    const Lighting &lighting = scene.lighting;
    if (lighting.shading) {
        const float direction[3] = {packet.direction[0][i], packet.direction[1][i], packet.direction[2][i]};
        const float n = facing(source, sample, scene, seen, direction);
        const float light = lighting.ambient + lighting.diffuse * n;
        const float highlight = lighting.specular * power_of(n, lighting.power);
        for (int c = 0; c < 3; ++c) {
            color[c] = lit(color[c], light, highlight);
        }
    }
}

/// Composites a lit sample of the given opacity onto ray `i`.
inline void add_color(const float *color, float opacity, int i, Colors &colors) noexcept {
    const float weight = colors.transmittance[i] * opacity;
    colors.red[i] += weight * color[0];
    colors.green[i] += weight * color[1];
    colors.blue[i] += weight * color[2];
    colors.transmittance[i] -= weight;
}

/// Adds a sample of the given opacity to ray `i`.
template <class T, class Sampler>
void add_sample(const Source<T> &source, const Sampler &sample, const Scene &scene, const Packet &packet,
                const Seen &seen, const float *entry, float opacity, int i, Colors &colors) noexcept {
    float color[3] = {entry[0], entry[1], entry[2]};
    shade_sample(source, sample, scene, packet, seen, i, color);
    add_color(color, opacity, i, colors);
}

} // namespace radpix::render
