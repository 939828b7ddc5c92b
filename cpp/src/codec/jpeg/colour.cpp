// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/colour.hpp"

#include <vector>

#include "codec/jpeg/kernels/kernels.hpp"

namespace radpix::jpeg {
namespace {

bool is_ycc(Photometric photometric) noexcept {
    return photometric == Photometric::ybr_full || photometric == Photometric::ybr_full_422 ||
           photometric == Photometric::ybr_partial_420;
}

bool has_rgb_identifiers(const FrameHeader &frame) noexcept {
    const int r = frame.component(0).id, g = frame.component(1).id, b = frame.component(2).id;
    return (r == 'R' && g == 'G' && b == 'B') || (r == 'r' && g == 'g' && b == 'b');
}

/// Chrominance at less resolution than luminance; nobody subsamples green and blue.
bool is_subsampled(const FrameHeader &frame) noexcept {
    const auto area = [&frame](int c) { return frame.component(c).horizontal * frame.component(c).vertical; };
    return area(1) < area(0) && area(2) < area(0);
}

} // namespace

ColourTransform choose_colour_transform(const FrameHeader &frame, const ApplicationData &application,
                                        const FrameLayout &layout, DeviationLog &log) {
    const bool ycc = is_ycc(layout.photometric);
    if (frame.component_count != 3 || (!ycc && layout.photometric != Photometric::rgb)) {
        return ColourTransform::none;
    }
    const auto decide = [&](bool codestream_ycc, const char *evidence) {
        if (codestream_ycc != ycc) {
            log.add("jpeg-colour-model",
                    std::string("Photometric Interpretation is ") + (ycc ? "YBR" : "RGB") + ", but " +
                        evidence + " says " + (codestream_ycc ? "YCbCr" : "RGB"),
                    frame.offset);
        }
        return codestream_ycc ? ColourTransform::ycc_to_rgb : ColourTransform::none;
    };
    if (has_rgb_identifiers(frame)) {
        return decide(false, "the component identifiers R, G, B");
    }
    if (frame.process != Process::lossless) {
        if (application.adobe_transform == 0 || application.adobe_transform == 1) {
            return decide(application.adobe_transform == 1, "the APP14 segment");
        }
        if (application.has_jfif) {
            return decide(true, "the JFIF segment");
        }
        if (is_subsampled(frame)) {
            return decide(true, "the subsampling of the second and third component");
        }
    }
    return ycc ? ColourTransform::ycc_to_rgb : ColourTransform::none;
}

namespace {

template <class Sample>
void convert_rows(const FrameLayout &layout, const ArrayView &out, int precision) {
    const SampleKernels<Sample> &kernels = sample_kernels<Sample>(cpu_level());
    const auto width = static_cast<std::size_t>(layout.columns);
    std::vector<Sample> planes(width * 3), rgb(width * 3);
    for (Index y = 0; y < layout.rows; ++y) {
        Sample *const row = static_cast<Sample *>(out.data) + y * out.strides[0];
        for (std::size_t i = 0; i < width * 3; ++i) {
            const auto x = static_cast<Index>(i % width), c = static_cast<Index>(i / width);
            planes[i] = row[x * out.strides[1] + c * out.strides[2]];
        }
        kernels.ycc_to_rgb(planes.data(), planes.data() + width, planes.data() + 2 * width, rgb.data(),
                           layout.columns, precision);
        for (std::size_t i = 0; i < width * 3; ++i) {
            const auto x = static_cast<Index>(i / 3), c = static_cast<Index>(i % 3);
            row[x * out.strides[1] + c * out.strides[2]] = rgb[i];
        }
    }
}

} // namespace

void convert_ycc_in_place(const FrameLayout &layout, const ArrayView &out, int precision) {
    if (size_of(out.type) == 1) {
        convert_rows<std::uint8_t>(layout, out, precision);
    } else {
        convert_rows<std::uint16_t>(layout, out, precision);
    }
}

} // namespace radpix::jpeg
