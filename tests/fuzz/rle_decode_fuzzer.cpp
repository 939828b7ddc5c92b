// SPDX-License-Identifier: Apache-2.0
/// RLE frames of any bytes: no read or write outside, and the same pixels, error and deviations at every CPU
/// level and number of threads. The first eight bytes of the input choose the layout.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "radpix/codec.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace {

using namespace radpix;

constexpr std::size_t layout_bytes = 8;

struct Outcome {
    std::vector<std::byte> pixels;
    std::vector<std::pair<std::string, Index>> deviations;
    int error = 0;
    std::int64_t error_offset = 0;
    friend bool operator==(const Outcome &, const Outcome &) = default;
};

FrameLayout layout_from(const std::uint8_t *choice) {
    constexpr int allocations[]{1, 8, 16, 32, 64, 8, 16, 8};
    FrameLayout layout;
    layout.rows = 1 + choice[0] % 64;
    layout.columns = 1 + choice[1] + (choice[2] % 8) * 256;
    layout.bits_allocated = allocations[choice[3] % 8];
    layout.samples_per_pixel = 1 + choice[4] % 4;
    layout.high_bit = layout.bits_allocated - 1 - choice[5] % layout.bits_allocated;
    layout.bits_stored = 1 + choice[6] % (layout.high_bit + 1);
    layout.is_signed = (choice[7] & 1) != 0;
    if ((choice[7] & 2) != 0) {
        layout.photometric = Photometric::ybr_full;
        layout.high_bit = layout.bits_allocated - 1;
        layout.bits_stored = layout.bits_allocated;
    }
    return layout;
}

/// Rows apart by a gap where `gap`, which takes other paths than pixels without gaps.
ArrayView output_in(std::vector<std::byte> &memory, const FrameLayout &layout, bool gap) {
    ArrayView out;
    out.type = element_type(layout);
    const Index samples = layout.samples_per_pixel;
    const Index row = layout.columns * samples + (gap ? 5 : 0);
    memory.assign(static_cast<std::size_t>(layout.rows * row * size_of(out.type)), std::byte{0});
    out.data = memory.data();
    out.rank = samples > 1 ? 4 : 3;
    out.shape = {1, layout.rows, layout.columns, samples};
    out.strides = {layout.rows * row, row, samples, 1};
    return out;
}

Outcome decode(Bytes codestream, const FrameLayout &layout, int threads, bool gap) {
    Outcome outcome;
    const ArrayView out = output_in(outcome.pixels, layout, gap);
    try {
        for (const Deviation &deviation :
             decode_frames("1.2.840.10008.1.2.5", {&codestream, 1}, layout, {false, threads}, out)) {
            outcome.deviations.emplace_back(deviation.message, deviation.offset);
        }
    } catch (const Error &error) {
        outcome.pixels.clear(); // what was written before the error may differ
        outcome.error = static_cast<int>(error.errc());
        outcome.error_offset = error.offset();
    }
    return outcome;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size < layout_bytes) {
        return 0;
    }
    const FrameLayout layout = layout_from(data);
    const bool gap = (data[7] & 4) != 0;
    // An own allocation of the exact size: a read beyond it is seen.
    std::vector<std::byte> codestream(size - layout_bytes);
    if (!codestream.empty()) {
        std::memcpy(codestream.data(), data + layout_bytes, codestream.size());
    }
    set_cpu_level("scalar");
    const Outcome expected = decode(codestream, layout, 1, gap);
    set_cpu_level("auto");
    if (decode(codestream, layout, 1, gap) != expected || decode(codestream, layout, 3, gap) != expected) {
        std::abort();
    }
    return 0;
}
