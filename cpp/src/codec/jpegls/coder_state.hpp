// SPDX-License-Identifier: Apache-2.0
/// State at the beginning of a scan or restart interval, T.87 A.2.1.
#pragma once

#include "codec/jpegls/kernels/kernels.hpp"
#include "codec/jpegls/parameters.hpp"

namespace radpix::jpegls {

void reset(CoderState &state, const CodingParameters &parameters) noexcept;

[[nodiscard]] Mode mode_of(const CodingParameters &parameters) noexcept;

/// Without the quantizer.
[[nodiscard]] LineParameters line_parameters(const CodingParameters &parameters) noexcept;

} // namespace radpix::jpegls
