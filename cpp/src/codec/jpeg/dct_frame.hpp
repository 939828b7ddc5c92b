// SPDX-License-Identifier: Apache-2.0
/// Frames of the DCT-based processes: where their blocks are, and the way from coefficients to pixels.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "codec/jpeg/block_decoder.hpp"
#include "codec/jpeg/emitter.hpp"
#include "codec/jpeg/scan.hpp"

namespace radpix::jpeg {

/// Coefficients of one component, block after block in natural order.
class CoefficientPlane {
public:
    explicit CoefficientPlane(const PlaneGeometry::Extent &extent);
    [[nodiscard]] std::int16_t *block(Index y, Index x) noexcept {
        return values_.get() + (y * blocks_wide_ + x) * 64;
    }

private:
    struct Free {
        void operator()(std::int16_t *values) const noexcept;
    };
    Index blocks_wide_;
    std::unique_ptr<std::int16_t[], Free> values_;
};

/// Progressive scans (T.81 Annex G) into `planes`, one per component of the frame.
void decode_progressive_scan(const Scan &scan, const PlaneGeometry &geometry,
                             std::vector<CoefficientPlane> &planes);

/// Decodes the scans of a frame; `Sample` is std::uint8_t for 8 bits, std::uint16_t for 12.
template <class Sample>
class DctFrame {
public:
    DctFrame(const FrameHeader &frame, const PixelSink &sink, const Emission &emission);

    /// A scan of a sequential frame. If it is the only one, pixels come out on the way and the planes hold
    /// two MCU rows; a scan of restart intervals is decoded in parallel into whole planes.
    void decode_sequential(const Scan &scan);
    void decode_progressive(const Scan &scan);
    /// After the last scan: the pixels, if they are not out yet.
    void finish(int threads);

private:
    void make_planes(PlaneMemory memory);
    void latch_quantization(const Scan &scan);
    void transform_mcu_row(Index mcu_row);
    void emit_progressive();

    const FrameHeader &frame_;
    const PixelSink &sink_;
    const Emission emission_;
    const PlaneGeometry geometry_;
    std::optional<Planes<Sample>> planes_;
    std::vector<CoefficientPlane> coefficients_;
    std::array<QuantizationTable, max_components> quantization_{}; ///< as of each component's first scan
    bool emitted_ = false;
};

} // namespace radpix::jpeg
