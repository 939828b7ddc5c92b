// SPDX-License-Identifier: Apache-2.0
/// Decoded rows on their way into the caller's array: element type, strides, point transform, sign.
#pragma once

#include <cstdint>

#include "radpix/codec.hpp"

namespace radpix::jpeg {

/// Writes rows of samples into an array (rows, columns) or (rows, columns, samples) of 8- or 16-bit integers.
/// Samples of a signed object are coded as unsigned words of Bits Stored bits (PS3.5 8.2.1): their sign is
/// extended here.
class PixelSink {
public:
    /// Throws Error(unsupported_layout) for element types that no JPEG sample is stored in.
    PixelSink(const FrameLayout &layout, const ArrayView &out);

    /// `samples` holds `channels` interleaved samples per column, the first of which is channel
    /// `first_channel` of the output. Each is shifted left by `shift`.
    template <class Sample>
    void store(Index y, const Sample *samples, int first_channel, int channels, int shift) const noexcept;

    /// Where row `y` may be written as it is: interleaved, contiguous, of this type, without a sign to
    /// extend. nullptr otherwise.
    template <class Sample>
    [[nodiscard]] Sample *direct_row(Index y) const noexcept;

    [[nodiscard]] Index width() const noexcept { return width_; }
    [[nodiscard]] int channels() const noexcept { return channels_; }

private:
    template <class Element, class Sample>
    void store_as(Index y, const Sample *samples, int first_channel, int channels, int shift) const noexcept;

    void *data_;
    DataType type_;
    Index width_, row_stride_, column_stride_, channel_stride_;
    int channels_, unused_bits_;
};

} // namespace radpix::jpeg
