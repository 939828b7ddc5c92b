// SPDX-License-Identifier: Apache-2.0
#include "radpix/fuse.hpp"

#include <cmath>

#include "base/target_region.hpp"
#include "fuse/kernels.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"
#include "radpix/parallel.hpp"

namespace radpix::fuse {
namespace {

#include "fuse/pixel-inl.hpp"

/// Rows that one thread blends at a time: 32 x 512 pixels take 10 us.
constexpr Index band = 32;

/// Entries are numbered exactly in float32.
constexpr Index most_entries = 1 << 20;

const Kernels &kernels() {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        return avx2_kernels;
    }
#endif
    return scalar_kernels;
}

void check_images(const ArrayView &base, const ArrayView &overlay, const ArrayView &out) {
    const bool floats = overlay.type == DataType::float32 || overlay.type == DataType::float64;
    if (base.type != DataType::uint8 || out.type != DataType::uint8 || !floats) {
        throw_error(Errc::unsupported_type,
                    "grey levels and the result are uint8, the overlay float32 or float64");
    }
    bool fits = base.rank == 2 && overlay.rank == 2 && out.rank == 3 && out.shape[2] == 3;
    for (std::size_t axis = 0; fits && axis < 2; ++axis) {
        fits = base.shape[axis] == out.shape[axis] && overlay.shape[axis] == out.shape[axis];
    }
    if (!fits) {
        throw_error(Errc::shape_mismatch,
                    "grey levels and overlay are (rows, columns), the result (rows, columns, 3)");
    }
}

bool is_table(const ArrayView &table) noexcept {
    const bool fits = table.rank == 2 && table.type == DataType::uint16 && table.shape[1] == 4 &&
                      table.shape[0] >= 1 && table.shape[0] <= most_entries;
    return fits && table.strides[1] == 1 && (table.strides[0] == 4 || table.shape[0] == 1);
}

void check_colors(const Colors &colors) {
    const ArrayView &table = colors.table;
    if (!is_table(table) || !std::isfinite(colors.first) || !std::isfinite(colors.scale) ||
        colors.scale < 0) {
        throw_error(Errc::invalid_argument,
                    "colours are contiguous uint16 (entries, 4), 1 to 2^20 of them, evenly spaced from a "
                    "finite first value");
    }
    const auto *entry = static_cast<const std::uint16_t *>(table.data);
    for (Index e = 0; e < table.shape[0]; ++e, entry += 4) {
        if (entry[0] > 255 || entry[1] > 255 || entry[2] > 255 || entry[3] > opaque) {
            throw_error(Errc::invalid_argument, "colours are from 0 to 255, opacities from 0 to 2^14");
        }
    }
}

template <class T>
Palette<T> palette_of(const Colors &colors) noexcept {
    return {static_cast<const std::uint16_t *>(colors.table.data), static_cast<T>(colors.first),
            static_cast<T>(colors.scale), static_cast<T>(colors.threshold),
            static_cast<T>(colors.table.shape[0] - 1)};
}

template <class T>
void blend_strided(const ArrayView &base, const ArrayView &overlay, const ArrayView &out,
                   const Palette<T> &palette, Index first, Index last) noexcept {
    const auto grey = base.plane<const std::uint8_t>();
    const auto values = overlay.plane<const T>();
    const auto image = out.volume<std::uint8_t>();
    for (Index r = first; r < last; ++r) {
        for (Index c = 0; c < grey.width; ++c) {
            blend_pixel(grey(r, c), values(r, c), &image(r, c, 0), image.column_stride, palette);
        }
    }
}

} // namespace

void blend(const ArrayView &base, const ArrayView &overlay, const ArrayView &out, const Colors &colors,
           int threads) {
    check_images(base, overlay, out);
    check_colors(colors);
    const bool adjacent = base.strides[1] == 1 && overlay.strides[1] == 1 && out.strides[1] == 3 &&
                          out.strides[2] == 1 && overlay.type == DataType::float32;
    const Kernels &used = kernels();
    const auto narrow = palette_of<float>(colors);
    const auto wide = palette_of<double>(colors);
    parallel_for(0, out.shape[0], band, threads, [&](Index first, Index last) {
        if (overlay.type == DataType::float64) {
            blend_strided(base, overlay, out, wide, first, last);
        } else if (!adjacent) {
            blend_strided(base, overlay, out, narrow, first, last);
        } else {
            for (Index r = first; r < last; ++r) {
                used.blend(base.plane<const std::uint8_t>().row(r), overlay.plane<const float>().row(r),
                           out.volume<std::uint8_t>().slice(r).data, out.shape[1], narrow);
            }
        }
    });
}

} // namespace radpix::fuse
