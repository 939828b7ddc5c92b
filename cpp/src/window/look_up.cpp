// SPDX-License-Identifier: Apache-2.0
#include "window/look_up.hpp"

#include <algorithm>
#include <span>
#include <string>

#include "radpix/error.hpp"
#include "radpix/window.hpp"
#include "window/rows.hpp"
#include "window/voi.hpp"

namespace radpix {
namespace {

using namespace window_kernels;

/// The first sample of every colour of `out`. Throws Error(shape_mismatch) where it has no colours.
ArrayView first_samples_of(const ArrayView &out) {
    const auto last = static_cast<std::size_t>(out.rank - 1);
    const auto shape = std::span(out.shape).first(static_cast<std::size_t>(out.rank));
    const bool is_empty = std::find(shape.begin(), shape.end(), 0) != shape.end(); // its strides say nothing
    if (out.rank < 1 || out.shape[last] != 3 || (out.strides[last] != 1 && !is_empty)) {
        throw_error(Errc::shape_mismatch, "a table of colours needs an output of three adjacent samples");
    }
    ArrayView samples = out;
    --samples.rank;
    return samples;
}

void check_table(const ArrayView &table, Index count, DataType type) {
    if (table.type != type) {
        throw_error(Errc::unsupported_type, "the table and the output are of one type");
    }
    const bool has_colours = table.rank == 2 && table.shape[1] == 4 && table.strides[1] == 1;
    const bool has_values = table.rank == 1;
    if (!(has_values || has_colours) || table.shape[0] != count ||
        table.strides[0] != (has_colours ? 4 : 1)) {
        throw_error(Errc::shape_mismatch,
                    "the table has " + std::to_string(count) +
                        " adjacent entries, one for each value, or as many of four samples");
    }
}

} // namespace

void look_up(const ArrayView &pixels, const ArrayView &out, const ArrayView &table, int threads) {
    const bool has_colours = table.rank == 2;
    const ArrayView target = has_colours ? first_samples_of(out) : out;
    check_arguments(pixels, target, 1.0, 0.0);
    if (!is_small_integer(pixels.type)) {
        throw_error(Errc::unsupported_type, "tables are for integers of 8 or 16 bits");
    }
    check_table(table, count_of(pixels.type), out.type);
    const Rows rows(pixels, target);
    if (rows.size() == 0) {
        return;
    }
    with_type(out.type, [&]<class T>(std::type_identity<T>) {
        const auto *const entries = static_cast<const T *>(table.data);
        if (!has_colours) {
            look_up_values(rows, pixels.type, entries, threads);
        } else if (size_of(pixels.type) == 1) {
            look_up_colours<std::uint8_t>(rows, entries, threads);
        } else {
            look_up_colours<std::uint16_t>(rows, entries, threads);
        }
    });
}

} // namespace radpix
