// SPDX-License-Identifier: Apache-2.0
/// Decoded components at their own resolution, before upsampling: whole, or as a ring of the last two MCU
/// rows.
#pragma once

#include <algorithm>
#include <array>
#include <memory>

#include "base/checked_math.hpp"
#include "codec/jpeg/scan.hpp"

namespace radpix::jpeg {

/// Blocks and MCUs of a frame, T.81 A.1.1, A.2.
struct PlaneGeometry {
    struct Extent {
        Index width = 0, height = 0;            ///< in samples
        Index blocks_wide = 0, blocks_high = 0; ///< that hold samples: a non-interleaved scan has these
        Index padded_blocks_wide = 0, padded_blocks_high = 0; ///< with those that complete MCUs
        int horizontal = 1, vertical = 1;
    };

    explicit PlaneGeometry(const FrameHeader &frame)
        : component_count(frame.component_count), max_horizontal(frame.max_horizontal),
          max_vertical(frame.max_vertical), width(frame.samples_per_line), height(frame.lines),
          mcus_wide(ceil_divide(width, 8 * max_horizontal)),
          mcus_high(ceil_divide(height, 8 * max_vertical)) {
        for (int c = 0; c < component_count; ++c) {
            const Component &component = frame.component(c);
            Extent &extent = extents[static_cast<std::size_t>(c)];
            extent.width = component_width(frame, c);
            extent.height = component_height(frame, c);
            extent.blocks_wide = ceil_divide(extent.width, 8);
            extent.blocks_high = ceil_divide(extent.height, 8);
            extent.padded_blocks_wide = mcus_wide * component.horizontal;
            extent.padded_blocks_high = mcus_high * component.vertical;
            extent.horizontal = component.horizontal;
            extent.vertical = component.vertical;
        }
    }

    [[nodiscard]] const Extent &extent(int c) const { return extents[static_cast<std::size_t>(c)]; }

    int component_count, max_horizontal, max_vertical;
    Index width, height, mcus_wide, mcus_high;
    std::array<Extent, max_components> extents{};
};

enum class PlaneMemory : std::uint8_t { whole, ring };

template <class Sample>
class Planes {
public:
    /// Vector kernels read this far before and behind a row.
    static constexpr Index padding = 64;

    Planes(const PlaneGeometry &geometry, PlaneMemory memory) {
        for (int c = 0; c < geometry.component_count; ++c) {
            const PlaneGeometry::Extent &extent = geometry.extent(c);
            Plane &plane = planes_[static_cast<std::size_t>(c)];
            const Index ring_rows = 2 * 8 * extent.vertical;
            const Index all_rows = extent.padded_blocks_high * 8;
            plane.rows = memory == PlaneMemory::ring ? std::min(ring_rows, all_rows) : all_rows;
            plane.stride = extent.padded_blocks_wide * 8 + 2 * padding;
            const Index size = checked_mul(plane.rows, plane.stride);
            plane.memory = std::make_unique_for_overwrite<Sample[]>(static_cast<std::size_t>(size));
        }
    }

    [[nodiscard]] Sample *row(int c, Index y) const noexcept {
        const Plane &plane = planes_[static_cast<std::size_t>(c)];
        return plane.memory.get() + (y % plane.rows) * plane.stride + padding;
    }
    [[nodiscard]] Index stride(int c) const noexcept { return planes_[static_cast<std::size_t>(c)].stride; }

private:
    struct Plane {
        std::unique_ptr<Sample[]> memory;
        Index rows = 1, stride = 0;
    };
    std::array<Plane, max_components> planes_;
};

} // namespace radpix::jpeg
