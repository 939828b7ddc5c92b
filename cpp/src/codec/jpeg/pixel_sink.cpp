// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/pixel_sink.hpp"

#include <cstring>
#include <string>
#include <type_traits>

#include "radpix/error.hpp"

namespace radpix::jpeg {
namespace {

/// The low `16 - unused` bits of a sample as a two's complement number, or unchanged for unsigned elements.
template <class Element>
Element converted(unsigned value, int unused) noexcept {
    if constexpr (std::is_signed_v<Element>) {
        const auto top_aligned = static_cast<std::int16_t>(static_cast<std::uint16_t>(value << unused));
        return static_cast<Element>(top_aligned >> unused);
    } else {
        return static_cast<Element>(value);
    }
}

template <class Element, class Sample>
void store_contiguous(Element *row, const Sample *samples, Index count, int shift, int unused) noexcept {
    if (std::is_same_v<Element, Sample> && shift == 0) {
        std::memcpy(row, samples, static_cast<std::size_t>(count) * sizeof(Element));
    } else if (std::is_unsigned_v<Element> && shift == 0) {
        for (Index i = 0; i < count; ++i) { // a loop of its own: with a shift it is not vectorised
            row[i] = static_cast<Element>(samples[i]);
        }
    } else {
        for (Index i = 0; i < count; ++i) {
            row[i] = converted<Element>(static_cast<unsigned>(samples[i]) << shift, unused);
        }
    }
}

} // namespace

PixelSink::PixelSink(const FrameLayout &layout, const ArrayView &out)
    : data_(out.data), type_(out.type), width_(layout.columns), row_stride_(out.strides[0]),
      column_stride_(out.strides[1]), channel_stride_(out.rank == 3 ? out.strides[2] : 1),
      channels_(layout.samples_per_pixel), unused_bits_(16 - layout.bits_stored) {
    if (size_of(type_) > 2 || layout.bits_allocated < 8 || layout.bits_stored < 1 ||
        layout.bits_stored > 16) {
        throw_error(Errc::unsupported_layout,
                    "JPEG samples are stored in 8 or 16 bits, not in Bits Allocated " +
                        std::to_string(layout.bits_allocated) + ", Bits Stored " +
                        std::to_string(layout.bits_stored));
    }
}

template <class Element, class Sample>
void PixelSink::store_as(Index y, const Sample *samples, int first_channel, int channels,
                         int shift) const noexcept {
    Element *const row = static_cast<Element *>(data_) + y * row_stride_ + first_channel * channel_stride_;
    const int unused = unused_bits_;
    const bool contiguous = column_stride_ == channels && (channels == 1 || channel_stride_ == 1);
    if (contiguous) {
        store_contiguous(row, samples, width_ * channels, shift, unused);
        return;
    }
    for (int c = 0; c < channels; ++c) {
        Element *const channel = row + c * channel_stride_;
        for (Index x = 0; x < width_; ++x) {
            const unsigned value = samples[x * channels + c];
            channel[x * column_stride_] = converted<Element>(value << shift, unused);
        }
    }
}

template <class Sample>
void PixelSink::store(Index y, const Sample *samples, int first_channel, int channels,
                      int shift) const noexcept {
    switch (type_) {
    case DataType::uint8:
        return store_as<std::uint8_t>(y, samples, first_channel, channels, shift);
    case DataType::int8:
        return store_as<std::int8_t>(y, samples, first_channel, channels, shift);
    case DataType::uint16:
        return store_as<std::uint16_t>(y, samples, first_channel, channels, shift);
    default:
        return store_as<std::int16_t>(y, samples, first_channel, channels, shift);
    }
}

template <class Sample>
Sample *PixelSink::direct_row(Index y) const noexcept {
    const bool same_type = type_ == (sizeof(Sample) == 1 ? DataType::uint8 : DataType::uint16);
    const bool contiguous = column_stride_ == channels_ && (channels_ == 1 || channel_stride_ == 1);
    return same_type && contiguous ? static_cast<Sample *>(data_) + y * row_stride_ : nullptr;
}

template void PixelSink::store(Index, const std::uint8_t *, int, int, int) const noexcept;
template void PixelSink::store(Index, const std::uint16_t *, int, int, int) const noexcept;
template std::uint8_t *PixelSink::direct_row(Index) const noexcept;
template std::uint16_t *PixelSink::direct_row(Index) const noexcept;

} // namespace radpix::jpeg
