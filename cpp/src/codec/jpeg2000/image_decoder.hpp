// SPDX-License-Identifier: Apache-2.0
/// A codestream to samples, component by component, without any notion of DICOM.
#pragma once

#include <functional>

#include "codec/jpeg2000/markers.hpp"
#include "codec/jpeg2000/tile_decoder.hpp"

namespace radpix::jpeg2000 {

struct ImageOptions {
    int reduce = 0; ///< resolution levels left out, 0: full size
    int threads = 1;
    int layers = 0; ///< quality layers used, 0: all
    Rect region;    ///< counted from the image's first sample at full resolution; empty: all
    StripLimits strips = {};
};

/// What the main header says of the coding; a tile's own header may say otherwise.
struct CodingSummary {
    bool reversible = true;
    bool high_throughput = false;
    Progression order = Progression::lrcp;
};

class ImageDecoder {
public:
    /// Reads the headers. `bytes`: a codestream or a JP2 file, which has to outlive the decoder.
    ImageDecoder(Bytes bytes, const ImageOptions &options);

    [[nodiscard]] const ImageSize &size() const noexcept { return stream_.size; }
    [[nodiscard]] bool is_jp2() const noexcept { return is_jp2_; }
    /// What is asked for, on the reference grid divided by 2^reduce.
    [[nodiscard]] Rect output_area() const noexcept;
    /// The samples of one component that are asked for.
    [[nodiscard]] Rect output_rect(std::size_t component) const noexcept {
        return wanted_rect(stream_.size, component, wanted_);
    }
    [[nodiscard]] CodingSummary coding() const noexcept;
    /// Whether some tile's components are transformed to RGB, known after decode().
    [[nodiscard]] bool has_component_transform() const noexcept { return has_transform_; }

    /// Throws Error; the sink then has part of the samples.
    void decode(SampleSink &sink, std::vector<Deviation> &deviations);

private:
    void decode_tile(Index index, std::span<const TilePart> parts, TileDecoder &decoder, SampleSink &sink,
                     std::vector<Deviation> &deviations);
    void read_tile_packets(Tile &tile, Bytes headers, bool are_packed, std::vector<Deviation> &deviations);

    Bytes bytes_;
    bool is_jp2_;
    bool has_transform_ = false;
    int threads_;
    StripLimits strips_;
    Codestream stream_;
    Wanted wanted_;
};

} // namespace radpix::jpeg2000
