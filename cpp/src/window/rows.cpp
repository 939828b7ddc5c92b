// SPDX-License-Identifier: Apache-2.0
#include "window/rows.hpp"

#include <algorithm>
#include <cstdlib>

namespace radpix::window_kernels {

Rows::Rows(const ArrayView &pixels, const ArrayView &out) noexcept
    : pixels_(static_cast<const std::byte *>(pixels.data)), out_(static_cast<std::byte *>(out.data)),
      pixel_size_(size_of(pixels.type)), out_size_(size_of(out.type)), size_(out.size()) {
    if (size_ == 0) {
        return;
    }
    for (std::size_t axis = 0; axis < static_cast<std::size_t>(out.rank); ++axis) {
        if (out.shape[axis] != 1) {
            append({out.shape[axis], pixels.strides[axis], out.strides[axis]});
        }
    }
    sort();
    merge();
    if (outer_count_ > 0) {
        inner_ = outer_[--outer_count_];
    }
}

// An axis that runs backwards in the output is turned round in both arrays: they keep meeting pixel by pixel.
void Rows::append(const Axis &axis) noexcept {
    Axis forward = axis;
    if (axis.out_stride < 0) {
        pixels_ += (axis.extent - 1) * axis.pixel_stride * pixel_size_;
        out_ += (axis.extent - 1) * axis.out_stride * out_size_;
        forward.pixel_stride = -axis.pixel_stride;
        forward.out_stride = -axis.out_stride;
    }
    outer_[outer_count_++] = forward;
}

void Rows::sort() noexcept {
    // Insertion sort: at most eight axes, and std::stable_sort allocates.
    for (std::size_t i = 1; i < outer_count_; ++i) {
        for (std::size_t j = i; j > 0; --j) {
            const Axis &slower = outer_[j - 1], &faster = outer_[j];
            const bool in_order = slower.out_stride > faster.out_stride ||
                                  (slower.out_stride == faster.out_stride &&
                                   std::abs(slower.pixel_stride) >= std::abs(faster.pixel_stride));
            if (in_order) {
                break;
            }
            std::swap(outer_[j - 1], outer_[j]);
        }
    }
}

void Rows::merge() noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 1; i < outer_count_; ++i) {
        Axis &slower = outer_[kept];
        const Axis &faster = outer_[i];
        if (slower.pixel_stride == faster.extent * faster.pixel_stride &&
            slower.out_stride == faster.extent * faster.out_stride) {
            slower = {slower.extent * faster.extent, faster.pixel_stride, faster.out_stride};
        } else {
            outer_[++kept] = faster;
        }
    }
    outer_count_ = outer_count_ == 0 ? 0 : kept + 1;
}

Segment Rows::segment(Index row, Index column, Index length) const noexcept {
    Index pixel_offset = column * inner_.pixel_stride;
    Index out_offset = column * inner_.out_stride;
    for (std::size_t axis = outer_count_; axis-- > 0;) {
        const Axis &outer = outer_[axis];
        const Index index = row % outer.extent;
        row /= outer.extent;
        pixel_offset += index * outer.pixel_stride;
        out_offset += index * outer.out_stride;
    }
    return {pixels_ + pixel_offset * pixel_size_, out_ + out_offset * out_size_, length};
}

} // namespace radpix::window_kernels
