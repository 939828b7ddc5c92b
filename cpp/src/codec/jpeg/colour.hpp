// SPDX-License-Identifier: Apache-2.0
/// Which colour model a frame's components have: the rule table of docs/conformance/jpeg-colour.md.
#pragma once

#include "codec/jpeg/scan.hpp"

namespace radpix::jpeg {

enum class ColourTransform : std::uint8_t { none, ycc_to_rgb };

/// Notes where data set and codestream disagree.
[[nodiscard]] ColourTransform choose_colour_transform(const FrameHeader &frame,
                                                      const ApplicationData &application,
                                                      const FrameLayout &layout, DeviationLog &log);

/// Converts decoded YCbCr samples in place, (rows, columns, 3).
void convert_ycc_in_place(const FrameLayout &layout, const ArrayView &out, int precision);

} // namespace radpix::jpeg
