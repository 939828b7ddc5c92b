// SPDX-License-Identifier: Apache-2.0
/// From component planes to rows of pixels: upsampling, colour, interleaving.
#pragma once

#include <array>
#include <vector>

#include "codec/jpeg/colour.hpp"
#include "codec/jpeg/kernels/kernels.hpp"
#include "codec/jpeg/pixel_sink.hpp"
#include "codec/jpeg/planes.hpp"

namespace radpix::jpeg {

/// How an output row is made; the same for all rows.
struct Emission {
    ColourTransform transform = ColourTransform::none;
    bool smooth = true; ///< triangle filter where components have half the resolution, else repetition
    int precision = 8;
    int shift = 0; ///< point transform of lossless components
    CpuLevel level = CpuLevel::scalar;
};

/// Writes rows into the sink. Holds scratch for one row, so each thread has its own.
template <class Sample>
class Emitter {
public:
    Emitter(const PlaneGeometry &geometry, const Planes<Sample> &planes, const PixelSink &sink,
            const Emission &emission);

    /// Rows [first, last) of the image; the planes hold what they need.
    void emit(Index first, Index last);

    /// Output rows that are complete when `mcu_rows` MCU rows are decoded: all but the last sample row of
    /// each component, which a vertical filter would need the next one for.
    [[nodiscard]] static Index complete_rows(const PlaneGeometry &geometry, Index mcu_rows) noexcept;

private:
    enum class Upsampling : std::uint8_t { none, h2, h2v2, v2, repetition };

    [[nodiscard]] Upsampling choose_upsampling(const PlaneGeometry::Extent &extent) const noexcept;
    const Sample *full_resolution_row(int c, Index y);
    void emit_row(Index y);

    const PlaneGeometry &geometry_;
    const Planes<Sample> &planes_;
    const PixelSink &sink_;
    const Emission emission_;
    const SampleKernels<Sample> &kernels_;
    std::array<Upsampling, max_components> upsampling_{};
    std::array<std::vector<Sample>, max_components> upsampled_;
    std::vector<Sample> interleaved_;
};

} // namespace radpix::jpeg
