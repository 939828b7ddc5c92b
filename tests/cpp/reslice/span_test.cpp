// SPDX-License-Identifier: Apache-2.0
#include "reslice/span.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace radpix::reslice {
namespace {

/// A line with its slab's offsets.
struct Case {
    Line line;
    std::vector<double> offsets;
    Index shape[3]{};

    void set_line(const Vector &start, const Vector &step) {
        std::copy(start.begin(), start.end(), line.start);
        std::copy(step.begin(), step.end(), line.step);
    }
    void set_shape(Index depth, Index height, Index width) {
        shape[0] = depth;
        shape[1] = height;
        shape[2] = width;
    }

    void set_slab(Index samples, const Vector &step) {
        offsets.clear();
        for (const double s : step) {
            for (Index k = 0; k < samples; ++k) {
                offsets.push_back((static_cast<double>(k) - static_cast<double>(samples - 1) / 2) * s);
            }
        }
        line.samples = samples;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            line.slab[axis] = offsets.data() + static_cast<Index>(axis) * samples;
        }
    }
    [[nodiscard]] double at(std::size_t axis, Index column, Index k) const {
        return (line.start[axis] + static_cast<double>(column) * line.step[axis]) + line.slab[axis][k];
    }
    [[nodiscard]] bool all_samples(Index column, double low, double beyond_last, bool open) const {
        for (Index k = 0; k < line.samples; ++k) {
            if (!sample_in(column, k, low, beyond_last, open)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool any_inside(Index column) const {
        for (Index k = 0; k < line.samples; ++k) {
            if (sample_in(column, k, -0.5, -0.5, false)) {
                return true;
            }
        }
        return false;
    }

private:
    [[nodiscard]] bool sample_in(Index column, Index k, double low, double beyond_last, bool open) const {
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const double position = at(axis, column, k);
            const double high = static_cast<double>(shape[axis]) + beyond_last;
            if (!(position >= low && (open ? position < high : position <= high))) {
                return false;
            }
        }
        return true;
    }
};

Case random_case(std::mt19937 &random) {
    std::uniform_real_distribution<double> unit(-1, 1);
    std::uniform_int_distribution<int> extent(1, 12);
    std::uniform_int_distribution<int> kind(0, 4);
    Case c;
    Vector slab_step{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        c.shape[axis] = extent(random);
        c.line.start[axis] = unit(random) * 8;
        const double scale[] = {0, 1e-13, 0.1, 1, 3};
        c.line.step[axis] = unit(random) * scale[kind(random)];
        slab_step[axis] = unit(random) * scale[kind(random)];
        if (kind(random) == 0) { // whole and half numbers meet the boundaries exactly
            c.line.start[axis] = std::nearbyint(c.line.start[axis] * 2) / 2;
            c.line.step[axis] = std::nearbyint(c.line.step[axis] * 2) / 2;
        }
    }
    c.set_slab(kind(random) + 1, slab_step);
    return c;
}

TEST(span_of, is_safe_and_nearly_tight) {
    std::mt19937 random(1);
    constexpr Index columns = 40;
    Index interior_missed = 0;
    Index interior = 0;
    for (int round = 0; round < 20000; ++round) {
        const Case c = random_case(random);
        const Span span = span_of(c.line, c.shape, columns);
        ASSERT_LE(0, span.outer_first);
        ASSERT_LE(span.outer_first, span.outer_last);
        ASSERT_LE(span.outer_last, columns);
        for (Index column = 0; column < columns; ++column) {
            const bool is_interior = c.all_samples(column, 0, -1, true);
            interior += is_interior ? 1 : 0;
            if (column >= span.inner_first && column < span.inner_last) {
                ASSERT_TRUE(is_interior);
            } else {
                interior_missed += is_interior ? 1 : 0;
            }
            if (column < span.outer_first || column >= span.outer_last) {
                ASSERT_FALSE(c.any_inside(column));
            }
        }
    }
    EXPECT_GT(interior, 5000);
    EXPECT_LT(interior_missed, interior / 100);
}

TEST(span_of, skips_a_row_beside_the_volume) {
    Case c;
    c.set_shape(10, 10, 10);
    c.set_line({-3, 4, 4}, {0, 0, 1});
    c.set_slab(3, {1, 0, 0});
    const Span span = span_of(c.line, c.shape, 100);
    EXPECT_EQ(span.outer_first, span.outer_last);
}

TEST(span_of, an_empty_volume_has_no_inside) {
    Case c;
    c.set_shape(3, 0, 3);
    c.set_line({0, -0.5, 0}, {});
    c.set_slab(1, {});
    const Span span = span_of(c.line, c.shape, 5);
    EXPECT_EQ(span.outer_last, 0);
    EXPECT_EQ(span.inner_last, 0);
}

TEST(span_of, numbers_at_the_end_of_float64_leave_nothing_to_the_interior) {
    constexpr double huge = std::numeric_limits<double>::max();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr double tiny = std::numeric_limits<double>::denorm_min();
    for (const double start : {huge, -huge, infinity, -infinity, std::nan(""), 0.0, tiny}) {
        for (const double step : {huge, -huge, tiny, -tiny, 0.0}) {
            for (const double slab : {huge, -huge, 0.0, tiny}) {
                Case c;
                c.set_shape(4, 4, 4);
                c.set_line({start, start, start}, {step, step, step});
                c.set_slab(4, {slab, slab, slab});
                const Span span = span_of(c.line, c.shape, 9);
                for (Index column = 0; column < 9; ++column) {
                    if (column >= span.inner_first && column < span.inner_last) {
                        EXPECT_TRUE(c.all_samples(column, 0, -1, true));
                    }
                    if (column < span.outer_first || column >= span.outer_last) {
                        EXPECT_FALSE(c.any_inside(column));
                    }
                }
            }
        }
    }
}

} // namespace
} // namespace radpix::reslice
