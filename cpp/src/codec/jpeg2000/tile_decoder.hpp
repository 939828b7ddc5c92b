// SPDX-License-Identifier: Apache-2.0
/// One tile from its code-blocks to samples: block decoding, wavelet synthesis, component transformation.
#pragma once

#include "codec/jpeg2000/block_decoder.hpp"
#include "codec/jpeg2000/idwt/kernels.hpp"

namespace radpix::jpeg2000 {

/// Where decoded samples go.
class SampleSink {
public:
    virtual ~SampleSink() = default;
    /// `count` samples of row `y` of a component from `x` on, counted from the component's first sample.
    /// Called from several threads, for different rows.
    virtual void write(std::size_t component, Index y, Index x, const std::int32_t *samples,
                       Index count) noexcept = 0;
};

class TileDecoder {
public:
    TileDecoder(const ImageSize &size, int reduce, int threads);
    ~TileDecoder();
    TileDecoder(const TileDecoder &) = delete;
    TileDecoder &operator=(const TileDecoder &) = delete;

    void decode(const Tile &tile, SampleSink &sink);

private:
    struct Plane {
        std::vector<Coefficient> data;
        Index stride = 0;
    };

    void decode_blocks(const Tile &tile);
    void synthesise(const TileComponent &component, Plane &plane);
    void synthesise_level(const TileComponent &component, const Resolution &resolution, Plane &plane);
    void transform_components(const Tile &tile, Index first_row, Index last_row);
    void store(const Tile &tile, SampleSink &sink);
    void store_rows(const TileComponent &component, std::size_t index, Index first, Index last,
                    SampleSink &sink);

    const ImageSize &size_;
    int reduce_, threads_;
    const WaveletKernels &kernels_;
    std::vector<Plane> planes_; ///< by component, their memory kept from tile to tile
};

} // namespace radpix::jpeg2000
