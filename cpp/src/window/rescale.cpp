// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include "radpix/error.hpp"
#include "radpix/window.hpp"
#include "window/rows.hpp"
#include "window/tiling.hpp"
#include "window/voi.hpp"

namespace radpix {
namespace {

using namespace window_kernels;

template <class T>
StoreTerms limits_of() noexcept {
    return {static_cast<double>(std::numeric_limits<T>::lowest()),
            static_cast<double>(std::numeric_limits<T>::max()), 1.0, 0.0};
}

StoreTerms store_terms_for(DataType type) {
    switch (type) {
    case DataType::uint8:
        return limits_of<std::uint8_t>();
    case DataType::int8:
        return limits_of<std::int8_t>();
    case DataType::uint16:
        return limits_of<std::uint16_t>();
    case DataType::int16:
        return limits_of<std::int16_t>();
    case DataType::uint32:
        return limits_of<std::uint32_t>();
    case DataType::int32:
        return limits_of<std::int32_t>();
    case DataType::float32:
    case DataType::float64:
        return {0.0, 0.0, 1.0, -0.0}; // adding -0.0 changes nothing, not even -0.0
    case DataType::uint64:
    case DataType::int64:
        break;
    }
    throw_error(Errc::unsupported_type,
                "rescaled values are written as integers of up to 32 bits, float32 or "
                "float64");
}

/// CT, MR and most others: slope 1, a whole intercept and 16 bits stay integers all the way.
bool is_shift(DataType from, DataType to, double slope, double intercept) noexcept {
    const double least = from == DataType::int16 ? -32768.0 : -65536.0;
    return (from == DataType::int16 || from == DataType::uint16) && to == DataType::int16 && slope == 1.0 &&
           std::floor(intercept) == intercept && intercept >= least && intercept <= 32767.0;
}

void apply_shift(const Rows &rows, DataType from, int term, int threads) {
    const Kernels &used = kernels();
    const bool stream = streams(rows, 2);
    if (from == DataType::int16) {
        over_contiguous<std::int16_t, std::int16_t>(rows, threads,
                                                    [&](const std::int16_t *in, std::int16_t *out, Index n) {
                                                        used.shift_int16(in, out, n, term, stream);
                                                    });
        return;
    }
    over_contiguous<std::uint16_t, std::int16_t>(rows, threads,
                                                 [&](const std::uint16_t *in, std::int16_t *out, Index n) {
                                                     used.shift_uint16(in, out, n, term, stream);
                                                 });
}

} // namespace

void rescale(const ArrayView &pixels, const ArrayView &out, double slope, double intercept, int threads) {
    check_arguments(pixels, out, slope, intercept);
    const StoreTerms terms = store_terms_for(out.type);
    const Rows rows(pixels, out);
    if (rows.size() == 0) {
        return;
    }
    if (is_shift(pixels.type, out.type, slope, intercept)) {
        apply_shift(rows, pixels.type, static_cast<int>(intercept), threads);
        return;
    }
    const Kernels &used = kernels();
    const Load load = used.load[static_cast<std::size_t>(pixels.type)];
    const Store store = used.store[static_cast<std::size_t>(out.type)];
    over_segments(rows, threads, Cost::computing, block_length, [&](const Segment &s) {
        double values[block_length];
        load(s.pixels, rows.pixel_stride(), values, s.length, slope, intercept);
        store(values, s.out, rows.out_stride(), s.length, terms);
    });
}

} // namespace radpix
