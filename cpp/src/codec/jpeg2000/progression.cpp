// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/progression.hpp"

#include <algorithm>
#include <array>

#include "radpix/error.hpp"

namespace radpix::jpeg2000 {
namespace {

/// A precinct with what a progression sorts it by.
struct Place {
    std::array<Index, 4> key; ///< outermost first
    std::uint32_t component, resolution, index;

    friend bool operator<(const Place &a, const Place &b) noexcept {
        return a.key != b.key ? a.key < b.key : a.index < b.index;
    }
};

/// Where on the reference grid a position progression meets a precinct (B.12.1.3): at its upper left corner,
/// or at the tile's where that lies inside.
Index place_on_grid(Index precinct, int log2_size, int levels_above, int sampling,
                    Index tile_start) noexcept {
    // precinct < 2^32 / 2^(shift), so the product stays below 2^41 unless the precinct is the first.
    const Index corner = precinct == 0 ? 0 : precinct << (log2_size + levels_above);
    return std::max(tile_start, corner * sampling);
}

std::array<Index, 4> key_of(Progression order, Index component, Index resolution, Index y, Index x) noexcept {
    switch (order) {
    case Progression::lrcp:
    case Progression::rlcp:
        return {resolution, component, 0, 0};
    case Progression::rpcl:
        return {resolution, y, x, component};
    case Progression::pcrl:
        return {y, x, component, resolution};
    case Progression::cprl:
        break;
    }
    return {component, y, x, resolution};
}

/// All packets of one progression, and the budget that bounds hostile progression changes.
class ProgressionRun {
public:
    ProgressionRun(Tile &tile, const ImageSize &size, PacketReader &reader) noexcept
        : tile_(tile), size_(size), reader_(reader) {}

    void run(const ProgressionChange &change) {
        collect(change);
        const int layers = std::min(change.end_layer, tile_.parameters.layers);
        if (change.order == Progression::lrcp) {
            read_layers(0, places_.size(), layers);
        } else if (change.order == Progression::rlcp) {
            for (std::size_t first = 0; first < places_.size();) {
                std::size_t last = first;
                while (last < places_.size() && places_[last].resolution == places_[first].resolution) {
                    ++last;
                }
                read_layers(first, last, layers);
                first = last;
            }
        } else {
            for (const Place &place : places_) {
                for (int layer = next_layer(place); layer < layers && reader_.goes_on(); ++layer) {
                    read(place, layer);
                }
            }
        }
    }

private:
    void collect(const ProgressionChange &change) {
        places_.clear();
        const auto components = static_cast<int>(tile_.components.size());
        for (int c = change.first_component; c < std::min(change.end_component, components); ++c) {
            const TileComponent &component = tile_.components[static_cast<std::size_t>(c)];
            const auto resolutions = static_cast<int>(component.resolutions.size());
            for (int r = change.first_resolution; r < std::min(change.end_resolution, resolutions); ++r) {
                collect_resolution(change.order, c, r);
            }
        }
        charge(places_.size());
        std::ranges::sort(places_, [](const Place &a, const Place &b) { return a < b; });
    }

    void collect_resolution(Progression order, int c, int r) {
        const TileComponent &component = tile_.components[static_cast<std::size_t>(c)];
        const ComponentSize &size = size_.components[static_cast<std::size_t>(c)];
        const Resolution &resolution = component.resolutions[static_cast<std::size_t>(r)];
        const int above = static_cast<int>(component.resolutions.size()) - 1 - r;
        const Index first_x = resolution.rect.x0 >> resolution.precinct_width_log2;
        const Index first_y = resolution.rect.y0 >> resolution.precinct_height_log2;
        std::uint32_t index = 0;
        for (Index j = 0; j < resolution.precincts_down; ++j) {
            const Index y =
                place_on_grid(first_y + j, resolution.precinct_height_log2, above, size.dy, tile_.rect.y0);
            for (Index i = 0; i < resolution.precincts_across; ++i) {
                const Index x =
                    place_on_grid(first_x + i, resolution.precinct_width_log2, above, size.dx, tile_.rect.x0);
                places_.push_back({key_of(order, c, r, y, x), static_cast<std::uint32_t>(c),
                                   static_cast<std::uint32_t>(r), index++});
            }
        }
    }

    /// Layers outermost, over places_[first, last).
    void read_layers(std::size_t first, std::size_t last, int layers) {
        int layer = layers;
        for (std::size_t i = first; i < last; ++i) {
            layer = std::min(layer, next_layer(places_[i]));
        }
        for (; layer < layers && reader_.goes_on(); ++layer) {
            charge(last - first);
            for (std::size_t i = first; i < last && reader_.goes_on(); ++i) {
                if (next_layer(places_[i]) == layer) { // packets of earlier progressions are left out
                    read(places_[i], layer);
                }
            }
        }
    }

    [[nodiscard]] int next_layer(const Place &place) const noexcept {
        const Resolution &resolution = tile_.components[place.component].resolutions[place.resolution];
        const Precinct *precinct = resolution.precincts[place.index].get();
        return precinct == nullptr ? 0 : precinct->next_layer;
    }

    void read(const Place &place, int layer) {
        TileComponent &component = tile_.components[place.component];
        Resolution &resolution = component.resolutions[place.resolution];
        Precinct &precinct = precinct_at(component, resolution, place.index);
        reader_.read(component.parameters.style, precinct, layer, resolution.needs(place.index));
        precinct.next_layer = layer + 1;
    }

    /// Every packet takes a byte. Visits that read none are allowed 64 times as often, and a million beyond.
    void charge(std::size_t visits) {
        constexpr std::size_t allowance = std::size_t{1} << 20;
        visits_ += visits;
        if (visits_ > allowance + 64 * (tile_.data.size() + places_.size())) {
            throw_error(Errc::jpeg2000_packet,
                        "progression changes that go over the same packets again and again");
        }
    }

    Tile &tile_;
    const ImageSize &size_;
    PacketReader &reader_;
    std::vector<Place> places_;
    std::size_t visits_ = 0;
};

} // namespace

void read_packets(Tile &tile, const ImageSize &size, PacketReader &reader) {
    ProgressionRun run(tile, size, reader);
    if (tile.parameters.changes.empty()) {
        run.run({0, max_levels + 1, 0, static_cast<int>(tile.components.size()), tile.parameters.layers,
                 tile.parameters.order});
        return;
    }
    for (const ProgressionChange &change : tile.parameters.changes) {
        if (!reader.goes_on()) {
            break;
        }
        run.run(change);
    }
}

} // namespace radpix::jpeg2000
