// SPDX-License-Identifier: Apache-2.0
#include "codec/uncompressed/decoder.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/checked_math.hpp"
#include "codec/samples/frame_sink.hpp"
#include "codec/samples/kernels.hpp"
#include "radpix/parallel.hpp"

namespace radpix::uncompressed {
namespace {

using samples::FrameSink;
using samples::Kernels;

constexpr Index scratch_size = Index{16} << 10; // with the source and target of a block within the L1 cache
constexpr Index dense_block = Index{256} << 10; // bytes a thread takes at once where nothing is rearranged

/// What the bytes of a native frame are.
struct Source {
    const std::byte *data;
    bool big_endian;
    bool planar;
    bool halved_chroma; ///< Y Y Cb Cr for two pixels, PS3.3 C.7.6.3.1.2
};

struct Scratch {
    alignas(64) std::array<std::byte, 2 * scratch_size> bytes;
};

/// Decodes pieces of rows. Holds what all of them share.
class FrameReader {
public:
    FrameReader(const Source &source, const FrameLayout &layout, const DecodeOptions &options,
                const FrameSink &sink)
        : source_(source), sink_(sink), kernels_(samples::kernels()), bits_(samples::stored_bits(layout)),
          load_((source.big_endian ? kernels_.load_big
                                   : kernels_.load_little)[samples::size_index(sink.sample_size())]),
          pixels_(layout.rows * layout.columns), to_rgb_(samples::converts_to_rgb(layout, options)) {}

    void run(int threads) const {
        const bool rearranged = source_.planar || source_.halved_chroma || to_rgb_;
        const Index pixel_size = sink_.samples() * sink_.sample_size();
        const bool direct = !rearranged && sink_.rows_are_dense();
        // Even, so that a block never cuts two pixels that share their chroma.
        const Index block =
            direct ? dense_block / pixel_size / 2 * 2 : plane_size() / sink_.sample_size() / 2 * 2;
        const Index blocks_per_row = (sink_.columns() - 1) / block + 1;
        const Index grain = std::max<Index>(1, dense_block / (pixel_size * std::min(block, sink_.columns())));
        parallel_for(0, sink_.rows() * blocks_per_row, grain, threads, [&](Index first, Index last) {
            Scratch scratch;
            for (Index i = first; i < last; ++i) {
                const Index row = i / blocks_per_row;
                const Index column = i % blocks_per_row * block;
                const Index count = std::min(block, sink_.columns() - column);
                if (direct) {
                    load_interleaved(row, column, count, sink_.at(row, column));
                } else if (!rearranged) {
                    load_interleaved(row, column, count, scratch.bytes.data());
                    sink_.write_interleaved(scratch.bytes.data(), row, column, count);
                } else {
                    write_planes(row, column, count, scratch);
                }
            }
        });
    }

private:
    /// Bytes of scratch for each sample, at least 16 pixels of 8 bytes and 64 samples.
    [[nodiscard]] Index plane_size() const noexcept { return scratch_size / sink_.samples() / 64 * 64; }

    [[nodiscard]] Index pixel_at(Index row, Index column) const noexcept {
        return row * sink_.columns() + column;
    }

    void load_interleaved(Index row, Index column, Index count, std::byte *target) const noexcept {
        const Index pixel_size = sink_.samples() * sink_.sample_size();
        load_(source_.data + pixel_at(row, column) * pixel_size, target, count * sink_.samples(), bits_);
    }

    void write_planes(Index row, Index column, Index count, Scratch &scratch) const noexcept {
        std::array<std::byte *, max_samples> planes{};
        for (int sample = 0; sample < sink_.samples(); ++sample) {
            planes[static_cast<std::size_t>(sample)] = scratch.bytes.data() + sample * plane_size();
        }
        load_planes(row, column, count, planes.data(), scratch.bytes.data() + scratch_size);
        if (to_rgb_) {
            kernels_.ybr_full_to_rgb(reinterpret_cast<std::uint8_t *>(planes[0]),
                                     reinterpret_cast<std::uint8_t *>(planes[1]),
                                     reinterpret_cast<std::uint8_t *>(planes[2]), count);
        }
        sink_.write_planes(planes.data(), row, column, count, kernels_);
    }

    void load_planes(Index row, Index column, Index count, std::byte *const *planes,
                     std::byte *interleaved) const noexcept {
        const Index size = sink_.sample_size();
        if (source_.planar) {
            for (int sample = 0; sample < sink_.samples(); ++sample) {
                load_(source_.data + (sample * pixels_ + pixel_at(row, column)) * size, planes[sample], count,
                      bits_);
            }
        } else {
            const Index pixel_size = (source_.halved_chroma ? 2 : 3) * size;
            const std::byte *pixels = source_.data + pixel_at(row, column) * pixel_size;
            if (size > 1 || !bits_.are_all()) { // else the bytes of the file are the samples
                load_(pixels, interleaved, pixel_size / size * count, bits_);
                pixels = interleaved;
            }
            const auto &separate = source_.halved_chroma ? kernels_.separate_422 : kernels_.separate3;
            separate[samples::size_index(size)](pixels, planes, count);
        }
    }

