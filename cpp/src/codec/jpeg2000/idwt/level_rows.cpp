// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/idwt/level_rows.hpp"

#include <algorithm>

namespace radpix::jpeg2000 {

LevelRows::LevelRows(const WaveletKernels &kernels, const ResolutionWindow &window, const LevelPlane &plane,
                     bool reversible, Index first)
    : kernels_(kernels), window_(window), plane_(plane), reversible_(reversible),
      width_(window.lifted.width()), stride_((width_ + 15) / 16 * 16 + 16),
      begin_(std::max(window.lifted.y0, first - lifting_steps(reversible))), end_(window.lifted.y1),
      next_(first), loaded_(begin_), final_(begin_ - 1), ring_(static_cast<std::size_t>(9 * stride_ + 48)) {}

Coefficient *LevelRows::next() {
    if (window_.is_lone_row) {
        load(next_);
        Coefficient *const samples = row(next_);
        for (Index x = 0; x < width_ && reversible_ && (next_ & 1) != 0; ++x) {
            samples[x].integer >>= 1; // F.3.6; the irreversible path has it in its steps
        }
    } else {
        while (final_ < next_) {
            advance();
        }
    }
    return row(next_++) + (window_.shown.x0 - window_.lifted.x0);
}

/// Whole-sample symmetry (F.3.7).
Coefficient *LevelRows::neighbour(Index y) noexcept {
    return row(y < begin_ ? 2 * begin_ - y : y >= end_ ? 2 * (end_ - 1) - y : y);
}

void LevelRows::load(Index y) noexcept {
    const bool is_high = (y & 1) != 0;
    const Index at = (y + (is_high ? 0 : 1)) >> 1;
    const Coefficient *const low = plane_.bands[is_high ? 2 : 0].row(at);
    const Coefficient *const high = plane_.bands[is_high ? 3 : 1].row(at);
    const bool odd_start = (window_.lifted.x0 & 1) != 0;
    Coefficient *const scratch = ring_.data() + 8 * stride_;
    if (reversible_) {
        kernels_.row_53(&low->integer, &high->integer, &row(y)->integer, width_, odd_start,
                        &scratch->integer);
    } else {
        kernels_.row_97(&low->real, &high->real, &row(y)->real, width_, odd_start, &scratch->real);
    }
}

/// Loads a row. An odd one completes the neighbourhood of the even row before it, whose step completes that
/// of the odd row before, and so on.
void LevelRows::advance() noexcept {
    const Index y = loaded_++;
    if (y < end_) {
        load(y);
    }
    if ((y & 1) == 0) {
        return;
    }
    const Index steps = lifting_steps(reversible_);
    if (y >= end_ || y - steps - 1 < begin_ || !lift_all(y)) {
        for (Index step = 0; step < steps; ++step) {
            const Index target = y - 1 - step;
            if (target >= begin_ && target < end_) {
                lift(target, step);
            }
        }
    }
    final_ = y - steps;
}

void LevelRows::lift(Index y, Index step) noexcept {
    const auto at = static_cast<std::size_t>(step);
    Coefficient *const above = neighbour(y - 1), *const below = neighbour(y + 1);
    if (reversible_) {
        kernels_.lift_53[at](&row(y)->integer, &above->integer, &below->integer, width_);
    } else {
        kernels_.lift_97[at](&row(y)->real, &above->real, &below->real, width_);
    }
}

bool LevelRows::lift_all(Index y) noexcept {
    if (reversible_) {
        kernels_.lift_rows_53(&row(y - 3)->integer, &row(y - 2)->integer, &row(y - 1)->integer,
                              &row(y)->integer, width_);
    } else {
        kernels_.lift_rows_97(&row(y - 5)->real, &row(y - 4)->real, &row(y - 3)->real, &row(y - 2)->real,
                              &row(y - 1)->real, &row(y)->real, width_);
    }
    return true;
}

} // namespace radpix::jpeg2000
