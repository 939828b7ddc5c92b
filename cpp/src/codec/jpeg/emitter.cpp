// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/emitter.hpp"

#include <algorithm>

namespace radpix::jpeg {
namespace {

template <class Sample>
void repeat(const Sample *in, Sample *out, Index width, int numerator, int denominator) noexcept {
    if (denominator % numerator != 0) {
        for (Index x = 0; x < width; ++x) {
            out[x] = in[x * numerator / denominator];
        }
        return;
    }
    const int times = denominator / numerator;
    for (Index x = 0; x < width; ++in) {
        for (const Index end = std::min<Index>(x + times, width); x < end; ++x) {
            out[x] = *in;
        }
    }
}

template <class Sample>
void interleave(const std::array<const Sample *, max_components> &rows, int count, Sample *out,
                Index width) noexcept {
    for (int c = 0; c < count; ++c) {
        for (Index x = 0; x < width; ++x) {
            out[x * count + c] = rows[static_cast<std::size_t>(c)][x];
        }
    }
}

} // namespace

template <class Sample>
Emitter<Sample>::Emitter(const PlaneGeometry &geometry, const Planes<Sample> &planes, const PixelSink &sink,
                         const Emission &emission)
    : geometry_(geometry), planes_(planes), sink_(sink), emission_(emission),
      kernels_(sample_kernels<Sample>(emission.level)) {
    // A doubled row may be one sample wider than the image, and kernels write up to 64 past it.
    const auto scratch = static_cast<std::size_t>(geometry.width + 2 + Planes<Sample>::padding);
    for (int c = 0; c < geometry.component_count; ++c) {
        upsampling_[static_cast<std::size_t>(c)] = choose_upsampling(geometry.extent(c));
        if (upsampling_[static_cast<std::size_t>(c)] != Upsampling::none) {
            upsampled_[static_cast<std::size_t>(c)].resize(scratch);
        }
    }
    if (geometry.component_count > 1) {
        interleaved_.resize(static_cast<std::size_t>(geometry.width * geometry.component_count));
    }
}

template <class Sample>
Index Emitter<Sample>::complete_rows(const PlaneGeometry &geometry, Index mcu_rows) noexcept {
    if (mcu_rows >= geometry.mcus_high) {
        return geometry.height;
    }
    const Index decoded = mcu_rows * 8 * geometry.max_vertical;
    return geometry.max_vertical == 1 ? decoded : std::max<Index>(0, decoded - geometry.max_vertical);
}

template <class Sample>
typename Emitter<Sample>::Upsampling
Emitter<Sample>::choose_upsampling(const PlaneGeometry::Extent &extent) const noexcept {
    const bool same_h = extent.horizontal == geometry_.max_horizontal;
    const bool same_v = extent.vertical == geometry_.max_vertical;
    const bool half_h = 2 * extent.horizontal == geometry_.max_horizontal;
    const bool half_v = 2 * extent.vertical == geometry_.max_vertical;
    if (same_h && same_v) {
        return Upsampling::none;
    }
    if (emission_.smooth && same_h && half_v) {
        return Upsampling::v2;
    }
    // The IJG software filters rows of more than two samples only.
    if (emission_.smooth && half_h && (same_v || half_v) && extent.width > 2) {
        return same_v ? Upsampling::h2 : Upsampling::h2v2;
    }
    return Upsampling::repetition;
}

template <class Sample>
const Sample *Emitter<Sample>::full_resolution_row(int c, Index y) {
    const PlaneGeometry::Extent &extent = geometry_.extent(c);
    const Index source = y * extent.vertical / geometry_.max_vertical;
    const Sample *const near = planes_.row(c, source);
    Sample *const out = upsampled_[static_cast<std::size_t>(c)].data();
    const bool below = (y & 1) != 0; // of a doubled pair of rows
    const Index far_row = std::clamp<Index>(below ? source + 1 : source - 1, 0, extent.height - 1);
    switch (upsampling_[static_cast<std::size_t>(c)]) {
    case Upsampling::none:
        return near;
    case Upsampling::h2:
        kernels_.upsample_h2(near, out, extent.width);
        break;
    case Upsampling::h2v2:
        kernels_.upsample_h2v2(near, planes_.row(c, far_row), out, extent.width);
        break;
    case Upsampling::v2:
        kernels_.upsample_v2(near, planes_.row(c, far_row), out, extent.width, below ? 2 : 1);
        break;
    case Upsampling::repetition:
        repeat(near, out, geometry_.width, extent.horizontal, geometry_.max_horizontal);
        break;
    }
    return out;
}

template <class Sample>
void Emitter<Sample>::emit_row(Index y) {
    const int count = geometry_.component_count;
    std::array<const Sample *, max_components> rows{};
    for (int c = 0; c < count; ++c) {
        rows[static_cast<std::size_t>(c)] = full_resolution_row(c, y);
    }
    if (count == 1) {
        sink_.store(y, rows[0], 0, 1, emission_.shift);
        return;
    }
    Sample *const direct = emission_.shift == 0 ? sink_.direct_row<Sample>(y) : nullptr;
    Sample *const pixels = direct != nullptr ? direct : interleaved_.data();
    if (emission_.transform == ColourTransform::ycc_to_rgb) {
        kernels_.ycc_to_rgb(rows[0], rows[1], rows[2], pixels, geometry_.width, emission_.precision);
    } else if (count == 3) {
        kernels_.interleave_3(rows[0], rows[1], rows[2], pixels, geometry_.width);
    } else {
        interleave(rows, count, pixels, geometry_.width);
    }
    if (direct == nullptr) {
        sink_.store(y, pixels, 0, count, emission_.shift);
    }
}

template <class Sample>
void Emitter<Sample>::emit(Index first, Index last) {
    for (Index y = first; y < last; ++y) {
        emit_row(y);
    }
}

template class Emitter<std::uint8_t>;
template class Emitter<std::uint16_t>;

} // namespace radpix::jpeg
