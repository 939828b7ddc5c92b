// SPDX-License-Identifier: Apache-2.0
/// JPEG 2000 and HTJ2K: a layout that agrees with SIZ, so that the fuzzer gets past the first check. Samples
/// that went through memory in strips have to be those of levels in memory as a whole.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "codec/jpeg2000/decoder.hpp"
#include "codec/jpeg2000/image_decoder.hpp"
#include "codec/jpeg2000/markers.hpp"
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

/// Of what was written where, in any order.
class Digest final : public jpeg2000::SampleSink {
public:
    void write(std::size_t component, Index y, Index x, const std::int32_t *samples,
               Index count) noexcept override {
        for (Index i = 0; i < count; ++i) {
            const std::uint64_t place = (component << 40U) ^ static_cast<std::uint64_t>((y << 20U) ^ (x + i));
            std::uint64_t mixed =
                (place << 32U ^ static_cast<std::uint32_t>(samples[i])) * 0x9E3779B97F4A7C15U;
            mixed ^= place * 0xC2B2AE3D27D4EB4FU;
            sum_ += mixed ^ mixed >> 29U;
        }
    }
    [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }

private:
    std::uint64_t sum_ = 0;
};

/// 0 where decoding fails.
std::uint64_t digest_of(Bytes bytes, const jpeg2000::ImageOptions &options) {
    try {
        Digest digest;
        std::vector<Deviation> deviations;
        jpeg2000::ImageDecoder(bytes, options).decode(digest, deviations);
        return digest.sum() | 1U;
    } catch (const Error &) {
        return 0;
    }
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
        jpeg2000::ImageOptions whole, strips;
        strips.strips = {8, 1};
        if (digest_of(bytes, whole) != digest_of(bytes, strips)) {
            std::abort();
        }
    } catch (const Error &) {
    }
    return 0;
}
