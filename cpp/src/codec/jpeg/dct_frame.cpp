// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/dct_frame.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>

#include "base/checked_math.hpp"
#include "codec/jpeg/block_store.hpp"
#include "codec/jpeg/sequential_scan.hpp"
#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"

namespace radpix::jpeg {

// calloc: pages of blocks that no scan touches are never touched.
CoefficientPlane::CoefficientPlane(const PlaneGeometry::Extent &extent)
    : blocks_wide_(extent.padded_blocks_wide),
      values_(static_cast<std::int16_t *>(
          std::calloc(static_cast<std::size_t>(
                          checked_product({extent.padded_blocks_wide, extent.padded_blocks_high, 64})),
                      sizeof(std::int16_t)))) {
    if (!values_) {
        throw std::bad_alloc();
    }
}

void CoefficientPlane::Free::operator()(std::int16_t *values) const noexcept {
    std::free(values);
}

template <class Sample>
DctFrame<Sample>::DctFrame(const FrameHeader &frame, const PixelSink &sink, const Emission &emission)
    : frame_(frame), sink_(sink), emission_(emission), geometry_(frame) {}

template <class Sample>
void DctFrame<Sample>::make_planes(PlaneMemory memory) {
    if (!planes_) {
        planes_.emplace(geometry_, memory);
    }
}

/// The table in force at a component's first scan is its table (T.81 B.2.4.1 lets later ones redefine it).
template <class Sample>
void DctFrame<Sample>::latch_quantization(const Scan &scan) {
    for (int c = 0; c < scan.header.component_count; ++c) {
        const int index = scan.header.component(c).index;
        QuantizationTable &latched = quantization_[static_cast<std::size_t>(index)];
        const int destination = frame_.component(index).quantization;
        const QuantizationTable &table = scan.tables.quantization[static_cast<std::size_t>(destination)];
        if (!latched.defined && !table.defined) {
            throw_error(Errc::jpeg_quantization_table,
                        "component " + std::to_string(frame_.component(index).id) +
                            " uses quantization table " + std::to_string(destination) +
                            ", which no DQT segment defines",
                        scan.header.offset);
        }
        if (!latched.defined) {
            latched = table;
        }
    }
}

template <class Sample>
void DctFrame<Sample>::decode_sequential(const Scan &scan) {
    latch_quantization(scan);
    const bool only_scan = scan.header.component_count == frame_.component_count;
    const Index mcus = geometry_.mcus_wide * geometry_.mcus_high;
    const bool parallel = scan.interval(mcus) < mcus && scan.options.threads != 1;
    const bool streaming = only_scan && !parallel;
    make_planes(streaming ? PlaneMemory::ring : PlaneMemory::whole);
    const SequentialScan<Sample> decoder(scan, geometry_, *planes_, quantization_, emission_.level);
    if (!streaming) {
        const Index grain = std::max<Index>(1, ceil_divide(decoder.intervals(), 64));
        parallel_for(0, decoder.intervals(), grain, scan.options.threads, [&](Index first, Index last) {
            for (Index i = first; i < last; ++i) {
                decoder.decode_interval(i, [](Index) {});
            }
        });
        return;
    }
    Emitter<Sample> emitter(geometry_, *planes_, sink_, emission_);
    Index done = 0;
    for (Index i = 0; i < decoder.intervals(); ++i) {
        decoder.decode_interval(i, [&](Index mcu_row) {
            const Index complete = Emitter<Sample>::complete_rows(geometry_, mcu_row + 1);
            emitter.emit(done, complete);
            done = complete;
        });
    }
    emitted_ = true;
}

template <class Sample>
void DctFrame<Sample>::decode_progressive(const Scan &scan) {
    latch_quantization(scan);
    if (coefficients_.empty()) {
        for (int c = 0; c < frame_.component_count; ++c) {
            coefficients_.emplace_back(geometry_.extent(c));
        }
    }
    decode_progressive_scan(scan, geometry_, coefficients_);
}

template <class Sample>
void DctFrame<Sample>::transform_mcu_row(Index mcu_row) {
    const SampleKernels<Sample> &kernels = sample_kernels<Sample>(emission_.level);
    for (int c = 0; c < geometry_.component_count; ++c) {
        const PlaneGeometry::Extent &extent = geometry_.extent(c);
        const std::uint16_t *const quantization = quantization_[static_cast<std::size_t>(c)].values.data();
        for (int v = 0; v < extent.vertical; ++v) {
            const Index y = mcu_row * extent.vertical + v;
            Sample *const row = planes_->row(c, y * 8);
            for (Index x = 0; x < extent.padded_blocks_wide; ++x) {
                const std::int16_t *const block = coefficients_[static_cast<std::size_t>(c)].block(y, x);
                store_block(kernels, block, quantization, extent_of(block), row + x * 8, planes_->stride(c));
            }
        }
    }
}

template <class Sample>
void DctFrame<Sample>::emit_progressive() {
    make_planes(PlaneMemory::ring);
    Emitter<Sample> emitter(geometry_, *planes_, sink_, emission_);
    Index done = 0;
    for (Index mcu_row = 0; mcu_row < geometry_.mcus_high; ++mcu_row) {
        check_cancelled();
        transform_mcu_row(mcu_row);
        const Index complete = Emitter<Sample>::complete_rows(geometry_, mcu_row + 1);
        emitter.emit(done, complete);
        done = complete;
    }
}

template <class Sample>
void DctFrame<Sample>::finish(int threads) {
    if (emitted_) {
        return;
    }
    if (!coefficients_.empty()) {
        emit_progressive();
    } else {
        const Index grain = std::max<Index>(16, ceil_divide(geometry_.height, 64));
        parallel_for(0, geometry_.height, grain, threads, [this](Index first, Index last) {
            Emitter<Sample>(geometry_, *planes_, sink_, emission_).emit(first, last);
        });
    }
    emitted_ = true;
}

template class DctFrame<std::uint8_t>;
template class DctFrame<std::uint16_t>;

} // namespace radpix::jpeg
