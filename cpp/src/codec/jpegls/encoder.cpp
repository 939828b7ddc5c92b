// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/encoder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
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

void append(std::vector<std::byte> &out, std::initializer_list<Index> bytes) {
    for (const Index byte : bytes) {
        out.push_back(static_cast<std::byte>(byte));
    }
}

void append_frame_header(const FrameLayout &layout, std::vector<std::byte> &out) {
    const Index n = layout.samples_per_pixel;
    append(out, {0xFF, 0xD8, 0xFF, 0xF7, 0, 8 + 3 * n, layout.bits_stored, layout.rows >> 8,
                 layout.rows & 255, layout.columns >> 8, layout.columns & 255, n});
    for (Index c = 1; c <= n; ++c) {
        append(out, {c, 0x11, 0});
    }
}

/// Of a scan of `n` components from the `first` one on.
void append_scan_header(Index first, Index n, const EncodeOptions &options, std::vector<std::byte> &out) {
    append(out, {0xFF, 0xDA, 0, 6 + 2 * n, n});
    for (Index c = first + 1; c <= first + n; ++c) {
        append(out, {c, 0});
    }
    append(out, {options.near, n == 1 ? 0 : static_cast<Index>(options.interleave), 0});
}

/// Samples of one line, interleaved, as words of Bits Stored bits (PS3.5 8.2.3). Returns the bits that do not
/// belong there.
template <class Element>
unsigned load_as(const ArrayView &pixels, Index y, int bits_stored, std::uint16_t *to) {
    const auto *row = static_cast<const Element *>(pixels.data) + y * pixels.strides[0];
    const Index channels = pixels.rank == 3 ? pixels.shape[2] : 1;
    const Index step = pixels.strides[1], channel_step = pixels.rank == 3 ? pixels.strides[2] : 1;
    const int mask = (1 << bits_stored) - 1, offset = std::is_signed_v<Element> ? 1 << (bits_stored - 1) : 0;
    int excess = 0;
    const auto copy = [&](const Element *from, Index stride, Index count, std::uint16_t *into,
                          Index into_stride) {
        for (Index i = 0; i < count; ++i) {
            const int value = from[i * stride];
            excess |= value + offset;
            into[i * into_stride] = static_cast<std::uint16_t>(value & mask);
        }
    };
    if (step == channels && channel_step == 1) {
        copy(row, 1, pixels.shape[1] * channels, to, 1); // a vector loop
    } else {
        for (Index c = 0; c < channels; ++c) {
            copy(row + c * channel_step, step, pixels.shape[1], to + c, channels);
        }
    }
    return static_cast<unsigned>(excess & ~mask);
}

unsigned load(const ArrayView &pixels, Index y, int bits_stored, std::uint16_t *to) {
    switch (pixels.type) {
    case DataType::uint8:
        return load_as<std::uint8_t>(pixels, y, bits_stored, to);
    case DataType::int8:
        return load_as<std::int8_t>(pixels, y, bits_stored, to);
    case DataType::uint16:
        return load_as<std::uint16_t>(pixels, y, bits_stored, to);
    default:
        return load_as<std::int16_t>(pixels, y, bits_stored, to);
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

/// Codes scans of one frame.
class ScanEncoder {
public:
    ScanEncoder(const FrameLayout &layout, int near)
        : layout_(layout), coding_(coding_parameters({}, layout.bits_stored, near, -1)), quantizer_(coding_),
          parameters_(line_parameters(coding_)),
          thresholds_{coding_.near, coding_.t1, coding_.t2, coding_.t3}, kernels_(kernels(coding_.reset)) {
        parameters_.quantizer = quantizer_.table();
    }

    /// Appends a scan of `parts`: a component or pixels each, line by line in turn, all with the same
    /// contexts.
    void run(std::span<const ArrayView> parts, std::vector<std::byte> &out) {
        CoderState state;
        reset(state, coding_);
        std::vector<LineBuffers> buffers;
        for (const ArrayView &part : parts) {
            buffers.emplace_back(layout_.columns, channels_of(part));
        }
        FlatBits flat;
        EncoderCursor cursor{};
        for (Index y = 0; y < layout_.rows; ++y) {
            check_cancelled();
            for (std::size_t i = 0; i < parts.size(); ++i) {
                cursor = flat.reserve(cursor, buffers[i].samples() * 8);
                encode_line(parts[i], y, buffers[i], state, state.run_index[i], cursor);
            }
        }
        const Index bits = flat.finish(cursor);
        append_stuffed(flat.data(), bits, out);
    }

    static int channels_of(const ArrayView &part) noexcept {
        return part.rank == 3 ? static_cast<int>(part.shape[2]) : 1;
    }

private:
    void encode_line(const ArrayView &pixels, Index y, LineBuffers &buffers, CoderState &state,
                     std::int32_t &run_index, EncoderCursor &cursor) {
        if (load(pixels, y, layout_.bits_stored, buffers.current()) != 0) {
            throw_error(Errc::invalid_argument, "row " + std::to_string(y) +
                                                    " has values that need more than Bits Stored " +
                                                    std::to_string(layout_.bits_stored));
        }
        const int count = buffers.components();
        kernels_.quantize_line(buffers.above(), buffers.gradients(), buffers.samples(), count, thresholds_);
        const EncoderLine line = {buffers.above(), buffers.current(), buffers.gradients(),
                                  buffers.predictions()};
        const EncodeLine code = kernels_.encode_line[count - 1][static_cast<int>(mode_of(coding_))];
        code(state, parameters_, cursor, line, run_index, layout_.columns);
        buffers.advance();
    }

    const FrameLayout &layout_;
    const CodingParameters coding_;
    const Quantizer quantizer_;
    LineParameters parameters_;
    const std::int32_t thresholds_[4];
    const Kernels &kernels_;
};

/// The components of a frame as frames of their own.
std::vector<ArrayView> planes_of(const ArrayView &pixels) {
    std::vector<ArrayView> planes;
    for (Index c = 0; c < ScanEncoder::channels_of(pixels); ++c) {
        ArrayView plane = pixels;
        plane.rank = 2;
        plane.data =
            static_cast<std::byte *>(pixels.data) +
            (pixels.rank == 3 ? c * pixels.strides[2] * static_cast<Index>(size_of(pixels.type)) : 0);
        planes.push_back(plane);
    }
    return planes;
}

} // namespace

std::vector<std::byte> encode_near_lossless(const ArrayView &pixels, const FrameLayout &layout,
                                            const EncodeOptions &options) {
    check(pixels, layout, options.near);
    ScanEncoder encoder(layout, options.near);
    std::vector<std::byte> out;
    append_frame_header(layout, out);
    const bool by_sample = options.interleave == Interleave::by_sample;
    const std::vector<ArrayView> parts = by_sample ? std::vector{pixels} : planes_of(pixels);
    const std::size_t in_a_scan = options.interleave == Interleave::none ? 1 : parts.size();
    for (std::size_t first = 0; first < parts.size(); first += in_a_scan) {
        const Index components = by_sample ? layout.samples_per_pixel : static_cast<Index>(in_a_scan);
        append_scan_header(static_cast<Index>(first), components, options, out);
        encoder.run(std::span(parts).subspan(first, in_a_scan), out);
    }
    append(out, {0xFF, 0xD9});
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
