// SPDX-License-Identifier: Apache-2.0
/// One level of wavelet synthesis (ISO/IEC 15444-1 F.3.2), row after row: rows of the level above are lifted
/// across when they are loaded and down as soon as their neighbours are there, so that all work is done in
/// the cache and nothing but the result is written.
#pragma once

#include <array>
#include <vector>

#include "codec/jpeg2000/idwt/kernels.hpp"
#include "codec/jpeg2000/windows.hpp"

namespace radpix::jpeg2000 {

/// A coefficient: int32 of the reversible path, float32 of the irreversible one.
union Coefficient {
    std::int32_t integer;
    float real;
};
static_assert(sizeof(Coefficient) == 4);

/// Of the filter; also how far a sample's value reaches.
[[nodiscard]] constexpr Index lifting_steps(bool reversible) noexcept {
    return reversible ? 2 : 4;
}

/// Rows of coefficients, all of them or a ring of the latest.
struct CoefficientRows {
    Coefficient *data = nullptr;
    Index stride = 0;
    Index first = 0; ///< the row that lies first in memory
    Index mask = -1; ///< of a ring, its rows less one: a power of two less one

    [[nodiscard]] Coefficient *row(Index y) const noexcept { return data + ((y - first) & mask) * stride; }
};

/// The sub-bands of one resolution, by orientation; rows and columns are those of its window.
struct LevelPlane {
    std::array<CoefficientRows, 4> bands;
};

class LevelRows {
public:
    /// Rows from `first` of the window's shown ones on. What is passed has to outlive the object.
    LevelRows(const WaveletKernels &kernels, const ResolutionWindow &window, const LevelPlane &plane,
              bool reversible, Index first);

    /// The next row's shown columns, free to be overwritten, until the call after.
    [[nodiscard]] Coefficient *next();

private:
    [[nodiscard]] Coefficient *row(Index y) noexcept { return ring_.data() + (y & 7) * stride_; }
    [[nodiscard]] Coefficient *neighbour(Index y) noexcept;
    void load(Index y) noexcept;
    void advance() noexcept;
    void lift(Index y, Index step) noexcept;
    bool lift_all(Index y) noexcept;

    const WaveletKernels &kernels_;
    const ResolutionWindow &window_;
    const LevelPlane &plane_;
    bool reversible_;
    Index width_, stride_;
    Index begin_, end_; ///< rows that are lifted, mirrored at either end
    Index next_, loaded_, final_;
    std::vector<Coefficient> ring_; ///< the latest eight rows, and scratch
};

} // namespace radpix::jpeg2000
