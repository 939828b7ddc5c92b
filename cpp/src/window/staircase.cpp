// SPDX-License-Identifier: Apache-2.0
#include "window/staircase.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace radpix::window_kernels {
namespace {

bool falls(const Voi &voi) noexcept {
    return (voi.slope < 0.0) != voi.invert;
}

/// The pixel value, not rounded, at which the window reaches `y`.
double pixel_at(double y, const Voi &voi, const VoiTerms &t) noexcept {
    const double share = (y - t.minimum) / t.range;
    const double x = voi.function == VoiFunction::sigmoid
                         ? t.base - t.span / 4.0 * std::log(1.0 / share - 1.0)
                         : (share - 0.5) * t.span + t.base;
    return (x - voi.intercept) / voi.slope;
}

/// Guesses where levels start, by inverting the formula.
class Guess {
public:
    Guess(const Voi &voi, std::int32_t direction) noexcept
        : voi_(voi), terms_(terms_of(voi)), direction_(direction), origin_(inverse(0)),
          spacing_(voi.function == VoiFunction::sigmoid ? 0.0 : inverse(1) - origin_) {}

    [[nodiscard]] double position(std::int32_t level) const noexcept {
        return voi_.function == VoiFunction::sigmoid ? inverse(level) : origin_ + spacing_ * level;
    }

private:
    [[nodiscard]] double inverse(std::int32_t level) const noexcept {
        const double y = voi_.invert ? voi_.maximum + voi_.minimum - level + 0.5 : level - 0.5;
        return direction_ * pixel_at(y, voi_, terms_);
    }

    const Voi &voi_;
    VoiTerms terms_;
    std::int32_t direction_;
    double origin_, spacing_; // of linear functions: one product a level instead of two quotients
};

/// The first integer not below `position`, within [first, last + 1]; `first` for NaN, as of a slope of 0.
std::int32_t start_near(double position, std::int32_t first, std::int32_t last) noexcept {
    if (!(position > first)) {
        return first;
    }
    if (position > last) {
        return last + 1;
    }
    const auto truncated = static_cast<std::int32_t>(position);
    return truncated + (position > truncated ? 1 : 0);
}

} // namespace

Staircase::Staircase(const Voi &voi, DataType type, const Kernels &used)
    : voi_(voi), literal_(voi, used), direction_(falls(voi) ? -1 : 1),
      lowest_(static_cast<std::int32_t>(voi.minimum)), highest_(static_cast<std::int32_t>(voi.maximum)) {
    const bool is_signed = type == DataType::int8 || type == DataType::int16;
    const std::int32_t count = size_of(type) == 1 ? 256 : 65536;
    const std::int32_t least = is_signed ? -count / 2 : 0;
    const std::int32_t most = least + count - 1;
    first_ = direction_ > 0 ? least : -most;
    last_ = direction_ > 0 ? most : -least;
    find_starts();
}

void Staircase::evaluate(const std::int32_t *pixels, std::uint8_t *levels, Index n) const noexcept {
    literal_.apply(DataType::int32, pixels, 1, DataType::uint8, levels, 1, n);
}

bool Staircase::reaches(std::int32_t position, std::int32_t level) const noexcept {
    const std::int32_t pixel = direction_ * position;
    std::uint8_t found = 0;
    evaluate(&pixel, &found, 1);
    return found >= level;
}

// Guesses all starts by inverting the formula and checks them with one batch of the formula itself: about 510
// evaluations. Only guesses that rounding spoiled are searched one by one.
void Staircase::find_starts() {
    std::array<std::int32_t, 512> pixels{};
    std::array<std::uint8_t, 512> levels{};
    const Guess guesses(voi_, direction_);
    for (std::int32_t level = lowest_ + 1; level <= highest_; ++level) {
        const std::int32_t guess = start_near(guesses.position(level), first_, last_);
        const auto k = static_cast<std::size_t>(level);
        start_[k] = guess;
        pixels[2 * k] = direction_ * std::max(guess - 1, first_);
        pixels[2 * k + 1] = direction_ * std::min(guess, last_);
    }
    evaluate(pixels.data(), levels.data(), 512);
    for (std::int32_t level = lowest_ + 1; level <= highest_; ++level) {
        const auto k = static_cast<std::size_t>(level);
        const bool low_before = start_[k] == first_ || levels[2 * k] < level;
        const bool reached = start_[k] > last_ || levels[2 * k + 1] >= level;
        if (!low_before || !reached) {
            correct(level, start_[k]);
        }
    }
}

// Strides away from the guess in doubling steps until the start is bracketed, then bisects.
void Staircase::correct(std::int32_t level, std::int32_t guess) {
    std::int32_t below = guess, reached = guess; // become: not reached / outside, reached / outside
    std::int32_t stride = 1;
    if (guess <= last_ && !reaches(guess, level)) {
        do {
            below = reached;
            reached = std::min(reached + stride, last_ + 1);
            stride *= 2;
        } while (reached <= last_ && !reaches(reached, level));
    } else {
        do {
            reached = below;
            below = std::max(below - stride, first_ - 1);
            stride *= 2;
        } while (below >= first_ && reaches(below, level));
    }
    while (reached - below > 1) {
        const std::int32_t middle = below + (reached - below) / 2;
        (reaches(middle, level) ? reached : below) = middle;
    }
    start_[static_cast<std::size_t>(level)] = reached;
}

