// SPDX-License-Identifier: Apache-2.0
#include "resample/nearest.hpp"

#include <cmath>
#include <type_traits>
#include <utility>

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"
#include "radpix/parallel.hpp"
#include "resample/kernels.hpp"

namespace radpix::resample {
namespace {

template <class U>
PickColumns<U> pick_columns_for(CpuLevel level) {
#if RADPIX_HAS_AVX2_TARGET
    if (level == CpuLevel::avx2) {
        return avx2::pick_columns<U>();
    }
#endif
    static_cast<void>(level);
    return scalar::pick_columns<U>();
}

template <class U>
class Nearest {
public:
    Nearest(const VolumeView<const U> &voxels, const VolumeView<U> &out, const std::array<AxisTaps, 3> &axes)
        : in_(voxels), out_(out), z_(axes[0]), y_(axes[1]), x_(axes[2]),
          pick_(pick_columns_for<U>(cpu_level())) {}

    void run(int threads) const {
        parallel_for(0, z_.count() * y_.count(), rows_per_piece, threads, [this](Index first, Index last) {
            for (Index i = first; i < last; ++i) {
                write_row(i / y_.count(), i % y_.count());
            }
        });
    }

private:
    static constexpr Index rows_per_piece = 64;

    void write_row(Index z, Index y) const {
        const U *source =
            in_.row(z_.start[static_cast<std::size_t>(z)], y_.start[static_cast<std::size_t>(y)]);
        U *target = &out_(z_.first + z, y_.first + y, x_.first);
        if (in_.column_stride == 1 && out_.column_stride == 1) {
            pick_(source, x_.start.data(), x_.count(), target);
            return;
        }
        for (Index x = 0; x < x_.count(); ++x) {
            target[x * out_.column_stride] =
                source[x_.start[static_cast<std::size_t>(x)] * in_.column_stride];
        }
    }

    VolumeView<const U> in_;
    VolumeView<U> out_;
    const AxisTaps &z_, &y_, &x_;
    PickColumns<U> pick_;
};

/// The smaller of two equally near voxels, whichever comes first; a number rather than NaN, -0 rather than 0.
template <class T>
T smaller(T a, T b) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        if (a != a || (a == b && std::signbit(b))) {
            return b;
        }
    }
    return b < a ? b : a;
}

/// Writes the output plane across `axis` that lies between two voxels.
template <class T>
void settle_tie(const VolumeView<const T> &in, const VolumeView<T> &out, const std::array<AxisTaps, 3> &axes,
                std::size_t axis) {
    std::array<Index, 3> first{}, last{};
    for (std::size_t k = 0; k < 3; ++k) {
        first[k] = k == axis ? axes[k].tie : 0;
        last[k] = k == axis ? axes[k].tie + 1 : axes[k].count();
    }
    const auto candidates = [&axes](std::size_t k, Index o) {
        const Index start = axes[k].start[static_cast<std::size_t>(o)];
        return std::pair{start, o == axes[k].tie ? start + 1 : start};
    };
    for (Index z = first[0]; z < last[0]; ++z) {
        const auto [z0, z1] = candidates(0, z);
        for (Index y = first[1]; y < last[1]; ++y) {
            const auto [y0, y1] = candidates(1, y);
            for (Index x = first[2]; x < last[2]; ++x) {
                const auto [x0, x1] = candidates(2, x);
                const T low =
                    smaller(smaller(in(z0, y0, x0), in(z0, y0, x1)), smaller(in(z0, y1, x0), in(z0, y1, x1)));
                const T high =
                    smaller(smaller(in(z1, y0, x0), in(z1, y0, x1)), smaller(in(z1, y1, x0), in(z1, y1, x1)));
                out(axes[0].first + z, axes[1].first + y, axes[2].first + x) = smaller(low, high);
            }
        }
    }
}

template <class T>
void run_typed(const ArrayView &voxels, const ArrayView &out, const std::array<AxisTaps, 3> &axes,
               int threads) {
    constexpr bool is_small = sizeof(T) <= 2;
    using Small = std::conditional_t<sizeof(T) == 1, std::uint8_t, std::uint16_t>;
    using Large = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    using U = std::conditional_t<is_small, Small, Large>; // copies do not depend on the type
    Nearest<U>(voxels.volume<const U>(), out.volume<U>(), axes).run(threads);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (axes[axis].tie >= 0) {
            settle_tie<T>(voxels.volume<const T>(), out.volume<T>(), axes, axis);
        }
    }
}

} // namespace

void run_nearest(const ArrayView &voxels, const ArrayView &out, const std::array<AxisTaps, 3> &axes,
                 int threads) {
    with_type(voxels.type,
              [&](auto tag) { run_typed<typename decltype(tag)::type>(voxels, out, axes, threads); });
}

} // namespace radpix::resample
