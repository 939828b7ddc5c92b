// SPDX-License-Identifier: Apache-2.0
/// Medians of lines.
#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "project/lines.hpp"
#include "project/values.hpp"
#include "radpix/parallel.hpp"

namespace radpix::project {

/// The median of `values`, which are reordered; of an even number the mean of the middle two.
template <class U, class T>
[[nodiscard]] U median_of(T *values, Index count) noexcept {
    T *const end = values + count;
    if constexpr (std::is_floating_point_v<T>) {
        if (std::any_of(values, end, [](T value) { return value != value; })) {
            return std::numeric_limits<U>::quiet_NaN();
        }
    }
    T *const upper = values + count / 2;
    std::nth_element(values, upper, end);
    if (count % 2 != 0) {
        return canonical<U>(*upper);
    }
    using Sum = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
    return mean_of<U>(static_cast<Sum>(*std::max_element(values, upper)) + static_cast<Sum>(*upper), 2);
}

template <class T, class U>
void project_median(const LinesView<T> &lines, const PlaneView<U> &out, int threads) {
    // Neighbouring lines are collected together: they share cache lines.
    const Index block = std::clamp((Index{1} << 20) / lines.length, Index{1}, Index{64});
    const Index pieces = (lines.columns + block - 1) / block;
    parallel_for(0, lines.rows * pieces, 16, threads, [&](Index first, Index last) {
        std::vector<T> values(static_cast<std::size_t>(block * lines.length));
        for (Index piece = first; piece < last; ++piece) {
            const Index row = piece / pieces;
            const Index column = piece % pieces * block;
            const Index n = std::min(block, lines.columns - column);
            for (Index k = 0; k < lines.length; ++k) {
                for (Index i = 0; i < n; ++i) {
                    values[static_cast<std::size_t>(i * lines.length + k)] = *lines.at(row, column + i, k);
                }
            }
            for (Index i = 0; i < n; ++i) {
                out(row, column + i) = median_of<U>(values.data() + i * lines.length, lines.length);
            }
        }
    });
}

} // namespace radpix::project
