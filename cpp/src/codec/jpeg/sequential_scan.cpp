// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/sequential_scan.hpp"

#include <algorithm>

namespace radpix::jpeg {
namespace {

/// The sample that all of a block is when it has a DC coefficient only: inverse_dct, T.81 A.3.3, of that
/// case.
template <class Sample>
Sample dc_sample(std::int16_t coefficient, std::uint16_t quantization) noexcept {
    const auto product = static_cast<std::int32_t>(static_cast<std::uint32_t>(coefficient) * quantization);
    if constexpr (sizeof(Sample) == 1) {
        const std::int32_t column = std::clamp(static_cast<std::int16_t>(product) * 4, -32768, 32767);
        return static_cast<Sample>(std::clamp(((column + 16) >> 5) + 128, 0, 255));
    } else {
        // The two passes' wrapping arithmetic in full: times 2^13, rounded by 12 and by 17 bits.
        const auto scaled = static_cast<std::uint32_t>(product) << 13;
        const std::int32_t column = static_cast<std::int32_t>(scaled + (1U << 11)) >> 12;
        const auto again = static_cast<std::uint32_t>(column) << 13;
        const std::int32_t value = (static_cast<std::int32_t>(again + (1U << 16)) >> 17) + 2048;
        return static_cast<Sample>(std::clamp(value, 0, 4095));
    }
}

} // namespace

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
void SequentialScan<Sample>::store_block(const Part &part, const Block &block, Extent extent, Sample *out,
                                         Index stride) const noexcept {
    if (extent == Extent::all) {
        kernels_.inverse_dct(block.values, part.quantization, out, stride);
        return;
    }
    if (extent == Extent::first_4x4) {
        kernels_.inverse_dct_4x4(block.values, part.quantization, out, stride);
        return;
    }
    const Sample sample = dc_sample<Sample>(block.values[0], part.quantization[0]);
    for (int y = 0; y < 8; ++y) {
        std::fill_n(out + y * stride, 8, sample);
    }
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
                    store_block(part, block, extent, out, stride);
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
