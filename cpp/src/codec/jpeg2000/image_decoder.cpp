// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/image_decoder.hpp"

#include <algorithm>
#include <string>

#include "codec/jpeg2000/progression.hpp"
#include "codec/jpeg2000/windows.hpp"
#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

/// One piece as it is, several copied one behind the other.
Bytes joined(const std::vector<Bytes> &pieces, std::vector<std::byte> &memory) {
    if (pieces.size() == 1) {
        return pieces.front();
    }
    memory.clear();
    for (const Bytes piece : pieces) {
        memory.insert(memory.end(), piece.begin(), piece.end());
    }
    return memory;
}

/// Every packet takes a byte; 64 times as many precincts are no truncated image but an attack.
Index most_precincts(const std::vector<Bytes> &data, const std::vector<Bytes> &headers) noexcept {
    std::size_t bytes = 1024;
    for (const Bytes piece : data) {
        bytes += piece.size();
    }
    for (const Bytes piece : headers) {
        bytes += piece.size();
    }
    return static_cast<Index>(64 * bytes);
}

/// What is complete of a tile whose packets end early.
std::string usable_part(const Tile &tile) {
    const int layers = tile.parameters.layers;
    int whole_layers = layers;
    std::size_t resolutions = 0, whole_resolutions = max_levels + 1;
    for (const TileComponent &component : tile.components) {
        resolutions = std::max(resolutions, component.resolutions.size());
        for (std::size_t r = 0; r < component.resolutions.size(); ++r) {
            for (const auto &precinct : component.resolutions[r].precincts) {
                const int there = precinct == nullptr ? 0 : precinct->next_layer;
                whole_layers = std::min(whole_layers, there);
                whole_resolutions = there < layers ? std::min(whole_resolutions, r) : whole_resolutions;
            }
        }
    }
    return "complete are " + std::to_string(whole_layers) + " of " + std::to_string(layers) +
           " layers and the lowest " + std::to_string(whole_resolutions) + " of " +
           std::to_string(resolutions) + " resolutions, in " + std::to_string(tile.data.size()) +
           " bytes; what is missing counts as zero";
}

std::size_t packets_of(const Tile &tile) noexcept {
    std::size_t precincts = 0;
    for (const TileComponent &component : tile.components) {
        for (const Resolution &resolution : component.resolutions) {
            precincts += resolution.precincts.size();
        }
    }
    return precincts * static_cast<std::size_t>(tile.parameters.layers);
}

} // namespace

ImageDecoder::ImageDecoder(Bytes bytes, const ImageOptions &options)
    : bytes_(skip_jp2_boxes(bytes)), is_jp2_(bytes_.data() != bytes.data()), threads_(options.threads),
      strips_(options.strips), stream_(read_codestream(bytes_)),
      wanted_{stream_.size.image, options.reduce, options.layers} {
    const Rect &region = options.region;
    if (!region.empty()) {
        const Rect &image = stream_.size.image;
        wanted_.area = {std::min(image.x0 + region.x0, image.x1), std::min(image.y0 + region.y0, image.y1),
                        std::min(image.x0 + region.x1, image.x1), std::min(image.y0 + region.y1, image.y1)};
    }
}

Rect ImageDecoder::output_area() const noexcept {
    return component_rect(wanted_.area, {}, wanted_.reduce);
}

CodingSummary ImageDecoder::coding() const noexcept {
    CodingSummary summary;
    summary.order = stream_.defaults.order;
    for (const ComponentParameters &component : stream_.defaults.components) {
        summary.reversible = summary.reversible && component.style.reversible;
        summary.high_throughput =
            summary.high_throughput || (component.style.block_style & high_throughput) != 0;
    }
    return summary;
}

void ImageDecoder::decode(SampleSink &sink, std::vector<Deviation> &deviations) {
    if (!stream_.irregularity.empty()) {
        deviations.push_back({"jpeg2000-structure", stream_.irregularity, 0, stream_.irregularity_offset});
    }
    std::vector<TilePart> &parts = stream_.parts;
    std::ranges::stable_sort(parts, {}, &TilePart::tile);
    TileDecoder decoder(stream_.size, wanted_, strips_, threads_);
    Index expected = 0;
    for (std::size_t first = 0; first < parts.size();) {
        std::size_t last = first;
        while (last < parts.size() && parts[last].tile == parts[first].tile) {
            ++last;
        }
        if (parts[first].tile != expected) {
            break;
        }
        decode_tile(expected++, std::span(parts).subspan(first, last - first), decoder, sink, deviations);
        first = last;
    }
    if (expected != stream_.size.tiles()) {
        throw_error(Errc::truncated, "tile " + std::to_string(expected) + " of " +
                                         std::to_string(stream_.size.tiles()) + " is not in the codestream");
    }
}

void ImageDecoder::decode_tile(Index index, std::span<const TilePart> parts, TileDecoder &decoder,
                               SampleSink &sink, std::vector<Deviation> &deviations) {
    TileParameters parameters = stream_.defaults;
    std::vector<Bytes> headers, data;
    for (const TilePart &part : parts) {
        headers.insert(headers.end(), part.packed_headers.begin(), part.packed_headers.end());
        read_tile_part_header(bytes_, part, stream_.size, parameters, headers);
        data.push_back(bytes_.subspan(part.data, part.data_end - part.data));
    }
    has_transform_ = has_transform_ || parameters.component_transform;
    Tile tile = make_tile(stream_.size, index, std::move(parameters), wanted_, most_precincts(data, headers));
    if (std::ranges::all_of(tile.components, [](const auto &c) { return c.output_rect.empty(); })) {
        return;
    }
    tile.data = joined(data, tile.joined);
    std::vector<std::byte> joined_headers;
    const bool are_packed = stream_.packed_headers || !headers.empty();
    read_tile_packets(tile, joined(headers, joined_headers), are_packed, deviations);
    decoder.decode(tile, sink);
}

void ImageDecoder::read_tile_packets(Tile &tile, Bytes headers, bool are_packed,
                                     std::vector<Deviation> &deviations) {
    const int all = tile.parameters.layers;
    const int layers = wanted_.layers == 0 ? all : std::min(wanted_.layers, all);
    std::size_t precincts = 0;
    for (TileComponent &component : tile.components) {
        precincts += mark_needed_precincts(component);
    }
    PacketReader reader(tile, headers, are_packed, layers, precincts * static_cast<std::size_t>(layers));
    std::string what;
    try {
        read_packets(tile, stream_.size, reader);
    } catch (const Error &error) {
        if (error.errc() != Errc::truncated) {
            throw;
        }
        what = std::string(error.what()) + ", ";
    }
    if (reader.has_all_needed()) {
        return;
    }
    const std::string text = what + std::to_string(reader.packets()) + " of " +
                             std::to_string(packets_of(tile)) + " packets are there";
    if (reader.packets() == 0) {
        throw_error(Errc::truncated, text);
    }
    deviations.push_back({"jpeg2000-truncated", text + ": " + usable_part(tile), 0, -1});
}

} // namespace radpix::jpeg2000
