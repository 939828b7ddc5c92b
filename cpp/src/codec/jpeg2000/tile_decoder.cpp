// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/tile_decoder.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "radpix/error.hpp"
#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"

namespace radpix::jpeg2000 {
namespace {

/// Planes of the thread's last frame, so that the next one does not begin with page faults: they took half of
/// the time of a small HT frame. At most 32 MiB are kept.
thread_local std::vector<PlaneMemory> kept_planes; // NOLINT: one for each thread
constexpr std::size_t most_kept = std::size_t{32} << 20U;
constexpr std::size_t max_kept_components = 4;

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

/// Whole cache lines, and not a power of two: rows of a code-block would share few sets of the cache.
Index stride_of(Index width) noexcept {
    const Index stride = ceil_div(std::max<Index>(width, 1), 16) * 16;
    return stride % 512 == 0 ? stride + 16 : stride;
}

} // namespace

TileDecoder::TileDecoder(const ImageSize &size, const Wanted &wanted, int threads)
    : size_(size), wanted_(wanted), threads_(threads == 0 ? num_threads() : threads),
      kernels_(wavelet_kernels()) {
    planes_.resize(size.components.size());
    for (std::size_t c = 0; c < std::min(kept_planes.size(), planes_.size()); ++c) {
        planes_[c].memory = std::move(kept_planes[c]);
    }
}

TileDecoder::~TileDecoder() {
    std::size_t total = 0;
    for (const Plane &plane : planes_) {
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
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        lay_out(tile.components[c], planes_[c]);
    }
    decode_blocks(tile);
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        synthesise(tile.components[c], planes_[c]);
    }
    store(tile, sink);
}

void TileDecoder::lay_out(const TileComponent &component, Plane &plane) {
    plane.windows = make_windows(component);
    const std::size_t first = plane.windows.size() > 1 ? 1 : 0;
    std::vector<std::size_t> offsets(plane.windows.size());
    plane.levels.assign(plane.windows.size(), {});
    std::size_t size = 0;
    for (std::size_t r = first; r < plane.windows.size(); ++r) {
        const Rect &rect = plane.windows[r].lifted;
        plane.levels[r].stride = stride_of(rect.width());
        offsets[r] = size;
        size += static_cast<std::size_t>(plane.levels[r].stride * std::max<Index>(rect.height(), 0));
    }
    const std::size_t bytes = size * sizeof(Coefficient);
    plane.is_clean = plane.memory.size() < bytes;
    if (plane.is_clean) {
        plane.memory = PlaneMemory();
        plane.memory = PlaneMemory(bytes);
    }
    auto *const data = static_cast<Coefficient *>(plane.memory.data());
    for (std::size_t r = first; r < plane.windows.size(); ++r) {
        plane.levels[r].data = data + offsets[r];
    }
    const auto lacks_packets = [](const Resolution &resolution) {
        return std::ranges::any_of(resolution.precincts, [](const auto &p) { return p == nullptr; });
    };
    const auto last = component.resolutions.begin() + component.shown_resolutions;
    if (!plane.is_clean && std::any_of(component.resolutions.begin(), last, lacks_packets)) {
        std::memset(plane.memory.data(), 0, bytes);
        plane.is_clean = true;
    }
}

void TileDecoder::decode_blocks(const Tile &tile) {
    std::vector<BlockTask> tasks;
    for (std::size_t c = 0; c < planes_.size(); ++c) {
        Plane &plane = planes_[c];
        const std::size_t begin = tasks.size();
        for (std::size_t r = 0; r < plane.windows.size(); ++r) {
            const std::size_t home = std::max<std::size_t>(r, plane.windows.size() > 1 ? 1 : 0);
            if (!plane.windows[home].lifted.empty()) {
                add_block_tasks(tile, tile.components[c], r, plane.windows, plane.levels[home],
                                plane.is_clean, tasks);
            }
        }
        plane.is_zero = std::none_of(tasks.begin() + static_cast<std::ptrdiff_t>(begin), tasks.end(),
                                     [&](const BlockTask &task) { return tile.has_passes(*task.block); });
        if (plane.is_zero) { // flat: neither memory nor time for a plane of zeros
            tasks.resize(begin);
        }
    }
    // Large blocks come last in a tile; their number a thread takes at once keeps both ends busy.
    constexpr Index grain = 4;
    parallel_for(0, static_cast<Index>(tasks.size()), grain, threads_, [&](Index first, Index last) {
        BlockDecoder decoder;
        for (Index i = first; i < last; ++i) {
            decoder.run(tile, tasks[static_cast<std::size_t>(i)]);
        }
    });
}

