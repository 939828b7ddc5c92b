// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/coder_state.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

namespace radpix::jpegls {

void reset(CoderState &state, const CodingParameters &p) noexcept {
    const auto magnitude = static_cast<std::uint32_t>(p.initial_magnitude);
    const auto k = static_cast<std::int32_t>(std::bit_width(magnitude - 1)); // N is 1
    std::fill(std::begin(state.contexts), std::end(state.contexts),
              Context{magnitude, 0, 0, 1, k, 0, magnitude});
    std::fill(std::begin(state.run_contexts), std::end(state.run_contexts), RunContext{magnitude, 1, 0});
    std::fill(std::begin(state.run_index), std::end(state.run_index), 0);
}

Mode mode_of(const CodingParameters &p) noexcept {
    if (p.near > 0) {
        return Mode::near_lossless;
    }
    return (p.maximum & (p.maximum + 1)) == 0 ? Mode::modular : Mode::lossless;
}

LineParameters line_parameters(const CodingParameters &p) noexcept {
    const int step = 2 * p.near + 1;
    return {p.maximum,
            p.near,
            step,
            p.range,
            p.reset,
            p.quantized_bits,
            p.limit,
            p.t1,
            p.t2,
            p.t3,
            std::min(most_quick_zeros, p.limit - p.quantized_bits - 2),
            (std::uint64_t{1} << 32) / static_cast<std::uint64_t>(step) + 1,
            nullptr};
}

} // namespace radpix::jpegls
