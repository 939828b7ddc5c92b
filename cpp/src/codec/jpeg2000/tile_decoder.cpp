// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/tile_decoder.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>

#include "radpix/error.hpp"
#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"

namespace radpix::jpeg2000 {
namespace {

/// Planes of the thread's last frame, so that the next one does not begin with page faults: they took half of
/// the time of a small HT frame. At most 64 MiB are kept.
thread_local std::vector<PlaneMemory> kept_planes; // NOLINT: one for each thread
constexpr std::size_t most_kept = std::size_t{64} << 20U;
constexpr std::size_t max_kept_components = 4;

/// Components 0 to 2 have to be of one size and wavelet to be transformed.
void check_transformed(const Tile &tile) {
    const auto fits = [&](std::size_t c) {
        const Rect &rect = tile.components[c].output_rect, &first = tile.components[0].output_rect;
        return tile.components[c].parameters.style.reversible ==
                   tile.components[0].parameters.style.reversible &&
               rect.width() == first.width() && rect.height() == first.height();
    };
    if (tile.components.size() < 3 || !fits(1) || !fits(2)) {
        throw_error(Errc::jpeg2000_header,
                    "a component transformation over components that differ in size or wavelet (G.1)");
    }
}

} // namespace

TileDecoder::TileDecoder(const ImageSize &size, const Wanted &wanted, const StripLimits &strips, int threads)
    : size_(size), wanted_(wanted), strips_(strips), threads_(threads == 0 ? num_threads() : threads),
      kernels_(wavelet_kernels()) {
    planes_.resize(size.components.size());
    for (std::size_t c = 0; c < std::min(kept_planes.size(), planes_.size()); ++c) {
        planes_[c].memory = std::move(kept_planes[c]);
    }
}

TileDecoder::~TileDecoder() {
    std::size_t total = 0;
    for (const ComponentPlane &plane : planes_) {
        total += plane.memory.size();
    }
    if (total > most_kept || planes_.size() > max_kept_components) {
        return;
    }
    if (kept_planes.size() < planes_.size()) {
        kept_planes.resize(planes_.size());
    }
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        kept_planes[c] = std::move(planes_[c].memory);
    }
}

void TileDecoder::decode(const Tile &tile, SampleSink &sink) {
    if (tile.parameters.component_transform) {
        check_transformed(tile);
    }
    lay_out(tile);
    std::vector<BlockTask> tasks;
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        planes_[c].add_tasks(tile, tile.components[c], tasks);
    }
    decode_blocks(tile, tasks);
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        synthesise(tile, c);
    }
    store(tile, sink);
}

void TileDecoder::lay_out(const Tile &tile) {
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        planes_[c].windows = make_windows(tile.components[c]);
    }
    // Components that are transformed go through their last strips together: all have them or none.
    const auto is_like_first = [&](std::size_t c) {
        const auto block_height = [&](std::size_t i) {
            const TileComponent &component = tile.components[i];
            return component.resolutions[planes_[i].windows.size() - 1].block_height_log2;
        };
        return planes_[c].windows.size() == planes_[0].windows.size() &&
               planes_[c].windows.back().lifted == planes_[0].windows.back().lifted &&
               block_height(c) == block_height(0);
    };
    const bool transforms = tile.parameters.component_transform;
    const bool together = !transforms || (is_like_first(1) && is_like_first(2));
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        planes_[c].lay_out(tile.components[c], strips_, threads_, together || c > 2);
    }
}

