// SPDX-License-Identifier: Apache-2.0
/// Vectors in patient space.
#pragma once

namespace radpix::path {

struct Vector {
    double x = 0.0, y = 0.0, z = 0.0;
};

inline Vector operator+(const Vector &a, const Vector &b) noexcept {
    return {a.x + b.x, a.y + b.y, a.z + b.z};
}

inline Vector operator-(const Vector &a, const Vector &b) noexcept {
    return {a.x - b.x, a.y - b.y, a.z - b.z};
}

inline Vector operator*(double factor, const Vector &a) noexcept {
    return {factor * a.x, factor * a.y, factor * a.z};
}

inline double dot(const Vector &a, const Vector &b) noexcept {
    return (a.x * b.x + a.y * b.y) + a.z * b.z;
}

inline Vector cross(const Vector &a, const Vector &b) noexcept {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/// `a` reflected at the plane perpendicular to `mirror`; one of length 0 does nothing.
inline Vector reflected(const Vector &a, const Vector &mirror) noexcept {
    const double square = dot(mirror, mirror);
    const double share = (2.0 * dot(a, mirror)) / (square > 0.0 ? square : 1.0);
    return a - share * mirror;
}

inline Vector loaded(const double *numbers) noexcept {
    return {numbers[0], numbers[1], numbers[2]};
}

/// Returns where the next one goes.
inline double *store(const Vector &a, double *numbers) noexcept {
    numbers[0] = a.x;
    numbers[1] = a.y;
    numbers[2] = a.z;
    return numbers + 3;
}

} // namespace radpix::path
