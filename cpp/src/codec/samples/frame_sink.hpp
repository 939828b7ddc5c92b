// SPDX-License-Identifier: Apache-2.0
/// Where a frame's samples go: the caller's array, whatever its strides.
#pragma once

#include "codec/samples/kernels.hpp"
#include "radpix/codec.hpp"

namespace radpix {

/// check_layout refuses more samples per pixel.
inline constexpr int max_samples = 64;

} // namespace radpix

namespace radpix::samples {

/// Whether this frame's samples are YBR_FULL and have to become RGB. Throws Error(unsupported_layout) for
/// a conversion that does not exist.
[[nodiscard]] bool converts_to_rgb(const FrameLayout &layout, const DecodeOptions &options);

/// One frame of the output, seen as rows of pixels. Where the strides allow, all pixels are one row.
class FrameSink {
public:
    explicit FrameSink(const ArrayView &out) noexcept;

    [[nodiscard]] Index rows() const noexcept { return rows_; }
    [[nodiscard]] Index columns() const noexcept { return columns_; }
    [[nodiscard]] int samples() const noexcept { return samples_; }
    [[nodiscard]] Index sample_size() const noexcept { return size_; }
    /// Whether the samples of a row follow each other without gaps, so that `row` may be written as a whole.
    [[nodiscard]] bool rows_are_dense() const noexcept { return dense_; }
    [[nodiscard]] std::byte *at(Index row, Index column) const noexcept {
        return data_ + row * row_stride_ + column * column_stride_;
    }

    /// Writes `count` pixels from (row, column) on, given as one plane for each sample.
    void write_planes(const std::byte *const *planes, Index row, Index column, Index count,
                      const Kernels &kernels) const noexcept;
    /// Writes `count` pixels from (row, column) on, given sample-interleaved.
    void write_interleaved(const std::byte *pixels, Index row, Index column, Index count) const noexcept;

private:
    std::byte *data_;
    Index rows_, columns_;
    Index row_stride_, column_stride_, sample_stride_; // bytes
    Index size_;
    int samples_;
    bool dense_;
};

} // namespace radpix::samples
