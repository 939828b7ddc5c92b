// SPDX-License-Identifier: Apache-2.0
/// Scans of sequential DCT-based frames (SOF0, SOF1), T.81 Annex F: blocks to samples.
#pragma once

#include <memory>
#include <vector>

#include "codec/jpeg/block_decoder.hpp"
#include "codec/jpeg/kernels/kernels.hpp"
#include "codec/jpeg/planes.hpp"
#include "radpix/watch.hpp"

namespace radpix::jpeg {

/// What the restart intervals of a scan share.
template <class Sample>
class SequentialScan {
public:
    /// `quantization` by component of the frame.
    SequentialScan(const Scan &scan, const PlaneGeometry &geometry, const Planes<Sample> &planes,
                   const std::array<QuantizationTable, max_components> &quantization, CpuLevel level);

    [[nodiscard]] Index intervals() const noexcept { return intervals_; }
    [[nodiscard]] Index mcus_wide() const noexcept { return mcus_wide_; }
    [[nodiscard]] Index mcus_high() const noexcept { return mcus_high_; }

    /// Calls `row_done(n)` whenever MCU row n is complete.
    template <class RowDone>
    void decode_interval(Index index, RowDone &&row_done) const;

private:
    struct Part {
        int component = 0, horizontal = 1, vertical = 1;
        std::unique_ptr<CoefficientTable> dc;
        std::unique_ptr<CoefficientTable> ac;
        const std::uint16_t *quantization = nullptr;
    };
    using Predictions = std::array<std::int16_t, max_components>;

    struct Position {
        BitReader reader;
        Predictions predictions{};
        bool valid = true;
    };

    /// Columns [first, last) of an MCU row; stops early where the reader has passed `end` or met no code.
    void decode_mcus(Position &position, const std::uint8_t *end, Index row, Index first,
                     Index last) const noexcept;

    const Scan &scan_;
    const Planes<Sample> &planes_;
    const SampleKernels<Sample> &kernels_;
    std::vector<Part> parts_;
    Index mcus_wide_, mcus_high_, interval_, intervals_;
};

template <class Sample>
template <class RowDone>
void SequentialScan<Sample>::decode_interval(Index index, RowDone &&row_done) const {
    const EntropySegment &segment = scan_.data.segments[static_cast<std::size_t>(index)];
    const std::uint8_t *const bytes = scan_.data.bytes.get();
    Position position{BitReader(bytes + segment.begin)};
    Index mcu = index * interval_;
    const Index last = std::min(mcu + interval_, mcus_wide_ * mcus_high_);
    while (mcu < last) {
        check_cancelled();
        const Index row = mcu / mcus_wide_, column = mcu % mcus_wide_;
        const Index count = std::min(mcus_wide_ - column, last - mcu);
        decode_mcus(position, bytes + segment.end, row, column, column + count);
        const Index bits = position.reader.position(bytes);
        if (bits > segment.end * 8) [[unlikely]] {
            throw_segment_exhausted(scan_, index);
        }
        if (!position.valid) [[unlikely]] {
            throw_invalid_code(scan_, bits / 8);
        }
        if (column + count == mcus_wide_) {
            row_done(row);
        }
        mcu += count;
    }
}

} // namespace radpix::jpeg
