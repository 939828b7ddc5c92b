// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/pixel_sink.hpp"

#include <algorithm>

namespace radpix::jpeg2000 {
namespace {

/// The low `32 - unused` bits.
std::int32_t as_signed(std::int32_t sample, int unused) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(sample) << unused) >> unused;
}

std::uint32_t as_unsigned(std::int32_t sample, int unused) noexcept {
    return static_cast<std::uint32_t>(sample) << unused >> unused;
}

template <class Element>
void store_row(Element *target, Index stride, const std::int32_t *samples, Index count, int unused,
               bool is_signed) noexcept {
    if (is_signed) {
        for (Index i = 0; i < count; ++i) {
            target[i * stride] = static_cast<Element>(as_signed(samples[i], unused));
        }
    } else if (stride == 1) {
        for (Index i = 0; i < count; ++i) {
            target[i] = static_cast<Element>(as_unsigned(samples[i], unused));
        }
    } else {
        for (Index i = 0; i < count; ++i) {
            target[i * stride] = static_cast<Element>(as_unsigned(samples[i], unused));
        }
    }
}

} // namespace

PixelSink::PixelSink(const ImageDecoder &decoder, const FrameLayout &layout, const ArrayView &out)
    : decoder_(decoder), size_(decoder.size()), out_(out), is_signed_(layout.is_signed),
      channel_stride_(out.rank == 3 ? out.strides[2] : 0) {
    const auto is_plain = [](const ComponentSize &c) {
        return c.dx == 1 && c.dy == 1 && c.precision == 8 && !c.is_signed;
    };
    is_rgb_ = size_of(out.type) == 1 && !is_signed_ && channel_stride_ == 1 && out.strides[1] == 3 &&
              out.shape[2] == 3 && std::ranges::all_of(size_.components, is_plain);
}

DirectRow PixelSink::direct_row(std::size_t component, Index y, Index x) noexcept {
    const ComponentSize &size = size_.components[component];
    const Index bytes = size_of(out_.type);
    const bool is_plain = size.dx == 1 && size.dy == 1 && size.is_signed == is_signed_ && bytes <= 2 &&
                          size.precision <= 8 * bytes && out_.strides[1] == 1;
    if (!is_plain) {
        return {};
    }
    const Index at = static_cast<Index>(component) * channel_stride_ + y * out_.strides[0] + x;
    return {static_cast<std::byte *>(out_.data) + at * bytes, static_cast<int>(bytes)};
}

std::byte *PixelSink::direct_rgb(Index y, Index x) noexcept {
    return is_rgb_ ? static_cast<std::byte *>(out_.data) + y * out_.strides[0] + x * 3 : nullptr;
}

void PixelSink::write(std::size_t component, Index y, Index x, const std::int32_t *samples,
                      Index count) noexcept {
    switch (size_of(out_.type)) {
    case 1:
        return write_as<std::uint8_t>(component, y, x, samples, count);
    case 2:
        return write_as<std::uint16_t>(component, y, x, samples, count);
    case 4:
        return write_as<std::uint32_t>(component, y, x, samples, count);
    default:
        return write_as<std::uint64_t>(component, y, x, samples, count);
    }
}

template <class Element>
void PixelSink::write_as(std::size_t component, Index y, Index x, const std::int32_t *samples,
                         Index count) noexcept {
    const ComponentSize &size = size_.components[component];
    if (size.dx != 1 || size.dy != 1) {
        return write_repeated<Element>(component, y, x, samples, count);
    }
    Element *const target = static_cast<Element *>(out_.data) +
                            static_cast<Index>(component) * channel_stride_ + y * out_.strides[0] +
                            x * out_.strides[1];
    store_row(target, out_.strides[1], samples, count, 32 - size.precision, is_signed_);
}

template <class Element>
void PixelSink::write_repeated(std::size_t component, Index y, Index x, const std::int32_t *samples,
                               Index count) noexcept {
    const ComponentSize &size = size_.components[component];
    // Sample k lies at k x XRsiz of the reference grid (B-5) and stands for what follows up to the next one;
    // the first also for what lies before it.
    const Rect area = decoder_.output_area(), wanted = decoder_.output_rect(component);
    const auto span = [](Index sample, Index first_sample, int step, Index begin, Index end) {
        const Index from = sample == first_sample ? begin : std::max(begin, sample * step);
        return std::pair{from - begin, std::min(end, (sample + 1) * step) - begin};
    };
    const auto [top, bottom] = span(wanted.y0 + y, wanted.y0, size.dy, area.y0, area.y1);
    Element *const channel =
        static_cast<Element *>(out_.data) + static_cast<Index>(component) * channel_stride_;
    for (Index row = top; row < bottom; ++row) {
        for (Index i = 0; i < count; ++i) {
            const auto [left, right] = span(wanted.x0 + x + i, wanted.x0, size.dx, area.x0, area.x1);
            for (Index column = left; column < right; ++column) {
                store_row(channel + row * out_.strides[0] + column * out_.strides[1], 1, samples + i, 1,
                          32 - size.precision, is_signed_);
            }
        }
    }
}

} // namespace radpix::jpeg2000
