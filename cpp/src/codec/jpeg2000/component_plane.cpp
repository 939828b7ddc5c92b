// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/component_plane.hpp"

#include <algorithm>
#include <cstring>

namespace radpix::jpeg2000 {
namespace {

/// Whole cache lines, and not a power of two: rows of a code-block would share few sets of the cache.
Index stride_of(Index width) noexcept {
    const Index stride = ceil_div(std::max<Index>(width, 1), 16) * 16;
    return stride % 512 == 0 ? stride + 16 : stride;
}

/// Rows of a strip, 0 where the level is better in memory as a whole. Several threads share one: the rows
/// that each piece of it lifts once more are few only in large pieces.
Index strip_rows_of(const Resolution &resolution, const ResolutionWindow &window, const StripLimits &limits,
                    int threads) noexcept {
    const Rect &lifted = window.lifted;
    Index rows = std::max(limits.least_rows, Index{1} << resolution.block_height_log2);
    for (int shared = 1; threads > 1 && shared < 2 * threads && rows < lifted.height(); shared *= 2) {
        rows *= 2;
    }
    const bool is_large = lifted.width() * lifted.height() >= limits.least_coefficients &&
                          lifted.height() > 4 * rows; // more than the two strips in memory
    return is_large ? rows : 0;
}

/// Takes memory from `used` on.
CoefficientRows take_rows(Index width, Index rows, std::size_t &used) noexcept {
    CoefficientRows taken;
    taken.stride = stride_of(width);
    used += static_cast<std::size_t>(taken.stride * std::max<Index>(rows, 0));
    return taken;
}

/// Four quadrants, low-pass before high-pass. Addresses are set once the memory is there.
std::array<std::size_t, 4> lay_out_quadrants(const ResolutionWindow &window, LevelPlane &plane,
                                             std::size_t &used) noexcept {
    const std::size_t begin = used;
    const CoefficientRows rows = take_rows(window.lifted.width(), window.lifted.height(), used);
    std::array<std::size_t, 4> offsets{};
    for (std::size_t i = 0; i < 4; ++i) {
        const Index x = (i & 1U) != 0 ? window.bands[0].width() : 0;
        const Index y = (i & 2U) != 0 ? window.bands[0].height() : 0;
        plane.bands[i] = rows;
        plane.bands[i].first = window.bands[i].y0;
        offsets[i] = begin + static_cast<std::size_t>(y * rows.stride + x);
    }
    return offsets;
}

/// LL as a whole; of the others two strips, in rings side by side.
std::array<std::size_t, 4> lay_out_strips(const ResolutionWindow &window, Index strip_rows, LevelPlane &plane,
                                          std::size_t &used) noexcept {
    std::array<std::size_t, 4> offsets{used};
    plane.bands[0] = take_rows(window.bands[0].width(), window.bands[0].height(), used);
    plane.bands[0].first = window.bands[0].y0;
    std::array<Index, 4> places{};
    Index width = 0;
    for (std::size_t i = 1; i < 4; ++i) {
        places[i] = width;
        width += ceil_div(window.bands[i].width(), 16) * 16;
    }
    const std::size_t begin = used;
    const CoefficientRows rows = take_rows(width, 2 * strip_rows, used);
    for (std::size_t i = 1; i < 4; ++i) {
        plane.bands[i] = rows;
        plane.bands[i].mask = 2 * strip_rows - 1;
        offsets[i] = begin + static_cast<std::size_t>(places[i]);
    }
    return offsets;
}

bool has_missing_precincts(const Resolution &resolution) noexcept {
    const auto &precincts = resolution.precincts;
    for (std::size_t i = 0; i < precincts.size(); ++i) {
        if (precincts[i] == nullptr && resolution.needs(i)) {
            return true;
        }
    }
    return false;
}

} // namespace

void ComponentPlane::lay_out(const TileComponent &component, const StripLimits &limits, int threads,
                             bool strips_last) {
    const std::size_t count = windows.size(), first = count > 1 ? 1 : 0;
    levels.assign(count, {});
    std::vector<std::array<std::size_t, 4>> offsets(count);
    std::size_t size = 0;
    bool has_gaps = false;
    for (std::size_t r = 0; r < count; ++r) {
        ComponentLevel &level = levels[r];
        level.has_gaps = has_missing_precincts(component.resolutions[r]);
        has_gaps = has_gaps || level.has_gaps;
        if (r > 0 && (strips_last || r + 1 < count)) {
            level.strip_rows = strip_rows_of(component.resolutions[r], windows[r], limits, threads);
        }
        if (level.strip_rows > 0) {
            offsets[r] = lay_out_strips(windows[r], level.strip_rows, level.plane, size);
        } else if (r >= first) {
            offsets[r] = lay_out_quadrants(windows[r], level.plane, size);
        }
    }
    const std::size_t bytes = size * sizeof(Coefficient);
    is_clean = memory.size() < bytes;
    if (is_clean) {
        memory = PlaneMemory();
        memory = PlaneMemory(bytes);
    } else if (has_gaps) {
        std::memset(memory.data(), 0, bytes);
        is_clean = true;
    }
    for (std::size_t r = first; r < count; ++r) {
        for (std::size_t i = 0; i < 4; ++i) {
            levels[r].plane.bands[i].data = static_cast<Coefficient *>(memory.data()) + offsets[r][i];
        }
    }
}

void ComponentPlane::add_tasks(const Tile &tile, const TileComponent &component,
                               std::vector<BlockTask> &tasks) {
    const std::size_t begin = tasks.size();
    const auto is_there = [&](const BlockTask &task) { return tile.has_passes(*task.block); };
    is_zero = true;
    for (std::size_t r = 0; r < windows.size(); ++r) {
        const std::size_t home = std::max<std::size_t>(r, windows.size() > 1 ? 1 : 0);
        ComponentLevel &level = levels[r];
        if (windows[home].lifted.empty()) {
            continue;
        }
        const bool in_strips = level.strip_rows > 0;
        std::vector<BlockTask> &target = in_strips ? level.tasks : tasks;
        const std::size_t before = target.size();
        add_block_tasks(tile, component, r, windows, levels[home].plane, is_clean && !in_strips, target);
        is_zero = is_zero &&
                  std::none_of(target.begin() + static_cast<std::ptrdiff_t>(before), target.end(), is_there);
        std::ranges::stable_sort(level.tasks, {}, [&](const BlockTask &task) {
            return task.last_row / std::max<Index>(level.strip_rows, 1);
        });
    }
    if (is_zero) { // flat: neither memory nor time for a plane of zeros
        tasks.resize(begin);
        for (ComponentLevel &level : levels) {
            level.tasks.clear();
            level.has_gaps = false;
        }
    }
}

} // namespace radpix::jpeg2000
