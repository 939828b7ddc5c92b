// SPDX-License-Identifier: Apache-2.0
/// Decodes an RLE frame and a big-endian one with the installed headers and library.
#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include <radpix/codec.hpp>
#include <radpix/error.hpp>

namespace {

using Pixels = std::array<std::uint16_t, 6>;

constexpr Pixels expected{0x0102, 0x0102, 0x0102, 0x0304, 0x0506, 0x0708};

std::vector<std::byte> rle_frame() {
    constexpr unsigned char high[]{0xFE, 1, 2, 3, 5, 7};
    constexpr unsigned char low[]{0xFE, 2, 2, 4, 6, 8};
    std::vector<std::byte> frame(64 + sizeof high + sizeof low); // header: 2 segments, at 64 and 70
    frame[0] = std::byte{2};
    frame[4] = std::byte{64};
    frame[8] = std::byte{70};
    std::memcpy(frame.data() + 64, high, sizeof high);
    std::memcpy(frame.data() + 70, low, sizeof low);
    return frame;
}

std::vector<std::byte> big_endian_frame() {
    std::vector<std::byte> frame;
    for (const std::uint16_t pixel : expected) {
        frame.push_back(static_cast<std::byte>(pixel >> 8));
        frame.push_back(static_cast<std::byte>(pixel & 0xFF));
    }
    return frame;
}

bool decodes(std::string_view syntax, const std::vector<std::byte> &codestream) {
    radpix::FrameLayout layout;
    layout.rows = 2;
    layout.columns = 3;
    layout.bits_allocated = layout.bits_stored = 16;
    layout.high_bit = 15;
    Pixels pixels{};
    radpix::ArrayView out;
    out.data = pixels.data();
    out.type = radpix::element_type(layout);
    out.rank = 3;
    out.shape = {1, 2, 3};
    out.strides = {6, 3, 1};
    const radpix::Bytes frame(codestream);
    return radpix::decode_frames(syntax, {&frame, 1}, layout, {}, out).empty() && pixels == expected;
}

} // namespace

int main() {
    try {
        const bool correct =
            decodes("1.2.840.10008.1.2.5", rle_frame()) && decodes("1.2.840.10008.1.2.2", big_endian_frame());
        std::puts(correct ? "both frames are as expected" : "a frame has other pixels than expected");
        return correct ? 0 : 1;
    } catch (const radpix::Error &error) {
        std::printf("radpix error: %s\n", error.what());
        return 1;
    }
}
