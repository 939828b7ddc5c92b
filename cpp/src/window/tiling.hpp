// SPDX-License-Identifier: Apache-2.0
/// How the work on pixels is cut: into pieces for the threads, and into blocks for the first-level cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "radpix/parallel.hpp"
#include "window/kernels.hpp"
#include "window/rows.hpp"

namespace radpix::window_kernels {

/// What a pixel costs: 0.05 ns, bound by memory, or 0.3 to 3 ns of lookups or arithmetic.
enum class Cost : std::uint8_t { copying, computing };

/// Outputs of this many bytes leave the caches anyway: non-temporal stores then save a third of the traffic.
inline constexpr Index streaming_threshold = Index{8} << 20;

/// Calls f(Segment) over all pixels; no segment is longer than `block`.
template <class F>
void over_segments(const Rows &rows, int threads, Cost cost, Index block, F &&f) {
    // Work of less than 20 us stays on the caller's thread: waking another one costs as much.
    const Index grain = cost == Cost::copying ? Index{1} << 17 : Index{1} << 14;
    const int used = rows.size() < 4 * grain ? 1 : threads;
    parallel_for(0, rows.size(), grain, used, [&](Index first, Index last) {
        for (Index begin = first; begin < last; begin += block) {
            rows.for_each_segment(begin, std::min(begin + block, last), f);
        }
    });
}

/// Calls kernel(pixels, out, n) on contiguous pixels: in place where arrays are, through buffers elsewhere.
template <class In, class Out, class F>
void over_contiguous(const Rows &rows, int threads, F &&kernel) {
    const Index pixel_stride = rows.pixel_stride(), out_stride = rows.out_stride();
    const Index block = rows.both_contiguous() ? rows.size() : block_length;
    over_segments(rows, threads, Cost::copying, block, [&](const Segment &s) {
        In gathered[block_length];
        Out levels[block_length];
        const auto *pixels = reinterpret_cast<const In *>(s.pixels);
        auto *const out = reinterpret_cast<Out *>(s.out);
        if (pixel_stride == -1) { // a mirrored image: this loop becomes vectors
            std::reverse_copy(pixels - (s.length - 1), pixels + 1, gathered);
        } else if (pixel_stride != 1) {
            for (Index i = 0; i < s.length; ++i) {
                gathered[i] = pixels[i * pixel_stride];
            }
        }
        pixels = pixel_stride == 1 ? pixels : gathered;
        kernel(pixels, out_stride == 1 ? out : levels, s.length);
        if (out_stride != 1) {
            for (Index i = 0; i < s.length; ++i) {
                out[i * out_stride] = levels[i];
            }
        }
    });
}

/// Whether the kernels should write past the caches.
[[nodiscard]] inline bool streams(const Rows &rows, Index item) noexcept {
    return rows.both_contiguous() && rows.size() * item >= streaming_threshold;
}

} // namespace radpix::window_kernels
