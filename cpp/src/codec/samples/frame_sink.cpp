// SPDX-License-Identifier: Apache-2.0
#include "codec/samples/frame_sink.hpp"

#include <cstring>

#include "radpix/error.hpp"

namespace radpix::samples {
namespace {

template <class U>
void scatter_as(const std::byte *from, Index from_stride, std::byte *to, Index to_stride,
                Index count) noexcept {
    for (Index i = 0; i < count; ++i) {
        std::memcpy(to + i * to_stride, from + i * from_stride, sizeof(U));
    }
}

/// Copies samples of `size` bytes from one stride to another.
void scatter(const std::byte *from, Index from_stride, std::byte *to, Index to_stride, Index count,
             Index size) noexcept {
    constexpr std::array copies{scatter_as<std::uint8_t>, scatter_as<std::uint16_t>,
                                scatter_as<std::uint32_t>, scatter_as<std::uint64_t>};
    copies[size_index(size)](from, from_stride, to, to_stride, count);
}

} // namespace

bool converts_to_rgb(const FrameLayout &layout, const DecodeOptions &options) {
    const bool is_ybr =
        layout.photometric == Photometric::ybr_full || layout.photometric == Photometric::ybr_full_422;
    if (options.keep_components || !is_ybr || layout.samples_per_pixel != 3) {
        return false;
    }
    if (layout.bits_allocated != 8 || layout.bits_stored != 8 || layout.is_signed) {
        throw_error(Errc::unsupported_layout, "YBR_FULL has an inverse for 8 unsigned bits only (PS3.3 "
                                              "C.7.6.3.1.2), not for " +
                                                  std::to_string(layout.bits_stored) + " in " +
                                                  std::to_string(layout.bits_allocated) +
                                                  "; decode the components unconverted");
    }
    return true;
}

FrameSink::FrameSink(const ArrayView &out) noexcept
    : data_(static_cast<std::byte *>(out.data)), rows_(out.shape[0]), columns_(out.shape[1]),
      row_stride_(out.strides[0] * size_of(out.type)), column_stride_(out.strides[1] * size_of(out.type)),
      sample_stride_(out.rank == 3 ? out.strides[2] * size_of(out.type) : size_of(out.type)),
      size_(size_of(out.type)), samples_(out.rank == 3 ? static_cast<int>(out.shape[2]) : 1) {
    dense_ = sample_stride_ == size_ && (column_stride_ == samples_ * size_ || columns_ == 1);
    if (dense_ && (rows_ == 1 || row_stride_ == columns_ * samples_ * size_)) {
        column_stride_ = samples_ * size_;
        columns_ *= rows_;
        rows_ = 1;
    }
}

void FrameSink::write_planes(const std::byte *const *planes, Index row, Index column, Index count,
                             const Kernels &kernels) const noexcept {
    std::byte *const target = at(row, column);
    if (dense_ && samples_ == 1) {
        std::memcpy(target, planes[0], static_cast<std::size_t>(count * size_));
    } else if (dense_ && samples_ == 3) {
        kernels.interleave3[size_index(size_)](planes, target, count);
    } else {
        for (int sample = 0; sample < samples_; ++sample) {
            scatter(planes[sample], size_, target + sample * sample_stride_, column_stride_, count, size_);
        }
    }
}

void FrameSink::write_interleaved(const std::byte *pixels, Index row, Index column,
                                  Index count) const noexcept {
    std::byte *const target = at(row, column);
    if (dense_) {
        std::memcpy(target, pixels, static_cast<std::size_t>(count * samples_ * size_));
        return;
    }
    for (int sample = 0; sample < samples_; ++sample) {
        scatter(pixels + sample * size_, samples_ * size_, target + sample * sample_stride_, column_stride_,
                count, size_);
    }
}

} // namespace radpix::samples
