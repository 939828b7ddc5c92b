// SPDX-License-Identifier: Apache-2.0
/// One tile from its code-blocks to samples: block decoding, wavelet synthesis, component transformation.
#pragma once

#include <mutex>

#include "codec/jpeg2000/component_plane.hpp"
#include "codec/jpeg2000/row_finisher.hpp"
#include "radpix/parallel.hpp"

namespace radpix::jpeg2000 {

class TileDecoder {
public:
    TileDecoder(const ImageSize &size, const Wanted &wanted, const StripLimits &strips, int threads);
    ~TileDecoder();
    TileDecoder(const TileDecoder &) = delete;
    TileDecoder &operator=(const TileDecoder &) = delete;

    void decode(const Tile &tile, SampleSink &sink);

private:
    void lay_out(const Tile &tile);
    void decode_blocks(const Tile &tile, std::span<BlockTask> tasks);
    void synthesise(const Tile &tile, std::size_t component);
    void store(const Tile &tile, SampleSink &sink);
    void store_rows(const Tile &tile, std::size_t component, std::size_t count, Index first, Index last,
                    SampleSink &sink) const;
    /// Calls rows(first, last) for all rows of the window, counted from the first shown, on several threads;
    /// where the levels have strips, as soon as the blocks that the rows depend on are decoded.
    void for_rows(const Tile &tile, const ResolutionWindow &window, Index steps,
                  std::span<ComponentLevel *const> levels, RangeFunction rows);
    [[nodiscard]] Index rows_at_once(Index rows, Index width) const;

    const ImageSize &size_;
    Wanted wanted_;
    StripLimits strips_;
    int threads_;
    const WaveletKernels &kernels_;
    std::vector<ComponentPlane> planes_; ///< by component
    std::mutex idle_mutex_;
    std::vector<std::unique_ptr<BlockDecoder>> idle_; ///< with their scratch
};

} // namespace radpix::jpeg2000
