// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/tile_decoder.hpp"

#include <algorithm>

#include "radpix/error.hpp"
#include "radpix/parallel.hpp"

namespace radpix::jpeg2000 {
namespace {

/// A code-block with where its coefficients go.
struct BlockTask {
    const CodeBlock *block;
    BlockTraits traits;
    Coefficient *target;
    Index stride;
};

BlockTraits traits_of(const TileComponent &component, const Band &band) noexcept {
    const ComponentParameters &parameters = component.parameters;
    return {band.orientation,
            band.planes,
            parameters.roi_shift,
            parameters.style.block_style,
            parameters.style.reversible,
            band.step};
}

void add_tasks(const TileComponent &component, const Resolution &resolution, Coefficient *data, Index stride,
               std::vector<BlockTask> &tasks) {
    for (const auto &precinct : resolution.precincts) {
        if (precinct == nullptr) {
            continue;
        }
        for (const CodeBlock &block : precinct->blocks) {
            if (block.first_segment != none) {
                tasks.push_back({&block, traits_of(component, resolution.bands[block.band]),
                                 data + Index{block.y} * stride + block.x, stride});
            }
        }
    }
}

SampleRange range_of(const ComponentSize &size) {
    SampleRange range;
    if (size.precision > 32) {
        throw_error(Errc::jpeg2000_unsupported,
                    "samples of " + std::to_string(size.precision) + " bits; this build decodes up to 32");
    }
    range.is_clamped = size.precision < 32;
    const auto half = static_cast<std::int32_t>(std::uint32_t{1} << (size.precision - 1));
    range.shift = size.is_signed ? 0 : half;
    if (range.is_clamped) {
        range.least = size.is_signed ? -half : 0;
        range.most = size.is_signed ? half - 1 : (half - 1) + half;
    }
    return range;
}

bool is_odd(Index value) noexcept {
    return (value & 1) != 0;
}

} // namespace

namespace {

/// Planes of the thread's last frame, so that the next one does not begin with page faults: they took half of
/// the time of a small HT frame. At most 32 MiB are kept.
thread_local std::vector<std::vector<Coefficient>> kept_planes; // NOLINT: one for each thread
constexpr std::size_t most_kept = std::size_t{8} << 20;         ///< coefficients
constexpr std::size_t max_kept_components = 4;

} // namespace

TileDecoder::TileDecoder(const ImageSize &size, int reduce, int threads)
    : size_(size), reduce_(reduce), threads_(threads), kernels_(wavelet_kernels()) {
    planes_.resize(size.components.size());
    for (std::size_t c = 0; c < std::min(kept_planes.size(), planes_.size()); ++c) {
        planes_[c].data.swap(kept_planes[c]);
    }
}

TileDecoder::~TileDecoder() {
    std::size_t total = 0;
    for (const Plane &plane : planes_) {
        total += plane.data.capacity();
    }
    if (total > most_kept || planes_.size() > max_kept_components) {
        return;
    }
    if (kept_planes.size() < planes_.size()) {
        kept_planes.resize(planes_.size());
    }
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        planes_[c].data.swap(kept_planes[c]);
    }
}

void TileDecoder::decode(const Tile &tile, SampleSink &sink) {
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        const Rect &rect = tile.components[c].output_rect;
        planes_[c].stride = ceil_div(std::max<Index>(rect.width(), 1), strip_columns) * strip_columns;
        planes_[c].data.assign(static_cast<std::size_t>(planes_[c].stride * rect.height()), Coefficient{0});
    }
    decode_blocks(tile);
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        synthesise(tile.components[c], planes_[c]);
    }
    store(tile, sink);
}

void TileDecoder::decode_blocks(const Tile &tile) {
    std::vector<BlockTask> tasks;
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        const TileComponent &component = tile.components[c];
        for (std::size_t r = 0; r < static_cast<std::size_t>(component.shown_resolutions); ++r) {
            add_tasks(component, component.resolutions[r], planes_[c].data.data(), planes_[c].stride, tasks);
        }
    }
    // Large blocks come last in a tile; their number a thread takes at once keeps both ends busy.
    constexpr Index grain = 4;
    parallel_for(0, static_cast<Index>(tasks.size()), grain, threads_, [&](Index first, Index last) {
        BlockDecoder decoder;
        for (Index i = first; i < last; ++i) {
            const BlockTask &task = tasks[static_cast<std::size_t>(i)];
            decoder.decode(tile, *task.block, task.traits, task.target, task.stride);
        }
    });
}

void TileDecoder::synthesise(const TileComponent &component, Plane &plane) {
    for (std::size_t r = 1; r < static_cast<std::size_t>(component.shown_resolutions); ++r) {
        if (!component.resolutions[r].rect.empty()) {
            synthesise_level(component, component.resolutions[r], plane);
        }
    }
}

