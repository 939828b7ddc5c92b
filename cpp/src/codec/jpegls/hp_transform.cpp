// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/hp_transform.hpp"

namespace radpix::jpegls {
namespace {

/// All arithmetic is modulo 2^precision. The transforms are those that Hewlett-Packard's "LOCO" programs
/// wrote; they are in no standard.
template <class Sample>
void undo(HpTransform transform, const ArrayView &out, int precision) {
    const int half = 1 << (precision - 1), quarter = half / 2, mask = 2 * half - 1;
    for (Index y = 0; y < out.shape[0]; ++y) {
        for (Index x = 0; x < out.shape[1]; ++x) {
            Sample *const pixel = static_cast<Sample *>(out.data) + y * out.strides[0] + x * out.strides[1];
            const Index step = out.strides[2];
            const int v1 = pixel[0], v2 = pixel[step], v3 = pixel[2 * step];
            int r, g, b;
            if (transform == HpTransform::hp1) {
                g = v2;
                r = v1 + g - half;
                b = v3 + g - half;
            } else if (transform == HpTransform::hp2) {
                g = v2;
                r = (v1 + g - half) & mask;
                b = v3 + ((r + g) >> 1) - half;
            } else {
                g = (v1 - ((v3 + v2) >> 2) + quarter) & mask;
                r = v3 + g - half;
                b = v2 + g - half;
            }
            pixel[0] = static_cast<Sample>(r & mask);
            pixel[step] = static_cast<Sample>(g & mask);
            pixel[2 * step] = static_cast<Sample>(b & mask);
        }
    }
}

} // namespace

void undo_hp_transform(HpTransform transform, const ArrayView &out, int precision) {
    if (size_of(out.type) == 1) {
        undo<std::uint8_t>(transform, out, precision);
    } else {
        undo<std::uint16_t>(transform, out, precision);
    }
}

} // namespace radpix::jpegls
