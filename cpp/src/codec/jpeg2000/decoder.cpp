// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/decoder.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>

#include "codec/jpeg2000/image_decoder.hpp"
#include "codec/jpeg2000/pixel_sink.hpp"
#include "codec/samples/frame_sink.hpp"
#include "radpix/error.hpp"
#include "radpix/parallel.hpp"

namespace radpix::jpeg2000 {
namespace {

/// What a transfer syntax allows.
struct Expectation {
    bool lossless_only = false;
    bool high_throughput = false;
    bool resolutions_first = false;
};

void check_size(const ImageSize &size, const FrameLayout &layout) {
    const bool fits = size.image.width() == layout.columns && size.image.height() == layout.rows &&
                      size.components.size() == static_cast<std::size_t>(layout.samples_per_pixel);
    if (!fits) {
        throw_error(Errc::jpeg2000_size_mismatch,
                    "the codestream has " + std::to_string(size.image.height()) + " rows, " +
                        std::to_string(size.image.width()) + " columns and " +
                        std::to_string(size.components.size()) + " components, the data set " +
                        std::to_string(layout.rows) + ", " + std::to_string(layout.columns) + " and " +
                        std::to_string(layout.samples_per_pixel));
    }
}

/// Reduced samples lie at the multiples of 2^reduce of the reference grid (B-15), so those of an image that
/// begins between two of them would not lie where the pixels of the whole image do.
void check_reduction(const Rect &image, int reduce) {
    const Index inside = (Index{1} << reduce) - 1;
    if (((image.x0 | image.y0) & inside) != 0) {
        throw_error(Errc::unsupported_layout,
                    "the image begins at (" + std::to_string(image.x0) + ", " + std::to_string(image.y0) +
                        ") of its reference grid, between the samples of resolutions reduced by 2^" +
                        std::to_string(reduce) + "; decode the whole");
    }
}

void check_precision(const ImageSize &size, const FrameLayout &layout, std::vector<Deviation> &deviations) {
    bool other_depth = false, other_sign = false, sub_sampled = false;
    for (const ComponentSize &component : size.components) {
        if (component.precision > layout.bits_allocated) {
            throw_error(Errc::jpeg2000_precision, "samples of " + std::to_string(component.precision) +
                                                      " bits do not fit in Bits Allocated (0028,0100) " +
                                                      std::to_string(layout.bits_allocated));
        }
        other_depth = other_depth || component.precision != layout.bits_stored;
        other_sign = other_sign || component.is_signed != layout.is_signed;
        sub_sampled = sub_sampled || component.dx != 1 || component.dy != 1;
    }
    const ComponentSize &first = size.components.front();
    if (other_depth) {
        deviations.push_back({"jpeg2000-precision",
                              "samples have " + std::to_string(first.precision) +
                                  " bits, Bits Stored (0028,0101) says " +
                                  std::to_string(layout.bits_stored) + "; they are kept as they are",
                              0, -1});
    }
    if (other_sign) {
        deviations.push_back({"jpeg2000-signedness",
                              std::string("samples are ") + (first.is_signed ? "signed" : "unsigned") +
                                  ", Pixel Representation (0028,0103) says " +
                                  (layout.is_signed ? "signed" : "unsigned") +
                                  "; their bits are read as it says",
                              0, -1});
    }
    if (sub_sampled) {
        deviations.push_back(
            {"jpeg2000-subsampling", "a component is sub-sampled; its samples are repeated", 0, -1});
    }
}

void check_coding(const ImageDecoder &decoder, const Expectation &expected,
                  std::vector<Deviation> &deviations) {
    const CodingSummary coding = decoder.coding();
    const auto deviate = [&](const char *code, const char *message) {
        deviations.push_back({code, message, 0, -1});
    };
    if (expected.lossless_only && !coding.reversible) {
        deviate("jpeg2000-lossy",
                "an irreversible wavelet where the transfer syntax allows lossless coding only");
    }
    if (expected.high_throughput != coding.high_throughput) {
        deviate("jpeg2000-block-coder", coding.high_throughput
                                            ? "HT code-blocks where the transfer syntax has none"
                                            : "no HT code-blocks, which the transfer syntax asks for");
    }
    if (expected.resolutions_first && coding.order != Progression::rpcl) {
        deviate("jpeg2000-progression", "packets not in the order RPCL that the transfer syntax asks for");
    }
    if (decoder.is_jp2()) {
        deviate("jpeg2000-jp2-file",
                "a JP2 file where PS3.5 A.4.4 wants a codestream; its boxes are skipped");
    }
}

/// YBR_FULL to RGB in place, for codestreams whose own transformation was not used.
void convert_to_rgb(const ArrayView &out, int threads) {
    const samples::Kernels &kernels = samples::kernels();
    constexpr Index rows_at_once = 32, pixels_at_once = 1024;
    parallel_for(0, out.shape[0], rows_at_once, threads, [&](Index first, Index last) {
        std::array<std::array<std::uint8_t, pixels_at_once>, 3> planes{};
        for (Index y = first; y < last; ++y) {
            for (Index x = 0; x < out.shape[1]; x += pixels_at_once) {
                const Index count = std::min(pixels_at_once, out.shape[1] - x);
                std::uint8_t *const pixels =
                    static_cast<std::uint8_t *>(out.data) + y * out.strides[0] + x * out.strides[1];
                const auto at = [&](std::size_t c, Index i) -> std::uint8_t & {
                    return pixels[i * out.strides[1] + static_cast<Index>(c) * out.strides[2]];
                };
                for (std::size_t c = 0; c < 3; ++c) {
                    for (Index i = 0; i < count; ++i) {
                        planes[c][static_cast<std::size_t>(i)] = at(c, i);
                    }
                }
                kernels.ybr_full_to_rgb(planes[0].data(), planes[1].data(), planes[2].data(), count);
                for (std::size_t c = 0; c < 3; ++c) {
                    for (Index i = 0; i < count; ++i) {
                        at(c, i) = planes[c][static_cast<std::size_t>(i)];
                    }
                }
            }
        }
    });
}

/// Annex G's transformation is part of the codestream and always undone. Photometric Interpretation decides
/// only what it cannot know: whether untransformed components are YBR_FULL.
void settle_colour(const ImageDecoder &decoder, const FrameLayout &layout, const DecodeOptions &options,
                   const ArrayView &out, std::vector<Deviation> &deviations) {
    if (layout.samples_per_pixel != 3) {
        return;
    }
    const bool says_transformed =
        layout.photometric == Photometric::ybr_ict || layout.photometric == Photometric::ybr_rct;
    // RGB is what a transformation that is undone gives, so writers that name it do no harm.
    const bool is_named_by_result =
        layout.photometric == Photometric::rgb && decoder.has_component_transform();
    if (says_transformed != decoder.has_component_transform() && !is_named_by_result) {
        deviations.push_back(
            {"jpeg2000-photometric",
             decoder.has_component_transform()
                 ? "a component transformation where Photometric Interpretation (0028,0004) is "
                   "none of YBR_ICT, YBR_RCT and RGB; it is undone"
                 : "no component transformation where Photometric Interpretation (0028,0004) is "
                   "YBR_ICT or YBR_RCT; the components are taken as RGB",
             0, -1});
    }
    if (!decoder.has_component_transform() && samples::converts_to_rgb(layout, options)) {
        convert_to_rgb(out, options.threads);
    }
}

void decode(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options, const ArrayView &out,
            std::vector<Deviation> &deviations, const Expectation &expected) {
    const FrameSelection &selection = options.selection;
    FrameLayout shown = layout;
    std::tie(shown.rows, shown.columns) = selected_shape(layout, selection);
    check_layout(shown, out);
    if (layout.is_float) {
        throw_error(Errc::unsupported_layout, "JPEG 2000 holds no floating point pixels");
    }
    ImageDecoder decoder(codestream,
                         {selection.reduce, options.threads, selection.layers,
                          Rect{selection.column, selection.row, selection.column + selection.width,
                               selection.row + selection.height}});
    check_size(decoder.size(), layout);
    check_reduction(decoder.size().image, selection.reduce);
    check_precision(decoder.size(), layout, deviations);
    check_coding(decoder, expected, deviations);
    PixelSink sink(decoder, layout, out);
    decoder.decode(sink, deviations);
    settle_colour(decoder, layout, options, out, deviations);
}

} // namespace

void decode_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations) {
    decode(codestream, layout, options, out, deviations, {.lossless_only = true});
}

void decode_any(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                const ArrayView &out, std::vector<Deviation> &deviations) {
    decode(codestream, layout, options, out, deviations, {});
}

void decode_ht_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                        const ArrayView &out, std::vector<Deviation> &deviations) {
    decode(codestream, layout, options, out, deviations, {.lossless_only = true, .high_throughput = true});
}

void decode_ht_lossless_rpcl(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                             const ArrayView &out, std::vector<Deviation> &deviations) {
    decode(codestream, layout, options, out, deviations,
           {.lossless_only = true, .high_throughput = true, .resolutions_first = true});
}

void decode_ht(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
               const ArrayView &out, std::vector<Deviation> &deviations) {
    decode(codestream, layout, options, out, deviations, {.high_throughput = true});
}

} // namespace radpix::jpeg2000
