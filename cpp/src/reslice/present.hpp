// SPDX-License-Identifier: Apache-2.0
/// Samples of a volume with absent voxels.
#pragma once

#include "base/absent.hpp"
#include "reslice/samples.hpp"

namespace radpix::reslice {

template <class T>
Absent<T> absent_in(const Line &line) noexcept {
    return {static_cast<T>(line.padding), line.padding != line.padding}; // the padding is a value of T
}

/// (1 - t) * a + t * b, in which a neighbour of weight 0 does not matter, even if it is NaN.
inline double weighted(double a, double b, double t) noexcept {
    return t == 0.0 ? a : (t == 1.0 ? b : (1.0 - t) * a + t * b);
}

/// Of the corners of a cell, x fastest: along x, then y, then z.
template <class T>
double weighted(const Cell<T> &cell, const std::array<double, 8> &corners) noexcept {
    const auto along_x = [&](std::size_t i) {
        return weighted(corners[i], corners[i + 1], static_cast<double>(cell.t[2]));
    };
    const auto along_y = [&](std::size_t i) {
        return weighted(along_x(i), along_x(i + 2), static_cast<double>(cell.t[1]));
    };
    return weighted(along_y(0), along_y(4), static_cast<double>(cell.t[0]));
}

template <class T>
class PresentLinear {
public:
    explicit PresentLinear(const Line &line) noexcept : absent_(absent_in<T>(line)) {}

    bool sample(const Source<T> &source, const Vector &position, Work<T> &value) const noexcept {
        const Cell<T> cell = cell_around(source, position);
        const double missing = has_absent(cell) ? missing_from(cell) : 0.0;
        if (missing > 0.5) {
            return false;
        }
        // 0 exactly where no absent voxel has a weight: the bits are those without padding.
        value =
            missing == 0.0 ? interpolated(cell) : static_cast<Work<T>>(present_in(cell) / (1.0 - missing));
        return true;
    }

private:
    /// Voxel i of a cell, x fastest.
    static T corner(const Cell<T> &cell, std::size_t i) noexcept {
        return cell.base[(i & 4 ? cell.up[0] : 0) + (i & 2 ? cell.up[1] : 0) + (i & 1 ? cell.up[2] : 0)];
    }

    [[nodiscard]] bool has_absent(const Cell<T> &cell) const noexcept {
        bool any = false;
        for (std::size_t i = 0; i < 8; ++i) {
            any |= absent_(corner(cell, i));
        }
        return any;
    }

    [[nodiscard]] double missing_from(const Cell<T> &cell) const noexcept {
        std::array<double, 8> gone;
        for (std::size_t i = 0; i < 8; ++i) {
            gone[i] = absent_(corner(cell, i)) ? 1.0 : 0.0;
        }
        return weighted(cell, gone);
    }

    [[nodiscard]] double present_in(const Cell<T> &cell) const noexcept {
        std::array<double, 8> values;
        for (std::size_t i = 0; i < 8; ++i) {
            const T voxel = corner(cell, i);
            values[i] = absent_(voxel) ? 0.0 : static_cast<double>(voxel);
        }
        return weighted(cell, values);
    }

    Absent<T> absent_;
};

template <class T>
class PresentNearest {
public:
    explicit PresentNearest(const Line &line) noexcept : absent_(absent_in<T>(line)) {}

    bool sample(const Source<T> &source, const Vector &position, Work<T> &value) const noexcept {
        const T voxel = *nearest_voxel(source, position);
        value = static_cast<Work<T>>(voxel);
        return !absent_(voxel);
    }

private:
    Absent<T> absent_;
};

} // namespace radpix::reslice
