// SPDX-License-Identifier: Apache-2.0
/// The recursive prefilter of cubic splines: one pole, forwards and backwards along each axis. Lines are
/// filtered side by side, element by element, so that the compiler's vectors compute what scalars do.
#include <algorithm>
#include <string>
#include <vector>

#include "radpix/error.hpp"
#include "radpix/parallel.hpp"
#include "radpix/transform.hpp"
#include "radpix/watch.hpp"
#include "reslice/kernels.hpp"

namespace radpix::transform {
namespace {

using reslice::Work;

constexpr double pole = -0.26794919243112270; // sqrt(3) - 2
constexpr double gain = 6.0;                  // (1 - pole) (1 - 1 / pole)
constexpr Index horizon = 30;                 // pole^30 < 2^-53
constexpr Index lanes = 16; // lines of x filtered together, and columns of z in a piece x 16

/// Filters `lines` lines of n samples; sample k of line i is data[k * stride + i].
template <class W>
void filter_lines(W *data, Index n, Index stride, Index lines, std::vector<W> &start) {
    if (n == 1) {
        return;
    }
    // Mirrored, the line has the period 2n - 2: its sum up to there, or to where nothing is left.
    const Index period = 2 * n - 2;
    start.assign(static_cast<std::size_t>(lines), W(0));
    double power = 1.0;
    for (Index k = 0; k < std::min(period, horizon); ++k, power *= pole) {
        const W *row = data + (k < n ? k : period - k) * stride;
        const W weight = static_cast<W>(gain * power);
        for (Index i = 0; i < lines; ++i) {
            start[static_cast<std::size_t>(i)] += weight * row[i];
        }
    }
    const W whole = period < horizon ? static_cast<W>(1.0 / (1.0 - power)) : W(1);
    for (Index i = 0; i < lines; ++i) {
        data[i] = whole * start[static_cast<std::size_t>(i)];
    }
    constexpr W z = static_cast<W>(pole);
    for (Index k = 1; k < n; ++k) {
        W *row = data + k * stride;
        const W *before = row - stride;
        for (Index i = 0; i < lines; ++i) {
            row[i] = W(gain) * row[i] + z * before[i];
        }
    }
    constexpr W last = static_cast<W>(pole / (pole * pole - 1.0));
    W *end = data + (n - 1) * stride;
    for (Index i = 0; i < lines; ++i) {
        end[i] = last * (z * end[i - stride] + end[i]);
    }
    for (Index k = n - 2; k >= 0; --k) {
        W *row = data + k * stride;
        const W *after = row + stride;
        for (Index i = 0; i < lines; ++i) {
            row[i] = z * (after[i] - row[i]);
        }
    }
}

/// x and y of one slice, in `plane` (height, width).
template <class T, class W>
void filter_slice(const VolumeView<const T> &in, Index slice, W *plane, std::vector<W> &turned,
                  std::vector<W> &start) {
    turned.resize(static_cast<std::size_t>(in.width * lanes));
    for (Index y = 0; y < in.height; y += lanes) {
        const Index rows = std::min(lanes, in.height - y);
        for (Index i = 0; i < rows; ++i) {
            const T *row = in.row(slice, y + i);
            for (Index x = 0; x < in.width; ++x) {
                turned[static_cast<std::size_t>(x * lanes + i)] = static_cast<W>(row[x * in.column_stride]);
            }
        }
        filter_lines(turned.data(), in.width, lanes, rows, start);
        for (Index i = 0; i < rows; ++i) {
            for (Index x = 0; x < in.width; ++x) {
                plane[(y + i) * in.width + x] = turned[static_cast<std::size_t>(x * lanes + i)];
            }
        }
    }
    filter_lines(plane, in.height, in.width, in.width, start);
}

template <class T, class W>
void run(const ArrayView &voxels, const ArrayView &out, int threads) {
    const auto in = voxels.volume<const T>();
    W *const data = static_cast<W *>(out.data);
    const Index area = in.height * in.width;
    expect_stages(2);
    parallel_for(0, in.depth, 1, threads, [&](Index first, Index last) {
        std::vector<W> turned, start;
        for (Index slice = first; slice < last; ++slice) {
            filter_slice(in, slice, data + slice * area, turned, start);
        }
    });
    // Half a row of pixels at a time stays in the second-level cache through all slices.
    constexpr Index piece = lanes * 16;
    parallel_for(0, (area + piece - 1) / piece, 1, threads, [&](Index first, Index last) {
        std::vector<W> start;
        for (Index i = first; i < last; ++i) {
            filter_lines(data + i * piece, in.depth, area, std::min(piece, area - i * piece), start);
        }
    });
}

void check(const ArrayView &voxels, const ArrayView &out) {
    if (voxels.rank != 3 || out.rank != 3 || voxels.shape != out.shape || voxels.size() == 0) {
        throw_error(Errc::shape_mismatch, "spline coefficients are (z, y, x), as the voxels, and not empty");
    }
    if (out.strides[2] != 1 || out.strides[1] != out.shape[2] ||
        out.strides[0] != out.shape[1] * out.shape[2]) {
        throw_error(Errc::shape_mismatch, "spline coefficients are C-contiguous");
    }
}

} // namespace

void spline_coefficients(const ArrayView &voxels, const ArrayView &out, int threads) {
    check(voxels, out);
    with_type(voxels.type, [&]<class T>(std::type_identity<T>) {
        const bool fits =
            std::is_same_v<Work<T>, float> ? out.type == DataType::float32 : out.type == DataType::float64;
        if (!fits) {
            throw_error(Errc::unsupported_type,
                        "spline coefficients are float32, of wide integers and float64 float64");
        }
        run<T, Work<T>>(voxels, out, threads);
    });
}

} // namespace radpix::transform
