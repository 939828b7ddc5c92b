// SPDX-License-Identifier: Apache-2.0
/// One tile from its code-blocks to samples: block decoding, wavelet synthesis, component transformation.
#pragma once

#include "codec/jpeg2000/block_decoder.hpp"
#include "codec/jpeg2000/plane_memory.hpp"

namespace radpix::jpeg2000 {

/// Where decoded samples go.
class SampleSink {
public:
    virtual ~SampleSink() = default;
    /// `count` samples of row `y` of a component from `x` on, counted from the first sample wanted.
    /// Called from several threads, for different rows.
    virtual void write(std::size_t component, Index y, Index x, const std::int32_t *samples,
                       Index count) noexcept = 0;
    /// The same of components 0 to 2 at once.
    virtual void write_three(Index y, Index x, const std::int32_t *const *samples, Index count) noexcept {
        for (std::size_t c = 0; c < 3; ++c) {
            write(c, y, x, samples[c], count);
        }
    }
};

class TileDecoder {
public:
    TileDecoder(const ImageSize &size, const Wanted &wanted, int threads);
    ~TileDecoder();
    TileDecoder(const TileDecoder &) = delete;
    TileDecoder &operator=(const TileDecoder &) = delete;

    void decode(const Tile &tile, SampleSink &sink);

private:
    struct Plane {
        PlaneMemory memory;    ///< kept from tile to tile
        bool is_clean = false; ///< holds nothing but zeros before blocks are decoded
        bool is_zero = false;  ///< and after: no block has data
        std::vector<ResolutionWindow> windows;
        std::vector<LevelPlane>
            levels; ///< by resolution; LL of resolution 0 lies in the first that is lifted
    };

    void lay_out(const TileComponent &component, Plane &plane);
    void decode_blocks(const Tile &tile);
    void synthesise(const TileComponent &component, Plane &plane);
    void store(const Tile &tile, SampleSink &sink);
    void store_rows(const Tile &tile, std::size_t component, std::size_t count, Index first, Index last,
                    SampleSink &sink) const;
    void finish_row(const TileComponent &component, const Coefficient *row, std::int32_t *samples,
                    Index count, const SampleRange &range) const noexcept;
    [[nodiscard]] Index rows_at_once(const Rect &rect) const;

    const ImageSize &size_;
    Wanted wanted_;
    int threads_;
    const WaveletKernels &kernels_;
    std::vector<Plane> planes_; ///< by component
};

} // namespace radpix::jpeg2000