void TileDecoder::synthesise_level(const TileComponent &component, const Resolution &resolution,
                                   Plane &plane) {
    const Rect &rect = resolution.rect;
    const Index width = rect.width(), height = rect.height(), stride = plane.stride;
    const bool reversible = component.parameters.style.reversible;
    // F.3.2: rows first, then columns; the order matters where values are rounded.
    constexpr Index rows_at_once = 32;
    parallel_for(0, height, rows_at_once, threads_, [&](Index first, Index last) {
        std::vector<Coefficient> scratch(static_cast<std::size_t>(width + 8));
        for (Index y = first; y < last; ++y) {
            Coefficient *const row = plane.data.data() + y * stride;
            if (reversible) {
                kernels_.row_53(&row->integer, width, is_odd(rect.x0), &scratch.data()->integer);
            } else {
                kernels_.row_97(&row->real, width, is_odd(rect.x0), &scratch.data()->real);
            }
        }
    });
    parallel_for(0, ceil_div(width, strip_columns), 2, threads_, [&](Index first, Index last) {
        std::vector<Coefficient> scratch(static_cast<std::size_t>((height + 4) * strip_columns));
        for (Index strip = first; strip < last; ++strip) {
            Coefficient *const top = plane.data.data() + strip * strip_columns;
            const Index columns = std::min(strip_columns, width - strip * strip_columns);
            if (reversible) {
                kernels_.columns_53(&top->integer, stride, height, columns, is_odd(rect.y0),
                                    &scratch.data()->integer);
            } else {
                kernels_.columns_97(&top->real, stride, height, columns, is_odd(rect.y0),
                                    &scratch.data()->real);
            }
        }
    });
}

void TileDecoder::transform_components(const Tile &tile, Index first_row, Index last_row) {
    const Index width = tile.components[0].output_rect.width();
    for (Index y = first_row; y < last_row; ++y) {
        Coefficient *const a = planes_[0].data.data() + y * planes_[0].stride;
        Coefficient *const b = planes_[1].data.data() + y * planes_[1].stride;
        Coefficient *const c = planes_[2].data.data() + y * planes_[2].stride;
        if (tile.components[0].parameters.style.reversible) {
            kernels_.inverse_rct(&a->integer, &b->integer, &c->integer, width);
        } else {
            kernels_.inverse_ict(&a->real, &b->real, &c->real, width);
        }
    }
}

void TileDecoder::store(const Tile &tile, SampleSink &sink) {
    const bool transforms = tile.parameters.component_transform;
    if (transforms) {
        const auto fits = [&](std::size_t c) {
            return tile.components[c].parameters.style.reversible ==
                       tile.components[0].parameters.style.reversible &&
                   tile.components[c].output_rect.width() == tile.components[0].output_rect.width() &&
                   tile.components[c].output_rect.height() == tile.components[0].output_rect.height();
        };
        if (tile.components.size() < 3 || !fits(1) || !fits(2)) {
            throw_error(Errc::jpeg2000_header,
                        "a component transformation over components that differ in size or wavelet (G.1)");
        }
    }
    constexpr Index rows_at_once = 32;
    if (transforms) {
        parallel_for(0, tile.components[0].output_rect.height(), rows_at_once, threads_,
                     [&](Index first, Index last) {
                         transform_components(tile, first, last);
                         for (std::size_t c = 0; c < 3; ++c) {
                             store_rows(tile.components[c], c, first, last, sink);
                         }
                     });
    }
    for (std::size_t c = transforms ? 3 : 0; c < tile.components.size(); ++c) {
        parallel_for(0, tile.components[c].output_rect.height(), rows_at_once, threads_,
                     [&](Index first, Index last) { store_rows(tile.components[c], c, first, last, sink); });
    }
}

void TileDecoder::store_rows(const TileComponent &component, std::size_t index, Index first, Index last,
                             SampleSink &sink) {
    const Rect &rect = component.output_rect;
    const Rect whole = component_rect(size_.image, size_.components[index], reduce_);
    const SampleRange range = range_of(size_.components[index]);
    std::vector<std::int32_t> samples(static_cast<std::size_t>(std::max<Index>(rect.width(), 0)));
    for (Index y = first; y < last; ++y) {
        const Coefficient *const row = planes_[index].data.data() + y * planes_[index].stride;
        if (component.parameters.style.reversible) {
            kernels_.finish_integer(&row->integer, samples.data(), rect.width(), range);
        } else {
            kernels_.finish_real(&row->real, samples.data(), rect.width(), range);
        }
        sink.write(index, rect.y0 - whole.y0 + y, rect.x0 - whole.x0, samples.data(), rect.width());
    }
}

} // namespace radpix::jpeg2000
