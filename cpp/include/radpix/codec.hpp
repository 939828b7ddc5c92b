// SPDX-License-Identifier: Apache-2.0
/// Frames: from the bytes of one encapsulated or native frame to stored values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "radpix/view.hpp"

namespace radpix {

/// Photometric Interpretation (0028,0004), PS3.3 C.7.6.3.1.2.
enum class Photometric : std::uint8_t {
    monochrome1,
    monochrome2,
    palette_color,
    rgb,
    ybr_full,
    ybr_full_422,
    ybr_partial_420,
    ybr_ict,
    ybr_rct,
    xyb,
    unknown
};

/// The enumerator for a defined term such as "YBR_FULL_422"; `unknown` for any other text.
[[nodiscard]] Photometric photometric_named(std::string_view term) noexcept;

/// What the data set's Image Pixel module says of a frame (PS3.3 C.7.6.3). The codestream may disagree:
/// decoders follow one documented rule each and report it as a Deviation.
struct FrameLayout {
    Index rows = 0, columns = 0;
    int samples_per_pixel = 1;
    int bits_allocated = 8; ///< 1, 8, 16, 32, 64
    int bits_stored = 8;
    int high_bit = 7;
    bool is_signed = false; ///< Pixel Representation 1
    bool is_float = false;  ///< Float or Double Float Pixel Data
    int planar_configuration = 0;
    Photometric photometric = Photometric::monochrome2;
};

/// A departure from the standard that did not stop decoding; a RadpixWarning in Python.
struct Deviation {
    std::string code; ///< stable, hyphenated
    std::string message;
    Index frame = 0;
    Index offset = -1; ///< into the frame's codestream, -1 where none
};

/// A part of each frame, for codecs that can decode it alone.
struct FrameSelection {
    int reduce = 0; ///< resolution levels left out: the size is divided by 2^reduce and rounded up
    int layers = 0; ///< quality layers used, 0: all
    Index row = 0, column = 0, height = 0, width = 0; ///< at full resolution; height 0: the whole frame

    [[nodiscard]] bool is_whole() const noexcept { return reduce == 0 && layers == 0 && height == 0; }
};

/// Rows and columns of what is selected. Throws Error(invalid_argument) for what no frame of this layout has.
[[nodiscard]] std::pair<Index, Index> selected_shape(const FrameLayout &layout,
                                                     const FrameSelection &selection);

struct DecodeOptions {
    /// Leave YBR samples as the codestream holds them instead of converting to RGB.
    bool keep_components = false;
    /// Threads to use, 0: num_threads().
    int threads = 0;
    /// Other codecs than JPEG 2000 refuse anything but the whole frame.
    FrameSelection selection{};
};

using Bytes = std::span<const std::byte>;

/// Decodes one frame into `out`: (rows, columns) or (rows, columns, samples), any strides, whose element type
/// is that of `element_type(layout)`. `out` may be partly written when Error is thrown. Appends to
/// `deviations`.
using FrameDecoder = void (*)(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                              const ArrayView &out, std::vector<Deviation> &deviations);

/// Decodes two frames at once on one thread, for codecs whose latency hides behind a second stream.
using FramePairDecoder = void (*)(Bytes first, Bytes second, const FrameLayout &layout,
                                  const DecodeOptions &options, const ArrayView &first_out,
                                  const ArrayView &second_out, std::vector<Deviation> &first_deviations,
                                  std::vector<Deviation> &second_deviations);

/// How the components of a JPEG-LS scan follow each other: T.87's ILV 0, 1 and 2.
enum class Interleave : std::uint8_t { none, by_line, by_sample };

struct EncodeOptions {
    /// The largest error of a sample that a near-lossless codec may make; 0 is lossless.
    int near = 0;
    Interleave interleave = Interleave::by_sample;
};

/// The codestream of one frame of stored values: (rows, columns) or (rows, columns, samples), any strides.
using FrameEncoder = std::vector<std::byte> (*)(const ArrayView &pixels, const FrameLayout &layout,
                                                const EncodeOptions &options);

/// One line of the registry.
struct TransferSyntax {
    std::string_view uid;
    std::string_view name; ///< as in PS3.6 Annex A
    bool encapsulated;
    bool lossy; ///< whether it can be
    FrameDecoder decode;
    FramePairDecoder decode_pair = nullptr;
    FrameEncoder encode = nullptr;
    /// Whether `decode` takes DecodeOptions::selection.
    bool selects = false;
};

/// The transfer syntaxes this build decodes, src/codec/registry.cpp.
[[nodiscard]] std::span<const TransferSyntax> transfer_syntaxes() noexcept;

/// nullptr where the core has no decoder for `uid`.
[[nodiscard]] const TransferSyntax *find_transfer_syntax(std::string_view uid) noexcept;

/// The type of a decoded sample: bits_allocated rounded up to 8, 16, 32, 64, signed by Pixel Representation.
/// Throws Error(unsupported_layout) for an allocation that PS3.5 does not know.
[[nodiscard]] DataType element_type(const FrameLayout &layout);

/// Throws Error(unsupported_layout, invalid_argument) for a layout no frame can have, and checks that `out`
/// has the shape and type of one frame.
void check_layout(const FrameLayout &layout, const ArrayView &out);

/// Decodes frames of one object into `out`: (frames, rows, columns) or (frames, rows, columns, samples). Work
/// is split over frames where there are enough, else inside the frame. Colour comes out as interleaved RGB
/// unless options.keep_components. Returns the deviations in frame order. When Error is thrown,
/// `frame_of_error`, where given, holds the index of the frame at fault.
std::vector<Deviation> decode_frames(std::string_view transfer_syntax_uid, std::span<const Bytes> codestreams,
                                     const FrameLayout &layout, const DecodeOptions &options,
                                     const ArrayView &out, Index *frame_of_error = nullptr);

/// Encodes one frame. Throws Error(unsupported_transfer_syntax) where the core has no encoder.
[[nodiscard]] std::vector<std::byte> encode_frame(std::string_view transfer_syntax_uid,
                                                  const ArrayView &pixels, const FrameLayout &layout,
                                                  const EncodeOptions &options);

} // namespace radpix
