// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/row_finisher.hpp"

#include <algorithm>
#include <string>

#include "codec/samples/kernels.hpp"
#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

SampleRange range_of(const ComponentSize &size) {
    SampleRange range;
    if (size.precision > 32) {
        throw_error(Errc::jpeg2000_unsupported,
                    "samples of " + std::to_string(size.precision) + " bits; this build decodes up to 32");
    }
    range.is_clamped = size.precision < 32;
    const auto half = static_cast<std::int32_t>(std::uint32_t{1} << (size.precision - 1));
    range.shift = size.is_signed ? 0 : half;
    if (range.is_clamped) {
        range.least = size.is_signed ? -half : 0;
        range.most = size.is_signed ? half - 1 : (half - 1) + half;
    }
    return range;
}

template <class T, class Source>
Finish<Source, T> select(const Finishes<Source> &finishes) noexcept {
    if constexpr (sizeof(T) == 1) {
        return finishes.to_uint8;
    } else if constexpr (sizeof(T) == 2) {
        return finishes.to_uint16;
    } else {
        return finishes.to_int32;
    }
}

} // namespace

RowFinisher::RowFinisher(const WaveletKernels &kernels, const ImageSize &size, std::size_t component,
                         std::size_t count, bool reversible, Index width, SampleSink &sink)
    : kernels_(kernels), component_(component), count_(count), reversible_(reversible), width_(width),
      sink_(sink) {
    for (std::size_t i = 0; i < count; ++i) {
        ranges_[i] = range_of(size.components[component + i]);
    }
    samples_.resize(static_cast<std::size_t>(width));
    bytes_.resize(count == 3 ? 3 * static_cast<std::size_t>(width) : 0);
}

void RowFinisher::finish(const std::array<Coefficient *, 3> &rows, Index y, Index x) noexcept {
    if (count_ == 3) {
        if (std::byte *const target = sink_.direct_rgb(y, x)) {
            return finish_rgb(rows, target);
        }
        transform(rows);
    }
    for (std::size_t i = 0; i < count_; ++i) {
        const DirectRow direct = sink_.direct_row(component_ + i, y, x);
        if (direct.size == 1) {
            convert(rows[i], static_cast<std::uint8_t *>(direct.data), ranges_[i]);
        } else if (direct.size == 2) {
            convert(rows[i], static_cast<std::uint16_t *>(direct.data), ranges_[i]);
        } else {
            convert(rows[i], samples_.data(), ranges_[i]);
            sink_.write(component_ + i, y, x, samples_.data(), width_);
        }
    }
}

void RowFinisher::transform(const std::array<Coefficient *, 3> &rows) const noexcept {
    if (reversible_) {
        kernels_.inverse_rct(&rows[0]->integer, &rows[1]->integer, &rows[2]->integer, width_);
    } else {
        kernels_.inverse_ict(&rows[0]->real, &rows[1]->real, &rows[2]->real, width_);
    }
}

/// By way of three rows of bytes: in one pass over an ultrasound frame's rows instead of three, with the
/// shorter elements, this takes 6 % of its time instead of 15.
void RowFinisher::finish_rgb(const std::array<Coefficient *, 3> &rows, std::byte *target) noexcept {
    std::array<std::uint8_t *, 3> planes{};
    std::array<const std::byte *, 3> sources{};
    for (std::size_t i = 0; i < 3; ++i) {
        planes[i] = bytes_.data() + static_cast<Index>(i) * width_;
        sources[i] = reinterpret_cast<const std::byte *>(planes[i]);
    }
    if (reversible_) {
        kernels_.finish_rct_bytes(&rows[0]->integer, &rows[1]->integer, &rows[2]->integer, planes[0],
                                  planes[1], planes[2], width_, ranges_[0]);
    } else {
        kernels_.finish_ict_bytes(&rows[0]->real, &rows[1]->real, &rows[2]->real, planes[0], planes[1],
                                  planes[2], width_, ranges_[0]);
    }
    samples::kernels().interleave3[0](sources.data(), target, width_);
}

template <class T>
void RowFinisher::convert(const Coefficient *row, T *target, const SampleRange &range) const noexcept {
    if (reversible_) {
        select<T>(kernels_.finish_integer)(&row->integer, target, width_, range);
    } else {
        select<T>(kernels_.finish_real)(&row->real, target, width_, range);
    }
}

} // namespace radpix::jpeg2000
