// SPDX-License-Identifier: Apache-2.0
/// Decoded samples on their way into the caller's array.
#pragma once

#include "codec/jpeg2000/codestream.hpp"
#include "codec/jpeg2000/tile_decoder.hpp"

namespace radpix::jpeg2000 {

/// Stores samples as the data set describes them: the low bits of a sample, as many as the codestream gives
/// it, are a two's complement number where Pixel Representation is 1 and an unsigned one where it is 0,
/// whatever the codestream says of the sign. Where both agree that changes nothing. Samples of a sub-sampled
/// component are repeated over the pixels that they stand for.
class PixelSink final : public SampleSink {
public:
    /// The image has the rows, columns and components of `out`, which outlives the sink.
    PixelSink(const ImageSize &size, const FrameLayout &layout, const ArrayView &out);

    void write(std::size_t component, Index y, Index x, const std::int32_t *samples,
               Index count) noexcept override;

private:
    template <class Element>
    void write_as(std::size_t component, Index y, Index x, const std::int32_t *samples, Index count) noexcept;
    template <class Element>
    void write_repeated(std::size_t component, Index y, Index x, const std::int32_t *samples,
                        Index count) noexcept;

    const ImageSize &size_;
    const ArrayView &out_;
    bool is_signed_;
    Index channel_stride_;
};

} // namespace radpix::jpeg2000
