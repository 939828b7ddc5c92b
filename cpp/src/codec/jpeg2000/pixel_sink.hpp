// SPDX-License-Identifier: Apache-2.0
/// Decoded samples on their way into the caller's array.
#pragma once

#include "codec/jpeg2000/image_decoder.hpp"

namespace radpix::jpeg2000 {

/// Stores samples as the data set describes them: the low bits of a sample, as many as the codestream gives
/// it, are a two's complement number where Pixel Representation is 1 and an unsigned one where it is 0,
/// whatever the codestream says of the sign. Where both agree that changes nothing. Samples of a sub-sampled
/// component are repeated over the pixels that they stand for.
class PixelSink final : public SampleSink {
public:
    /// What the decoder is asked for has the rows, columns and components of `out`. All outlive the sink.
    PixelSink(const ImageDecoder &decoder, const FrameLayout &layout, const ArrayView &out);

    void write(std::size_t component, Index y, Index x, const std::int32_t *samples,
               Index count) noexcept override;
    [[nodiscard]] DirectRow direct_row(std::size_t component, Index y, Index x) noexcept override;
    [[nodiscard]] std::byte *direct_rgb(Index y, Index x) noexcept override;

private:
    template <class Element>
    void write_as(std::size_t component, Index y, Index x, const std::int32_t *samples, Index count) noexcept;
    template <class Element>
    void write_repeated(std::size_t component, Index y, Index x, const std::int32_t *samples,
                        Index count) noexcept;

    const ImageDecoder &decoder_;
    const ImageSize &size_;
    const ArrayView &out_;
    bool is_signed_;
    Index channel_stride_;
    bool is_rgb_; ///< three components of unsigned bytes, interleaved
};

} // namespace radpix::jpeg2000