void TileDecoder::decode_blocks(const Tile &tile, std::span<BlockTask> tasks) {
    // HT blocks of the same width are decoded in pairs; those at the right edge are narrower.
    std::ranges::stable_sort(tasks, std::greater(), [](const BlockTask &task) { return task.block->width; });
    // The number that a thread takes at once keeps all busy to the end.
    constexpr Index grain = 4;
    parallel_for(0, static_cast<Index>(tasks.size()), grain, threads_, [&](Index first, Index last) {
        std::unique_ptr<BlockDecoder> decoder;
        {
            const std::scoped_lock lock(idle_mutex_);
            if (!idle_.empty()) {
                decoder = std::move(idle_.back());
                idle_.pop_back();
            }
        }
        if (decoder == nullptr) {
            decoder = std::make_unique<BlockDecoder>();
        }
        decoder->run(tile,
                     tasks.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
        const std::scoped_lock lock(idle_mutex_);
        idle_.push_back(std::move(decoder));
    });
}

/// A few pieces for each thread, each with some rows of its neighbours to lift once more.
Index TileDecoder::rows_at_once(Index rows, Index width) const {
    constexpr Index fewest_rows = 32, small = Index{1} << 16;
    if (threads_ == 1 || rows * width <= small) {
        return std::max<Index>(rows, 1);
    }
    return std::max(fewest_rows, ceil_div(rows, Index{2} * threads_));
}

void TileDecoder::for_rows(const Tile &tile, const ResolutionWindow &window, Index steps,
                           std::span<ComponentLevel *const> levels, RangeFunction rows) {
    const Rect &shown = window.shown;
    const Index strip = levels.front()->strip_rows;
    if (strip == 0) {
        parallel_for(0, shown.height(), rows_at_once(shown.height(), shown.width()), threads_, rows);
        return;
    }
    std::array<std::size_t, 3> begin{};
    std::vector<BlockTask> tasks;
    for (Index end = (window.bands[0].y0 / strip + 1) * strip, done = shown.y0; done < shown.y1;
         end += strip) {
        tasks.clear();
        for (std::size_t i = 0; i < levels.size(); ++i) {
            const std::vector<BlockTask> &all = levels[i]->tasks;
            for (; begin[i] < all.size() && all[begin[i]].last_row < end; ++begin[i]) {
                tasks.push_back(all[begin[i]]);
            }
            if (levels[i]->has_gaps) {
                const CoefficientRows &first_band = levels[i]->plane.bands[1];
                std::memset(first_band.row(end - strip), 0,
                            static_cast<std::size_t>(strip * first_band.stride) * sizeof(Coefficient));
            }
        }
        decode_blocks(tile, tasks);
        const bool is_last = end >= std::max(window.bands[0].y1, window.bands[2].y1);
        // Rows 2 x end - steps and those after it depend on the next strip.
        const Index ready = is_last ? shown.y1 : std::clamp(2 * end - steps, done, shown.y1);
        parallel_for(done - shown.y0, ready - shown.y0, rows_at_once(ready - done, shown.width()), threads_,
                     rows);
        done = ready;
    }
}

/// All levels but the last, each into LL of the next.
void TileDecoder::synthesise(const Tile &tile, std::size_t component) {
    ComponentPlane &plane = planes_[component];
    const bool reversible = tile.components[component].parameters.style.reversible;
    for (std::size_t r = 1; r + 1 < plane.windows.size() && !plane.is_zero; ++r) {
        const ResolutionWindow &window = plane.windows[r];
        const CoefficientRows &target = plane.levels[r + 1].plane.bands[0];
        const Rect &shown = window.shown;
        if (shown.empty()) {
            continue;
        }
        const auto synthesise_rows = [&](Index first, Index last) {
            LevelRows rows(kernels_, window, plane.levels[r].plane, reversible, shown.y0 + first);
            for (Index y = first; y < last; ++y) {
                check_cancelled();
                std::memcpy(target.row(shown.y0 + y), rows.next(),
                            static_cast<std::size_t>(shown.width()) * sizeof(Coefficient));
            }
        };
        const std::array<ComponentLevel *, 1> levels{&plane.levels[r]};
        for_rows(tile, window, lifting_steps(reversible), levels, synthesise_rows);
    }
}

void TileDecoder::store(const Tile &tile, SampleSink &sink) {
    for (std::size_t c = 0; c < tile.components.size();) {
        const std::size_t count = tile.parameters.component_transform && c == 0 ? 3 : 1;
        if (!tile.components[c].output_rect.empty()) {
            std::array<ComponentLevel *, 3> levels{};
            for (std::size_t i = 0; i < count; ++i) {
                levels[i] = &planes_[c + i].levels.back();
            }
            const Index steps = lifting_steps(tile.components[c].parameters.style.reversible);
            const auto rows = [&](Index first, Index last) { store_rows(tile, c, count, first, last, sink); };
            for_rows(tile, planes_[c].windows.back(), steps, std::span(levels).first(count), rows);
        }
        c += count;
    }
}

/// The last level of `count` components, their transformation where there are three, and the samples.
void TileDecoder::store_rows(const Tile &tile, std::size_t component, std::size_t count, Index first,
                             Index last, SampleSink &sink) const {
    const TileComponent &leading = tile.components[component];
    const Rect &rect = leading.output_rect;
    const Rect whole = wanted_rect(size_, component, wanted_);
    const bool reversible = leading.parameters.style.reversible;
    const Index width = rect.width();
    std::array<std::optional<LevelRows>, 3> levels;
    std::array<std::vector<Coefficient>, 3> zeros;
    for (std::size_t i = 0; i < count; ++i) {
        const ComponentPlane &plane = planes_[component + i];
        if (plane.is_zero) {
            zeros[i].resize(static_cast<std::size_t>(width));
        } else if (plane.windows.size() > 1) {
            levels[i].emplace(kernels_, plane.windows.back(), plane.levels.back().plane, reversible,
                              tile.components[component + i].output_rect.y0 + first);
        }
    }
    RowFinisher finisher(kernels_, size_, component, count, reversible, width, sink);
    for (Index y = first; y < last; ++y) {
        check_cancelled();
        std::array<Coefficient *, 3> rows{};
        for (std::size_t i = 0; i < count; ++i) {
            const CoefficientRows &plane = planes_[component + i].levels.back().plane.bands[0];
            if (levels[i]) {
                rows[i] = levels[i]->next();
            } else if (zeros[i].empty()) {
                rows[i] = plane.row(rect.y0 + y);
            } else {
                std::ranges::fill(zeros[i], Coefficient{0});
                rows[i] = zeros[i].data();
            }
        }
        finisher.finish(rows, rect.y0 - whole.y0 + y, rect.x0 - whole.x0);
    }
}

} // namespace radpix::jpeg2000
