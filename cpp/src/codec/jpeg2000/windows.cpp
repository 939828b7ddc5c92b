// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/windows.hpp"

#include <algorithm>

#include "codec/jpeg2000/idwt/level_rows.hpp"

namespace radpix::jpeg2000 {
namespace {

/// Indices of the low-pass (even) or high-pass (odd) coefficients among [x0, x1).
constexpr Index first_of_band(Index x, bool is_high) noexcept {
    return (x + (is_high ? 0 : 1)) >> 1;
}

Rect band_of(const Rect &lifted, int orientation) noexcept {
    const bool across = (orientation & 1) != 0, down = (orientation & 2) != 0;
    return {first_of_band(lifted.x0, across), first_of_band(lifted.y0, down),
            first_of_band(lifted.x1, across), first_of_band(lifted.y1, down)};
}

ResolutionWindow make_window(const Rect &whole, const Rect &shown, Index reach) {
    ResolutionWindow window;
    window.shown = window.lifted = shown;
    if (shown.empty()) {
        return window;
    }
    window.is_lone_column = whole.width() == 1;
    window.is_lone_row = whole.height() == 1;
    window.lifted = {std::max(whole.x0, shown.x0 - reach), std::max(whole.y0, shown.y0 - reach),
                     std::min(whole.x1, shown.x1 + reach), std::min(whole.y1, shown.y1 + reach)};
    for (int orientation = 0; orientation < 4; ++orientation) {
        window.bands[static_cast<std::size_t>(orientation)] = band_of(window.lifted, orientation);
    }
    return window;
}

/// F.3.8.2, K; a lone high-pass sample is halved (F.3.6).
double gain_of(bool is_lone, bool is_high) noexcept {
    constexpr double k = 1.230174104914001;
    if (is_lone) {
        return is_high ? 0.5 : 1.0;
    }
    return is_high ? 1 / k : k;
}

/// The precincts of a sub-band that `clip` of it lies in (B.6), those of the resolution numbered from 0.
Rect precincts_of(const Resolution &resolution, const Band &band, const Rect &clip) noexcept {
    const int halved = band.orientation == 0 ? 0 : 1;
    const int w = resolution.precinct_width_log2, h = resolution.precinct_height_log2;
    const Index first_x = resolution.rect.x0 >> w, first_y = resolution.rect.y0 >> h;
    return {(clip.x0 >> (w - halved)) - first_x, (clip.y0 >> (h - halved)) - first_y,
            ceil_shift(clip.x1, w - halved) - first_x, ceil_shift(clip.y1, h - halved) - first_y};
}

Rect joined(const Rect &a, const Rect &b) noexcept {
    return a.empty()
               ? b
               : Rect{std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

} // namespace

std::vector<ResolutionWindow> make_windows(const TileComponent &component) {
    const auto count = static_cast<std::size_t>(component.shown_resolutions);
    const Index reach = lifting_steps(component.parameters.style.reversible);
    std::vector<ResolutionWindow> windows(count);
    Rect shown = component.output_rect;
    for (std::size_t r = count - 1; r > 0; --r) {
        windows[r] = make_window(component.resolutions[r].rect, shown, reach);
        shown = windows[r].bands[0];
    }
    windows[0].shown = windows[0].lifted = windows[0].bands[0] = shown;
    return windows;
}

std::size_t mark_needed_precincts(TileComponent &component) {
    const std::vector<ResolutionWindow> windows = make_windows(component);
    Index count = 0;
    for (std::size_t r = 0; r < windows.size(); ++r) {
        Resolution &resolution = component.resolutions[r];
        for (const Band &band : resolution.bands) {
            const Rect &clip = windows[r].bands[static_cast<std::size_t>(band.orientation)];
            if (!clip.empty()) {
                resolution.needed = joined(resolution.needed, precincts_of(resolution, band, clip));
            }
        }
        count += resolution.needed.width() * resolution.needed.height();
    }
    return static_cast<std::size_t>(count);
}

double synthesis_gain(const std::vector<ResolutionWindow> &windows, std::size_t resolution,
                      int orientation) noexcept {
    double gain = 1;
    for (std::size_t r = std::max<std::size_t>(resolution, 1); r < windows.size(); ++r) {
        const int passed = r == resolution ? orientation : 0; // as LL through the levels above
        gain *= gain_of(windows[r].is_lone_column, (passed & 1) != 0) *
                gain_of(windows[r].is_lone_row, (passed & 2) != 0);
    }
    return gain;
}

} // namespace radpix::jpeg2000