/// A few pieces for each thread, each with some rows of its neighbours to lift once more.
Index TileDecoder::rows_at_once(const Rect &rect) const {
    constexpr Index fewest_rows = 32, small = Index{1} << 16;
    if (threads_ == 1 || rect.width() * rect.height() <= small) {
        return std::max<Index>(rect.height(), 1);
    }
    return std::max(fewest_rows, ceil_div(rect.height(), Index{4} * threads_));
}

/// All levels but the last, each into the LL quadrant of the next.
void TileDecoder::synthesise(const TileComponent &component, Plane &plane) {
    for (std::size_t r = 1; r + 1 < plane.windows.size() && !plane.is_zero; ++r) {
        const ResolutionWindow &window = plane.windows[r];
        const LevelPlane &target = plane.levels[r + 1];
        if (window.shown.empty()) {
            continue;
        }
        const Rect &shown = window.shown;
        parallel_for(shown.y0, shown.y1, rows_at_once(shown), threads_, [&](Index first, Index last) {
            LevelRows rows(kernels_, window, plane.levels[r], component.parameters.style.reversible, first);
            for (Index y = first; y < last; ++y) {
                check_cancelled();
                std::memcpy(target.data + (y - shown.y0) * target.stride, rows.next(),
                            static_cast<std::size_t>(shown.width()) * sizeof(Coefficient));
            }
        });
    }
}

void TileDecoder::store(const Tile &tile, SampleSink &sink) {
    const bool transforms = tile.parameters.component_transform;
    if (transforms) {
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
    for (std::size_t c = 0; c < tile.components.size();) {
        const std::size_t count = transforms && c == 0 ? 3 : 1;
        const Rect &rect = tile.components[c].output_rect;
        if (!rect.empty()) {
            parallel_for(0, rect.height(), rows_at_once(rect), threads_,
                         [&](Index first, Index last) { store_rows(tile, c, count, first, last, sink); });
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
    std::array<SampleRange, 3> ranges;
    for (std::size_t i = 0; i < count; ++i) {
        const Plane &plane = planes_[component + i];
        ranges[i] = range_of(size_.components[component + i]);
        if (plane.is_zero) {
            zeros[i].resize(static_cast<std::size_t>(width));
        } else if (plane.windows.size() > 1) {
            levels[i].emplace(kernels_, plane.windows.back(), plane.levels.back(), reversible,
                              tile.components[component + i].output_rect.y0 + first);
        }
    }
    std::vector<std::int32_t> samples(count * static_cast<std::size_t>(width));
    for (Index y = first; y < last; ++y) {
        check_cancelled();
        std::array<Coefficient *, 3> rows{};
        std::array<const std::int32_t *, 3> finished{};
        for (std::size_t i = 0; i < count; ++i) {
            const LevelPlane &plane = planes_[component + i].levels.back();
            if (levels[i]) {
                rows[i] = levels[i]->next();
            } else if (zeros[i].empty()) {
                rows[i] = plane.data + y * plane.stride;
            } else {
                std::ranges::fill(zeros[i], Coefficient{0});
                rows[i] = zeros[i].data();
            }
        }
        if (count == 3 && reversible) {
            kernels_.inverse_rct(&rows[0]->integer, &rows[1]->integer, &rows[2]->integer, width);
        } else if (count == 3) {
            kernels_.inverse_ict(&rows[0]->real, &rows[1]->real, &rows[2]->real, width);
        }
        for (std::size_t i = 0; i < count; ++i) {
            std::int32_t *const target = samples.data() + i * static_cast<std::size_t>(width);
            finish_row(leading, rows[i], target, width, ranges[i]);
            finished[i] = target;
        }
        const Index at_y = rect.y0 - whole.y0 + y, at_x = rect.x0 - whole.x0;
        if (count == 3) {
            sink.write_three(at_y, at_x, finished.data(), width);
        } else {
            sink.write(component, at_y, at_x, finished[0], width);
        }
    }
}

void TileDecoder::finish_row(const TileComponent &component, const Coefficient *row, std::int32_t *samples,
                             Index count, const SampleRange &range) const noexcept {
    if (component.parameters.style.reversible) {
        kernels_.finish_integer(&row->integer, samples, count, range);
    } else {
        kernels_.finish_real(&row->real, samples, count, range);
    }
}

} // namespace radpix::jpeg2000
