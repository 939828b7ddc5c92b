// SPDX-License-Identifier: Apache-2.0
/// Two arrays of one shape as rows of equal length: axes are put in the output's memory order and merged
/// where both arrays allow it, so that a contiguous volume is one row, whatever its rank.
#pragma once

#include <array>
#include <cstddef>

#include "radpix/view.hpp"

namespace radpix::window_kernels {

/// A part of one row of both arrays. Strides count elements.
struct Segment {
    const std::byte *pixels;
    std::byte *out;
    Index length;
};

class Rows {
public:
    /// The caller has checked that the shapes agree.
    Rows(const ArrayView &pixels, const ArrayView &out) noexcept;

    [[nodiscard]] Index size() const noexcept { return size_; }
    [[nodiscard]] Index pixel_stride() const noexcept { return inner_.pixel_stride; }
    [[nodiscard]] Index out_stride() const noexcept { return inner_.out_stride; }
    [[nodiscard]] bool both_contiguous() const noexcept {
        return inner_.pixel_stride == 1 && inner_.out_stride == 1;
    }

    /// Calls f(Segment) over the elements [first, last) of [0, size()), in order.
    template <class F>
    void for_each_segment(Index first, Index last, F &&f) const {
        Index row = first / inner_.extent;
        Index column = first % inner_.extent;
        for (Index done = first; done < last; ++row, column = 0) {
            const Index left_in_row = inner_.extent - column;
            const Index length = left_in_row < last - done ? left_in_row : last - done;
            f(segment(row, column, length));
            done += length;
        }
    }

private:
    struct Axis {
        Index extent = 1, pixel_stride = 1, out_stride = 1;
    };

    void append(const Axis &axis) noexcept;
    void sort() noexcept;
    void merge() noexcept;
    [[nodiscard]] Segment segment(Index row, Index column, Index length) const noexcept;

    const std::byte *pixels_;
    std::byte *out_;
    Index pixel_size_, out_size_;
    Index size_;
    Axis inner_;
    std::array<Axis, ArrayView::max_rank> outer_{}; ///< slowest first
    std::size_t outer_count_ = 0;
};

} // namespace radpix::window_kernels