std::vector<Step> Staircase::steps() const {
    std::vector<Step> found;
    found.reserve(static_cast<std::size_t>(highest_ - lowest_) + 1);
    std::int32_t position = first_;
    for (std::int32_t level = lowest_; level <= highest_; ++level) {
        const std::int32_t end = level == highest_ ? last_ + 1 : start_[static_cast<std::size_t>(level) + 1];
        if (end > position) {
            found.push_back({position, end - 1, level});
            position = end;
        }
    }
    if (direction_ < 0) {
        std::reverse(found.begin(), found.end());
        for (Step &step : found) {
            step = {-step.last, -step.first, step.level};
        }
    }
    return found;
}

bool is_monotone(const Voi &voi) noexcept {
    return voi.function != VoiFunction::sigmoid || 4.0 * std::abs(voi.slope) / voi.width >= 1e-6;
}

namespace {

/// The pixel values at both ends of every step, and the levels there.
struct Ends {
    explicit Ends(const std::vector<Step> &steps) noexcept {
        for (const Step &step : steps) {
            for (const std::int32_t pixel : {step.first, step.last}) {
                bits[count] = static_cast<std::uint16_t>(pixel);
                levels[count++] = static_cast<std::uint8_t>(step.level);
            }
        }
    }

    std::array<std::uint16_t, 512> bits{};
    std::array<std::uint8_t, 512> levels{};
    std::size_t count = 0;
};

// The product, the sum, their rounding and saturation are monotone in the pixel value; so is the staircase.
// Both are equal everywhere if they are at both ends of every step. The kernel itself is asked.
bool is_proven(Ramp ramp, DataType type, const Ends &ends, const Kernels &used) noexcept {
    std::array<std::uint8_t, 512> found{};
    const auto n = static_cast<Index>(ends.count);
    if (type == DataType::int16) {
        std::array<std::int16_t, 512> pixels{};
        std::copy_n(ends.bits.begin(), ends.count, pixels.begin());
        used.ramp_int16(pixels.data(), found.data(), n, ramp, false);
    } else {
        used.ramp_uint16(ends.bits.data(), found.data(), n, ramp, false);
    }
    return std::equal(found.begin(), found.begin() + n, ends.levels.begin());
}

/// The offset that keeps all ends of steps as far as possible from the half levels where rounding turns over:
/// the middle of what scale * (x - origin) + offset in (level - 0.5, level + 0.5) leaves.
double safest_offset(double scale, std::int32_t origin, const std::vector<Step> &steps) noexcept {
    double least = -std::numeric_limits<double>::infinity();
    double most = std::numeric_limits<double>::infinity();
    for (const Step &step : steps) {
        const double low = scale * ((scale > 0.0 ? step.first : step.last) - origin);
        const double high = scale * ((scale > 0.0 ? step.last : step.first) - origin);
        least = step.level == 0 ? least : std::max(least, step.level - 0.5 - low);
        most = step.level == 255 ? most : std::min(most, step.level + 0.5 - high);
    }
    return (least + most) / 2.0;
}

/// The pixel value in the middle of the window, within [first, last].
std::int32_t middle_of(const Voi &voi, const VoiTerms &t, std::int32_t first, std::int32_t last) noexcept {
    const double middle = pixel_at((t.minimum + t.maximum) / 2.0, voi, t);
    return std::min(start_near(middle - 0.5, first, last), last);
}

/// The formula without its ends, at any pixel value.
double ramp_at(std::int32_t pixel, const Voi &voi, const VoiTerms &t) noexcept {
    const double x = voi.slope * pixel + voi.intercept;
    const double y = ((x - t.base) / t.span + 0.5) * t.range + t.minimum;
    return voi.invert ? t.maximum + t.minimum - y : y;
}

} // namespace

// Two kinds of windows ask for two offsets. Where no pixel value meets a half level exactly, the middle of
// the offsets that are possible leaves the most room for rounding. Where some do (LINEAR with a center of n +
// 0.5, LINEAR_EXACT with a whole one), half to even takes some up and some down, so they must stay exact:
// counted from the pixel value in the window's middle, which is exactly 127.5, float32 rounds the others to
// theirs.
std::optional<Ramp> proven_ramp(const Voi &voi, DataType type, const std::vector<Step> &steps,
                                const Kernels &used) noexcept {
    if (voi.function == VoiFunction::sigmoid || steps.size() < 2) {
        return std::nullopt;
    }
    const VoiTerms t = terms_of(voi);
    // Steeper than 1024 levels per pixel value is a plain step, and the kernels' int32 would overflow.
    const double rise = std::clamp(voi.slope * t.range / t.span, -1024.0, 1024.0);
    const auto nearest = static_cast<float>(voi.invert ? -rise : rise);
    const float infinity = std::numeric_limits<float>::infinity();
    const Ends ends(steps);
    for (const std::int32_t origin : {0, middle_of(voi, t, steps.front().first, steps.back().last)}) {
        for (const float scale :
             {nearest, std::nextafter(nearest, infinity), std::nextafter(nearest, -infinity)}) {
            for (const double offset : {safest_offset(scale, origin, steps), ramp_at(origin, voi, t)}) {
                const Ramp ramp{scale, static_cast<float>(offset), origin};
                if (std::abs(ramp.offset) < 1e9F && is_proven(ramp, type, ends, used)) {
                    return ramp;
                }
            }
        }
    }
    return std::nullopt;
}

} // namespace radpix::window_kernels
