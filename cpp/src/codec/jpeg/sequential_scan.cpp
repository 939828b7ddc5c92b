// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/sequential_scan.hpp"

#include <algorithm>

#include "codec/jpeg/block_store.hpp"

namespace radpix::jpeg {
template <class Sample>
SequentialScan<Sample>::SequentialScan(const Scan &scan, const PlaneGeometry &geometry,
                                       const Planes<Sample> &planes,
                                       const std::array<QuantizationTable, max_components> &quantization,
                                       CpuLevel level)
    : scan_(scan), planes_(planes), kernels_(sample_kernels<Sample>(level)), mcus_wide_(geometry.mcus_wide),
      mcus_high_(geometry.mcus_high) {
    const int count = scan.header.component_count;
    for (int c = 0; c < count; ++c) {
        Part part;
        part.component = scan.header.component(c).index;
        const PlaneGeometry::Extent &extent = geometry.extent(part.component);
        if (count > 1) {
            part.horizontal = extent.horizontal;
            part.vertical = extent.vertical;
        } else { // A.2.2: in a scan of one component an MCU is a block
            mcus_wide_ = extent.blocks_wide;
            mcus_high_ = extent.blocks_high;
        }
        part.dc = std::make_unique<CoefficientTable>(huffman_spec(scan, c, false), scan.header.offset,
                                                     CoefficientTable::Kind::dc);
        part.ac = std::make_unique<CoefficientTable>(huffman_spec(scan, c, true), scan.header.offset,
                                                     CoefficientTable::Kind::ac);
        part.quantization = quantization[static_cast<std::size_t>(part.component)].values.data();
        parts_.push_back(std::move(part));
    }
    interval_ = scan.interval(mcus_wide_ * mcus_high_);
    intervals_ = count_intervals(scan, mcus_wide_ * mcus_high_);
}

template <class Sample>
void SequentialScan<Sample>::decode_mcus(Position &position, const std::uint8_t *end, Index row, Index first,
                                         Index last) const noexcept {
    BitReader reader = position.reader; // in registers
    Block block;
    bool valid = true;
    std::array<std::array<Sample *, 4>, max_components> outs{};
    for (std::size_t p = 0; p < parts_.size(); ++p) {
        for (int v = 0; v < parts_[p].vertical; ++v) {
            outs[p][static_cast<std::size_t>(v)] =
                planes_.row(parts_[p].component, (row * parts_[p].vertical + v) * 8);
        }
    }
    // A reader is at most 8 bytes ahead of what it has consumed.
    for (Index column = first; column < last && valid && reader.next <= end + 8; ++column) {
        for (std::size_t p = 0; p < parts_.size(); ++p) {
            const Part &part = parts_[p];
            const Index stride = planes_.stride(part.component);
            for (int v = 0; v < part.vertical; ++v) {
                Sample *out = outs[p][static_cast<std::size_t>(v)] + column * part.horizontal * 8;
                for (int h = 0; h < part.horizontal; ++h, out += 8) {
                    const Extent extent =
                        decode_block(reader, *part.dc, *part.ac, position.predictions[p], block, valid);
                    store_block(kernels_, block.values, part.quantization, extent, out, stride);
                }
            }
        }
    }
    position.valid = valid;
    position.reader = reader;
}

template class SequentialScan<std::uint8_t>;
template class SequentialScan<std::uint16_t>;

} // namespace radpix::jpeg
