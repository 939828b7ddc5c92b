// SPDX-License-Identifier: Apache-2.0
#include "resample/filters.hpp"

#include <algorithm>
#include <cmath>

namespace radpix::resample {
namespace {

constexpr double pi = 3.141592653589793;

/// Keys, Cubic convolution interpolation for digital image processing, IEEE TASSP 29 (1981), with a = -1/2.
double catmull_rom(double x) noexcept {
    if (x < 1.0) {
        return ((1.5 * x - 2.5) * x) * x + 1.0;
    }
    return x < 2.0 ? ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0 : 0.0;
}

/// sin(pi x) by the sine's power series, which reaches 2^-53 with eleven terms for |x| <= 1/2.
double sine_of_pi_times(double x) noexcept {
    const double whole = std::nearbyint(x);
    const double angle = pi * (x - whole);
    const double square = angle * angle;
    double sum = 1.0;
    for (int k = 20; k > 0; k -= 2) {
        sum = 1.0 - square / static_cast<double>(k * (k + 1)) * sum;
    }
    const bool odd = std::nearbyint(whole * 0.5) * 2.0 != whole;
    return odd ? -(angle * sum) : angle * sum;
}

/// sinc(x) sinc(x / 3), the sinc windowed by its own main lobe.
double lanczos(double x) noexcept {
    if (x == 0.0 || x >= 3.0) {
        return x == 0.0 ? 1.0 : 0.0;
    }
    const double angle = pi * x;
    return 3.0 * sine_of_pi_times(x) * sine_of_pi_times(x / 3.0) / (angle * angle);
}

double cubic_bspline(double x) noexcept {
    if (x < 1.0) {
        return (0.5 * x - 1.0) * x * x + 2.0 / 3.0;
    }
    const double rest = 2.0 - x;
    return x < 2.0 ? rest * rest * rest / 6.0 : 0.0;
}

/// The cubic cardinal spline: 1 at 0, 0 at all other integers, and a spline in between. The prefilter's
/// response to one sample is sqrt(3) pole^|k|, pole = sqrt(3) - 2 (B-spline signal processing, IEEE TSP 41,
/// 1993, p. 821); its coefficients are summed with the B-spline here, so that no volume of coefficients is
/// needed.
double cardinal_spline(double x) noexcept {
    constexpr double root = 1.7320508075688772;
    constexpr double pole = root - 2.0;
    const double floor = std::floor(x);
    double sum = 0.0;
    for (double k = floor - 1.0; k <= floor + 2.0; k += 1.0) {
        double coefficient = root;
        for (double i = std::abs(k); i > 0.0; i -= 1.0) {
            coefficient *= pole;
        }
        sum += coefficient * cubic_bspline(std::abs(x - k));
    }
    return sum;
}

} // namespace

double radius_of(Filter filter, bool widened, double weight_unit) noexcept {
    switch (filter) {
    case Filter::nearest:
        return 0.5;
    case Filter::linear:
    case Filter::label:
        return 1.0;
    case Filter::cubic:
        return 2.0;
    case Filter::lanczos:
        return 3.0;
    case Filter::bspline:
        break;
    }
    // Beyond, the weights are below 2^-22 and 2^-32: rounded away, or next to it. A widened filter
    // interpolates nothing, and 3e-5 of ripple may go.
    const double needed = weight_unit < 0x1p-24 ? 17.0 : 12.0;
    return widened ? 8.0 : needed;
}

double filter_at(Filter filter, double distance) noexcept {
    switch (filter) {
    case Filter::cubic:
        return catmull_rom(distance);
    case Filter::lanczos:
        return lanczos(distance);
    case Filter::bspline:
        return cardinal_spline(distance);
    default:
        return std::max(0.0, 1.0 - distance);
    }
}

} // namespace radpix::resample
