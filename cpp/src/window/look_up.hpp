// SPDX-License-Identifier: Apache-2.0
/// Tables over every value of a small integer type, indexed by the value's bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "radpix/view.hpp"
#include "window/tiling.hpp"

namespace radpix::window_kernels {

[[nodiscard]] inline bool is_small_integer(DataType type) noexcept {
    return type == DataType::uint8 || type == DataType::int8 || type == DataType::uint16 ||
           type == DataType::int16;
}

/// Values of a small integer type.
[[nodiscard]] inline std::int32_t count_of(DataType type) noexcept {
    return size_of(type) == 1 ? 256 : 65536;
}

// Eight loads before eight stores: bytes written might be the table's for all the compiler knows (43 instead
// of 61 us for 512 x 512 pixels).
template <class Bits, class Out>
void look_up_contiguous(const Bits *pixels, Out *out, Index n, const Out *table) noexcept {
    Index i = 0;
    for (; i + 8 <= n; i += 8) {
        Out found[8];
        for (int k = 0; k < 8; ++k) {
            found[k] = table[pixels[i + k]];
        }
        for (int k = 0; k < 8; ++k) {
            out[i + k] = found[k];
        }
    }
    for (; i < n; ++i) {
        out[i] = table[pixels[i]];
    }
}

template <class Bits, class Out>
void look_up_bits(const Rows &rows, const Out *table, int threads) {
    const Index pixel_stride = rows.pixel_stride(), out_stride = rows.out_stride();
    const bool contiguous = rows.both_contiguous();
    over_segments(rows, threads, Cost::computing, rows.size(), [&](const Segment &s) {
        const auto *const pixels = reinterpret_cast<const Bits *>(s.pixels);
        auto *const out = reinterpret_cast<Out *>(s.out);
        if (contiguous) {
            look_up_contiguous(pixels, out, s.length, table);
            return;
        }
        for (Index i = 0; i < s.length; ++i) {
            out[i * out_stride] = table[static_cast<std::size_t>(pixels[i * pixel_stride])];
        }
    });
}

/// Replaces pixels of the small integer type `from` by the entries of `table`, count_of(from) of them.
template <class Out>
void look_up_values(const Rows &rows, DataType from, const Out *table, int threads) {
    if (size_of(from) == 1) {
        look_up_bits<std::uint8_t>(rows, table, threads);
    } else {
        look_up_bits<std::uint16_t>(rows, table, threads);
    }
}

/// Colours of `n` pixels that lie one behind the other: each store of four samples ends in the next pixel,
/// which is written afterwards (a tenth of the time of three passes, one a sample).
template <class Bits, class Out>
void look_up_dense_colours(const Bits *pixels, Index pixel_stride, Out *out, Index n,
                           const Out *table) noexcept {
    for (Index i = 0; i + 1 < n; ++i) {
        const auto entry = 4 * static_cast<std::size_t>(pixels[i * pixel_stride]);
        std::memcpy(out + 3 * i, table + entry, 4 * sizeof(Out));
    }
    if (n > 0) {
        const auto entry = 4 * static_cast<std::size_t>(pixels[(n - 1) * pixel_stride]);
        std::memcpy(out + 3 * (n - 1), table + entry, 3 * sizeof(Out));
    }
}

template <class Bits, class Out>
void look_up_colours(const Rows &rows, const Out *table, int threads) {
    const Index pixel_stride = rows.pixel_stride(), out_stride = rows.out_stride();
    over_segments(rows, threads, Cost::computing, rows.size(), [&](const Segment &s) {
        const auto *const pixels = reinterpret_cast<const Bits *>(s.pixels);
        auto *const out = reinterpret_cast<Out *>(s.out);
        if (out_stride == 3) {
            look_up_dense_colours(pixels, pixel_stride, out, s.length, table);
            return;
        }
        for (Index i = 0; i < s.length; ++i) {
            const auto entry = 4 * static_cast<std::size_t>(pixels[i * pixel_stride]);
            std::memcpy(out + i * out_stride, table + entry, 3 * sizeof(Out));
        }
    });
}

} // namespace radpix::window_kernels