    Source source_;
    const FrameSink &sink_;
    const Kernels &kernels_;
    samples::StoredBits bits_;
    samples::Copy load_;
    Index pixels_;
    bool to_rgb_;
};

void check_length(Bytes codestream, Index expected, std::vector<Deviation> &deviations) {
    const auto actual = static_cast<Index>(codestream.size());
    if (actual < expected) {
        throw_error(Errc::truncated,
                    "the native frame has " + std::to_string(actual) + " bytes, its attributes ask for " +
                        std::to_string(expected),
                    actual);
    }
    if (actual > expected + 1) { // one byte pads an odd length
        deviations.push_back({"pixel-data-long",
                              "the native frame has " + std::to_string(actual) +
                                  " bytes, its attributes ask for " + std::to_string(expected) +
                                  "; the rest is ignored",
                              0, expected});
    }
}

bool has_halved_chroma(Bytes codestream, const FrameLayout &layout, Index full_length,
                       std::vector<Deviation> &deviations) {
    if (layout.photometric != Photometric::ybr_full_422 || layout.samples_per_pixel != 3) {
        return false;
    }
    if (static_cast<Index>(codestream.size()) >= full_length) {
        deviations.push_back(
            {"ybr-422-not-subsampled",
             "a native frame called YBR_FULL_422 has bytes for full chroma; read as YBR_FULL", 0, -1});
        return false;
    }
    if (layout.columns % 2 != 0) {
        throw_error(Errc::unsupported_layout,
                    "YBR_FULL_422 needs an even number of columns (PS3.3 C.7.6.3.1.2), not " +
                        std::to_string(layout.columns));
    }
    return true;
}

void decode_bits(Bytes codestream, const FrameLayout &layout, const ArrayView &out,
                 std::vector<Deviation> &deviations) {
    if (layout.samples_per_pixel != 1) {
        throw_error(Errc::unsupported_layout,
                    "pixels of 1 bit have 1 sample, not " + std::to_string(layout.samples_per_pixel));
    }
    check_length(codestream, (layout.rows * layout.columns - 1) / 8 + 1, deviations);
    unpack_bits(codestream, FrameSink(out));
}

void decode(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options, const ArrayView &out,
            bool big_endian, std::vector<Deviation> &deviations) {
    check_layout(layout, out);
    if (layout.bits_allocated == 1) {
        decode_bits(codestream, layout, out, deviations);
        return;
    }
    const Index pixels = checked_mul(layout.rows, layout.columns);
    const Index size = size_of(out.type);
    const Index full_length = checked_product({pixels, layout.samples_per_pixel, size});
    const bool halved_chroma = has_halved_chroma(codestream, layout, full_length, deviations);
    const FrameSink sink(out);
    const bool planar = layout.planar_configuration == 1 && layout.samples_per_pixel > 1 && !halved_chroma;
    const FrameReader reader({codestream.data(), big_endian, planar, halved_chroma}, layout, options, sink);
    check_length(codestream, halved_chroma ? 2 * pixels * size : full_length, deviations);
    reader.run(options.threads);
}

} // namespace

void unpack_bits(Bytes packed, const FrameSink &sink) {
    constexpr Index block = scratch_size;
    const Kernels &kernels = samples::kernels();
    if (sink.rows_are_dense() && sink.rows() == 1) {
        kernels.unpack_bits(packed.data(), sink.at(0, 0), sink.columns());
        return;
    }
    std::array<std::byte, block> pixels;
    const Index total = sink.rows() * sink.columns();
    for (Index first = 0; first < total; first += block) {
        const Index count = std::min(block, total - first);
        kernels.unpack_bits(packed.data() + first / 8, pixels.data(), count);
        for (Index done = 0; done < count;) {
            const Index row = (first + done) / sink.columns();
            const Index column = (first + done) % sink.columns();
            const Index piece = std::min(count - done, sink.columns() - column);
            sink.write_interleaved(pixels.data() + done, row, column, piece);
            done += piece;
        }
    }
}

void decode_little_endian(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                          const ArrayView &out, std::vector<Deviation> &deviations) {
    decode(codestream, layout, options, out, false, deviations);
}

void decode_big_endian(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                       const ArrayView &out, std::vector<Deviation> &deviations) {
    decode(codestream, layout, options, out, true, deviations);
}

} // namespace radpix::uncompressed
