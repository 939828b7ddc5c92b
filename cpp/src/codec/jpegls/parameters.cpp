// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/parameters.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "radpix/error.hpp"

namespace radpix::jpegls {
namespace {

int bits_for(int values) noexcept { // ceil(log2)
    return static_cast<int>(std::bit_width(static_cast<unsigned>(values - 1)));
}

/// C.2.4.1.1.1: `value` unless it is outside its bounds, in which case the lower one.
int clamped(int value, int lowest, int maximum) noexcept {
    return value > maximum || value < lowest ? lowest : value;
}

/// `most` limits what MAXVAL counts for.
void set_default_thresholds(CodingParameters &p, int most) noexcept {
    constexpr int basic_t1 = 3, basic_t2 = 7, basic_t3 = 21;
    int t1, t2, t3;
    if (p.maximum >= 128) {
        const int factor = (std::min(p.maximum, most) + 128) / 256;
        t1 = factor * (basic_t1 - 2) + 2 + 3 * p.near;
        t2 = factor * (basic_t2 - 3) + 3 + 5 * p.near;
        t3 = factor * (basic_t3 - 4) + 4 + 7 * p.near;
    } else {
        const int factor = 256 / (p.maximum + 1);
        t1 = std::max(2, basic_t1 / factor + 3 * p.near);
        t2 = std::max(3, basic_t2 / factor + 5 * p.near);
        t3 = std::max(4, basic_t3 / factor + 7 * p.near);
    }
    p.t1 = clamped(t1, p.near + 1, p.maximum);
    p.t2 = clamped(t2, p.t1, p.maximum);
    p.t3 = clamped(t3, p.t2, p.maximum);
}

void check(const CodingParameters &p, int precision, Index offset) {
    const bool near_is_right = p.near <= std::min(255, p.maximum / 2);
    const bool thresholds_are_right = p.t1 >= p.near + 1 && p.t2 >= p.t1 && p.t3 >= p.t2 && p.t3 <= p.maximum;
    const bool right = p.maximum >= 1 && p.maximum < 1 << precision && near_is_right &&
                       thresholds_are_right && p.reset >= 3 && p.reset <= std::max(255, p.maximum);
    if (!right) {
        throw_error(Errc::jpegls_parameters,
                    "coding parameters outside T.87 table C.1: precision " + std::to_string(precision) +
                        ", NEAR " + std::to_string(p.near) + ", MAXVAL " + std::to_string(p.maximum) +
                        ", T1 to T3 " + std::to_string(p.t1) + ", " + std::to_string(p.t2) + ", " +
                        std::to_string(p.t3) + ", RESET " + std::to_string(p.reset),
                    offset);
    }
}

} // namespace

CodingParameters coding_parameters(const PresetParameters &preset, int precision, int near, Index offset) {
    CodingParameters p;
    p.maximum = preset.maximum == 0 ? (1 << precision) - 1 : preset.maximum;
    p.near = near;
    constexpr int most_of_standard = 4095;
    set_default_thresholds(p, preset.is_of_jai ? p.maximum : most_of_standard);
    p.t1 = preset.t1 == 0 ? p.t1 : preset.t1;
    p.t2 = preset.t2 == 0 ? p.t2 : preset.t2;
    p.t3 = preset.t3 == 0 ? p.t3 : preset.t3;
    p.reset = preset.reset == 0 ? 64 : preset.reset;
    check(p, precision, offset);
    p.range = (p.maximum + 2 * near) / (2 * near + 1) + 1;
    p.quantized_bits = bits_for(p.range);
    const int bits = std::max(2, bits_for(p.maximum + 1));
    p.limit = 2 * (bits + std::max(8, bits));
    p.initial_magnitude = std::max(2, (p.range + 32) / 64);
    return p;
}

} // namespace radpix::jpegls
