// SPDX-License-Identifier: Apache-2.0
/// Two frames in lockstep must be what each is alone.
#include <cstring>

#include "jpeg_input.hpp"

namespace {

using namespace radpix;

/// The frame decoded alone, or nothing where that fails.
bool decode_alone(Bytes codestream, const FrameLayout &layout, const fuzz::Frame &frame) {
    std::vector<Deviation> deviations;
    try {
        jpeg::decode_lossless(codestream, layout, {.threads = 1}, frame.view, deviations);
    } catch (const Error &) {
        return false;
    }
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const Bytes all = std::as_bytes(std::span(data, size));
    const std::size_t half = size / 2;
    const Bytes first = all.first(half), second = all.subspan(half);
    const FrameLayout layout = fuzz::layout_of(first);
    if (layout.rows == 0) {
        return -1;
    }
    fuzz::Frame alone_1(layout), alone_2(layout), pair_1(layout), pair_2(layout);
    const bool both = decode_alone(first, layout, alone_1) && decode_alone(second, layout, alone_2);
    std::vector<Deviation> deviations_1, deviations_2;
    try {
        jpeg::decode_lossless_pair(first, second, layout, {.threads = 1}, pair_1.view, pair_2.view,
                                   deviations_1, deviations_2);
    } catch (const Error &) {
        if (both) {
            std::abort();
        }
        return 0;
    }
    if (!both || alone_1.memory != pair_1.memory || alone_2.memory != pair_2.memory) {
        std::abort();
    }
    return 0;
}
