// SPDX-License-Identifier: Apache-2.0
/// JPEG 2000 and HTJ2K: a layout that agrees with SIZ, so that the fuzzer gets past the first check. Samples
/// that went through memory in strips have to be those of levels in memory as a whole, those of one CPU level
/// those of the other, and both fail on the same streams; what a region gives has to be that of the whole.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "codec/jpeg2000/decoder.hpp"
#include "codec/jpeg2000/image_decoder.hpp"
#include "codec/jpeg2000/markers.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace {

using namespace radpix;

/// Images of more samples are left out: they only make the fuzzer slow.
constexpr Index most_samples = Index{1} << 18;

/// rows 0 where the codestream has no usable SIZ.
FrameLayout layout_of(Bytes bytes) {
    FrameLayout layout;
    const jpeg2000::Codestream stream = jpeg2000::read_codestream(jpeg2000::skip_jp2_boxes(bytes));
    const jpeg2000::ImageSize &size = stream.size;
    layout.samples_per_pixel = static_cast<int>(size.components.size());
    if (layout.samples_per_pixel > 4 ||
        size.image.width() > most_samples / size.image.height() / layout.samples_per_pixel) {
        return layout;
    }
    layout.rows = size.image.height();
    layout.columns = size.image.width();
    layout.bits_allocated = 32;
    layout.bits_stored = 16;
    layout.high_bit = 15;
    return layout;
}

/// Of what was written where inside an area of each component, in any order.
class Digest final : public jpeg2000::SampleSink {
public:
    /// Samples outside `areas` do not count; places are counted from `origins`.
    Digest(std::vector<jpeg2000::Rect> areas, const std::vector<jpeg2000::Rect> &origins)
        : areas_(std::move(areas)), origins_(origins) {}

    void write(std::size_t component, Index y, Index x, const std::int32_t *samples,
               Index count) noexcept override {
        const jpeg2000::Rect &area = areas_[component], &origin = origins_[component];
        for (Index i = 0; i < count; ++i) {
            const Index row = origin.y0 + y, column = origin.x0 + x + i;
            if (row >= area.y0 && row < area.y1 && column >= area.x0 && column < area.x1) {
                add(static_cast<std::uint64_t>((row << 20U) ^ column) ^ (component << 40U), samples[i]);
            }
        }
    }
    [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }

private:
    void add(std::uint64_t place, std::int32_t sample) noexcept {
        std::uint64_t mixed = (place << 32U ^ static_cast<std::uint32_t>(sample)) * 0x9E3779B97F4A7C15U;
        mixed ^= place * 0xC2B2AE3D27D4EB4FU;
        sum_ += mixed ^ mixed >> 29U;
    }

    std::vector<jpeg2000::Rect> areas_, origins_;
    std::uint64_t sum_ = 0;
};

std::vector<jpeg2000::Rect> rects_of(const jpeg2000::ImageDecoder &decoder) {
    std::vector<jpeg2000::Rect> rects;
    for (std::size_t c = 0; c < decoder.size().components.size(); ++c) {
        rects.push_back(decoder.output_rect(c));
    }
    return rects;
}

/// Of the samples in `inside`; 0 where decoding fails.
std::uint64_t digest_of(Bytes bytes, const jpeg2000::ImageOptions &options,
                        const jpeg2000::ImageOptions &inside) {
    try {
        std::vector<Deviation> deviations;
        jpeg2000::ImageDecoder decoder(bytes, options);
        Digest digest(rects_of(jpeg2000::ImageDecoder(bytes, inside)), rects_of(decoder));
        decoder.decode(digest, deviations);
        return digest.sum() | 1U;
    } catch (const Error &) {
        return 0;
    }
}

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// The whole at both CPU levels and in strips; then a part of it, which may be there where the whole is not.
void check_whole_and_parts(Bytes bytes, int reduce) {
    jpeg2000::ImageOptions whole;
    whole.reduce = reduce;
    const std::uint64_t expected = digest_of(bytes, whole, whole);
    set_cpu_level("scalar");
    check(digest_of(bytes, whole, whole) == expected);
    set_cpu_level("auto");
    jpeg2000::ImageOptions strips = whole, part = whole;
    strips.strips = {8, 1};
    check(digest_of(bytes, strips, strips) == expected);
    const jpeg2000::Rect image = jpeg2000::ImageDecoder(bytes, {}).size().image;
    part.region = {image.width() / 3, image.height() / 2, image.width() / 3 + 17, image.height() / 2 + 9};
    check(expected == 0 || digest_of(bytes, part, part) == digest_of(bytes, whole, part));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const Bytes bytes = std::as_bytes(std::span(data, size));
    try {
        const FrameLayout layout = layout_of(bytes);
        if (layout.rows == 0) {
            return -1; // not worth keeping
        }
        std::vector<std::uint32_t> memory(
            static_cast<std::size_t>(layout.rows * layout.columns * layout.samples_per_pixel));
        ArrayView out;
        out.data = memory.data();
        out.type = DataType::uint32;
        const bool colour = layout.samples_per_pixel > 1;
        out.rank = colour ? 3 : 2;
        out.shape = {layout.rows, layout.columns, colour ? layout.samples_per_pixel : 0};
        out.strides = {layout.columns * layout.samples_per_pixel, layout.samples_per_pixel, colour ? 1 : 0};
        std::vector<Deviation> deviations;
        DecodeOptions options;
        options.threads = 1;
        jpeg2000::decode_any(bytes, layout, options, out, deviations);
    } catch (const Error &) {
    }
    try {
        for (const int reduce : {0, 1}) {
            check_whole_and_parts(bytes, reduce);
        }
    } catch (const Error &) {
    }
    return 0;
}
