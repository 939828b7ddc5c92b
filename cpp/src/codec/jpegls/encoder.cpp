// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/encoder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "codec/jpeg/bit_reader.hpp"
#include "codec/jpegls/coder_state.hpp"
#include "codec/jpegls/line_buffers.hpp"
#include "radpix/error.hpp"
#include "radpix/watch.hpp"

namespace radpix::jpegls {
namespace {

/// Bits of whole lines before stuffing; a line takes at most 64 bits a sample.
class FlatBits {
public:
    [[nodiscard]] EncoderCursor reserve(const EncoderCursor &cursor, Index line_bytes) {
        const Index used = memory_.empty() ? 0 : cursor.next - memory_.data();
        const auto wanted = static_cast<std::size_t>(used + line_bytes + 64);
        if (memory_.size() < wanted) {
            memory_.resize(std::max(wanted, memory_.size() * 2));
        }
        return {memory_.data() + used, cursor.pending, cursor.count};
    }
    /// Bytes, the last one filled up with zeros, and zeros to read behind them.
    [[nodiscard]] Index finish(const EncoderCursor &cursor) {
        const Index used = cursor.next - memory_.data();
        cursor.next[0] = static_cast<std::uint8_t>(cursor.pending >> 56);
        std::memset(cursor.next + 1, 0, 16);
        return used * 8 + cursor.count;
    }
    [[nodiscard]] const std::uint8_t *data() const noexcept { return memory_.data(); }

private:
    std::vector<std::uint8_t> memory_;
};

/// T.87 A.1: after a byte FF comes one with a zero bit on top.
void append_stuffed(const std::uint8_t *flat, Index bits, std::vector<std::byte> &out) {
    const std::size_t begin = out.size();
    out.resize(begin + static_cast<std::size_t>(bits / 7 + 16)); // at most one bit in eight is stuffed
    std::byte *to = out.data() + begin;
    const auto store = [&to](std::uint64_t word, Index bytes) {
        word = jpeg::load_big_endian_64(reinterpret_cast<const std::uint8_t *>(&word)); // its own inverse
        std::memcpy(to, &word, sizeof word);
        to += bytes;
    };
    bool after_ff = false;
    for (Index at = 0; at < bits;) {
        const std::uint64_t word = jpeg::load_big_endian_64(flat + at / 8) << (at % 8); // 57 bits are there
        if (after_ff) {
            store(word >> 1, 1);
            after_ff = false;
            at += 7;
            continue;
        }
        Index bytes = std::min<Index>(7, (bits - at + 7) / 8);
        const std::uint64_t inverse = ~word | 0xFF;
        if (((inverse - 0x0101010101010101U) & ~inverse & 0x8080808080808080U) != 0) { // a byte FF
            for (Index i = 0; i < bytes; ++i) {
                if ((word >> (56 - 8 * i) & 0xFF) == 0xFF) {
                    bytes = i + 1;
                    after_ff = true;
                }
            }
        }
        store(word, bytes);
        at += 8 * bytes;
    }
    if (after_ff) {
        *to++ = std::byte{0};
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
}

void append_headers(const FrameLayout &layout, int near, std::vector<std::byte> &out) {
    const auto append = [&out](std::initializer_list<Index> bytes) {
        for (const Index byte : bytes) {
            out.push_back(static_cast<std::byte>(byte));
        }
    };
    const Index n = layout.samples_per_pixel;
    append({0xFF, 0xD8, 0xFF, 0xF7, 0, 8 + 3 * n, layout.bits_stored, layout.rows >> 8, layout.rows & 255,
            layout.columns >> 8, layout.columns & 255, n});
    for (Index c = 1; c <= n; ++c) {
        append({c, 0x11, 0});
    }
    append({0xFF, 0xDA, 0, 6 + 2 * n, n});
    for (Index c = 1; c <= n; ++c) {
        append({c, 0});
    }
    append({near, n == 1 ? 0 : 2, 0});
}

/// Samples of one line and component as words of Bits Stored bits (PS3.5 8.2.3). Returns the bits that do not
/// belong there.
template <class Element>
unsigned load_as(const ArrayView &pixels, Index y, int c, int bits_stored, std::uint16_t *to) {
    const auto *from = static_cast<const Element *>(pixels.data) + y * pixels.strides[0] +
                       (pixels.rank == 3 ? c * pixels.strides[2] : 0);
    const Index step = pixels.strides[1], width = pixels.shape[1];
    const int mask = (1 << bits_stored) - 1, offset = std::is_signed_v<Element> ? 1 << (bits_stored - 1) : 0;
    int excess = 0;
    const auto copy = [&](Index stride) {
        for (Index x = 0; x < width; ++x) {
            const int value = from[x * stride];
            excess |= value + offset;
            to[x] = static_cast<std::uint16_t>(value & mask);
        }
    };
    if (step == 1) {
        copy(1); // a vector loop
    } else {
        copy(step);
    }
    return static_cast<unsigned>(excess & ~mask);
}

unsigned load(const ArrayView &pixels, Index y, int c, int bits_stored, std::uint16_t *to) {
    switch (pixels.type) {
    case DataType::uint8:
        return load_as<std::uint8_t>(pixels, y, c, bits_stored, to);
    case DataType::int8:
        return load_as<std::int8_t>(pixels, y, c, bits_stored, to);
    case DataType::uint16:
        return load_as<std::uint16_t>(pixels, y, c, bits_stored, to);
    default:
        return load_as<std::int16_t>(pixels, y, c, bits_stored, to);
    }
}

void check(const ArrayView &pixels, const FrameLayout &layout, int near) {
    check_layout(layout, pixels);
    if (size_of(pixels.type) > 2 || layout.bits_stored < 2 || layout.bits_stored > 16 || layout.is_float ||
        layout.samples_per_pixel > max_components || layout.rows > 65535 || layout.columns > 65535) {
        throw_error(Errc::unsupported_layout,
                    "JPEG-LS frames have 2 to 16 bits, 1 to 4 samples and at most 65535 rows and columns");
    }
    const int most = std::min(255, ((1 << layout.bits_stored) - 1) / 2);
    if (near < 0 || near > most || (near > 0 && layout.is_signed)) {
        throw_error(Errc::invalid_argument,
                    "NEAR is " + std::to_string(near) + ", expected 0 to " +
                        std::to_string(layout.is_signed ? 0 : most) +
                        (layout.is_signed ? ": an error could turn the sign of signed samples" : ""));
    }
}

} // namespace

std::vector<std::byte> encode_near_lossless(const ArrayView &pixels, const FrameLayout &layout,
                                            const EncodeOptions &options) {
    check(pixels, layout, options.near);
    const CodingParameters coding = coding_parameters({}, layout.bits_stored, options.near, -1);
    const Quantizer quantizer(coding);
    LineParameters parameters = line_parameters(coding);
    parameters.quantizer = quantizer.table();
    const std::int32_t thresholds[] = {coding.near, coding.t1, coding.t2, coding.t3};
    const Kernels &table = kernels();
    const int count = layout.samples_per_pixel;
    const EncodeLine encode_line = table.encode_line[count - 1][coding.is_modular() ? 1 : 0];
    std::vector<LineBuffers> buffers(static_cast<std::size_t>(count), LineBuffers(layout.columns));
    CoderState state;
    reset(state, coding);
    FlatBits flat;
    EncoderCursor cursor{};
    for (Index y = 0; y < layout.rows; ++y) {
        check_cancelled();
        EncoderLine lines[max_components] = {};
        for (int c = 0; c < count; ++c) {
            LineBuffers &buffer = buffers[static_cast<std::size_t>(c)];
            if (load(pixels, y, c, layout.bits_stored, buffer.current()) != 0) {
                throw_error(Errc::invalid_argument, "row " + std::to_string(y) +
                                                        " has values that need more than Bits Stored " +
                                                        std::to_string(layout.bits_stored));
            }
            table.quantize_line(buffer.above(), buffer.gradients(), layout.columns, thresholds);
            lines[c] = {buffer.above(), buffer.current(), buffer.gradients(), buffer.predictions()};
        }
        cursor = flat.reserve(cursor, layout.columns * count * 8);
        encode_line(state, parameters, cursor, lines, state.run_index[0], layout.columns);
        for (LineBuffers &buffer : buffers) {
            buffer.advance();
        }
    }
    std::vector<std::byte> out;
    const Index bits = flat.finish(cursor);
    append_headers(layout, options.near, out);
    append_stuffed(flat.data(), bits, out);
    out.push_back(std::byte{0xFF});
    out.push_back(std::byte{0xD9});
    return out;
}

std::vector<std::byte> encode_lossless(const ArrayView &pixels, const FrameLayout &layout,
                                       const EncodeOptions &options) {
    if (options.near != 0) {
        throw_error(Errc::invalid_argument,
                    "NEAR is " + std::to_string(options.near) + "; the lossless transfer syntax has 0");
    }
    return encode_near_lossless(pixels, layout, options);
}

} // namespace radpix::jpegls
