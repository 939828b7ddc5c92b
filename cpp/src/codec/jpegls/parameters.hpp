// SPDX-License-Identifier: Apache-2.0
/// Coding parameters of a scan, ITU-T T.87 A.1, A.2.1 and C.2.4.1.1.
#pragma once

#include "radpix/view.hpp"

namespace radpix::jpegls {

/// Preset coding parameters as an LSE segment gives them; 0 stands for the default.
struct PresetParameters {
    int maximum = 0; ///< MAXVAL
    int t1 = 0, t2 = 0, t3 = 0;
    int reset = 0;
    /// The mistake of JAI-ImageIO: default thresholds above 12 bits from MAXVAL where C.2.4.1.1.1 takes 4095,
    /// and nothing in the codestream says so.
    bool is_of_jai = false;

    [[nodiscard]] bool is_default() const noexcept {
        return maximum == 0 && t1 == 0 && t2 == 0 && t3 == 0 && reset == 0;
    }
};

/// All that a scan's coding depends on.
struct CodingParameters {
    int maximum = 255; ///< MAXVAL
    int near = 0;      ///< NEAR
    int t1 = 3, t2 = 7, t3 = 21;
    int reset = 64;
    int range = 256;           ///< RANGE
    int quantized_bits = 8;    ///< qbpp
    int limit = 32;            ///< LIMIT
    int initial_magnitude = 4; ///< A at the start
};

/// Throws Error(jpegls_parameters) for what C.2.4.1.1 does not allow; `offset` is where the scan begins.
[[nodiscard]] CodingParameters coding_parameters(const PresetParameters &preset, int precision, int near,
                                                 Index offset);

} // namespace radpix::jpegls
