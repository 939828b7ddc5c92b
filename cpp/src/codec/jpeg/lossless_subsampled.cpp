// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/lossless_subsampled.hpp"

#include <memory>
#include <vector>

#include "codec/jpeg/lossless_kernels.hpp"
#include "radpix/watch.hpp"

namespace radpix::jpeg {
namespace {

/// One component of a scan; decodes a sample at a time with the kernel for rows.
struct Part {
    int component = 0, horizontal = 1, vertical = 1;
    std::unique_ptr<DifferenceTable> table;
    Index restart_y = 0, restart_x = 0; ///< where the restart interval begins

    /// The predictor of sample (y, x): H.1.2.1. 0 where 2^(P-Pt-1) is predicted.
    [[nodiscard]] int predictor_at(Index y, Index x, int selected) const noexcept {
        if (y == restart_y) {
            return x == restart_x ? 0 : 1;
        }
        return x == 0 ? 2 : selected;
    }
};

class ScanWalk {
public:
    ScanWalk(const Scan &scan, const PlaneGeometry &geometry, const Planes<std::uint16_t> &planes)
        : scan_(scan), planes_(planes) {
        const int count = scan.header.component_count;
        for (int c = 0; c < count; ++c) {
            Part part;
            part.component = scan.header.component(c).index;
            const PlaneGeometry::Extent &extent = geometry.extent(part.component);
            if (count > 1) {
                part.horizontal = extent.horizontal;
                part.vertical = extent.vertical;
                mcus_wide_ = ceil_divide(geometry.width, geometry.max_horizontal);
                mcus_high_ = ceil_divide(geometry.height, geometry.max_vertical);
            } else {
                mcus_wide_ = extent.width;
                mcus_high_ = extent.height;
            }
            part.table = std::make_unique<DifferenceTable>(huffman_spec(scan, c, false), scan.header.offset);
            parts_.push_back(std::move(part));
        }
    }

    void run() {
        const Index mcus = mcus_wide_ * mcus_high_, interval = scan_.interval(mcus);
        const Index intervals = count_intervals(scan_, mcus);
        for (Index i = 0; i < intervals; ++i) {
            decode_interval(i, i * interval, std::min((i + 1) * interval, mcus));
        }
    }

private:
    void decode_interval(Index index, Index first, Index last) {
        const EntropySegment &segment = scan_.data.segments[static_cast<std::size_t>(index)];
        const std::uint8_t *const bytes = scan_.data.bytes.get();
        BitReader reader(bytes + segment.begin);
        Findings findings;
        for (Part &part : parts_) {
            part.restart_y = first / mcus_wide_ * part.vertical;
            part.restart_x = first % mcus_wide_ * part.horizontal;
        }
        for (Index mcu = first; mcu < last; ++mcu) {
            if (mcu % mcus_wide_ == 0) {
                check_cancelled();
            }
            for (const Part &part : parts_) {
                decode_part(reader, part, mcu / mcus_wide_, mcu % mcus_wide_, findings);
            }
            const Index position = reader.position(bytes);
            if (position > segment.end * 8) {
                throw_segment_exhausted(scan_, index);
            }
            if (findings.invalid_code) {
                throw_invalid_code(scan_, position / 8);
            }
        }
    }

    void decode_part(BitReader &reader, const Part &part, Index row, Index column, Findings &findings) {
        const auto initial =
            static_cast<std::uint16_t>(1U << (scan_.frame.precision - scan_.header.approximation_low - 1));
        for (int v = 0; v < part.vertical; ++v) {
            for (int h = 0; h < part.horizontal; ++h) {
                const Index y = row * part.vertical + v, x = column * part.horizontal + h;
                const int predictor = part.predictor_at(y, x, scan_.header.spectral_start);
                std::uint16_t above[2] = {0, 0}, here[2] = {initial, 0};
                const std::uint16_t *const samples = planes_.row(part.component, y);
                if (x > 0 && predictor != 0) {
                    here[0] = samples[x - 1];
                }
                if (y > 0) {
                    const std::uint16_t *const samples_above = planes_.row(part.component, y - 1);
                    above[0] = x > 0 ? samples_above[x - 1] : std::uint16_t{0};
                    above[1] = samples_above[x];
                }
                const DifferenceTable *const table = part.table.get();
                LosslessCursor cursor{reader, above + 1, here + 1, &table, findings};
                lossless_kernel(predictor == 0 ? 1 : predictor, 1, false)(cursor, 1);
                reader = cursor.reader;
                findings = cursor.findings;
                planes_.row(part.component, y)[x] = here[1];
            }
        }
    }

    const Scan &scan_;
    const Planes<std::uint16_t> &planes_;
    std::vector<Part> parts_;
    Index mcus_wide_ = 0, mcus_high_ = 0;
};

} // namespace

SubsampledLosslessFrame::SubsampledLosslessFrame(const FrameHeader &frame, const PixelSink &sink,
                                                 const Emission &emission)
    : sink_(sink), emission_(emission), geometry_(frame), planes_(geometry_, PlaneMemory::whole) {}

void SubsampledLosslessFrame::decode(const Scan &scan) {
    ScanWalk(scan, geometry_, planes_).run();
    emission_.shift = scan.header.approximation_low;
}

void SubsampledLosslessFrame::finish() {
    Emitter<std::uint16_t>(geometry_, planes_, sink_, emission_).emit(0, geometry_.height);
}

} // namespace radpix::jpeg
