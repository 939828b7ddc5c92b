// SPDX-License-Identifier: Apache-2.0
// No guard: included once per CPU level, inside its region and an anonymous namespace. Plain loops that the
// compiler vectorises; the order of the floating point operations is part of the contract.

// Adding and subtracting 1.5 * 2^52 rounds half to even for |v| <= 2^51 in the default rounding mode.
constexpr double rounding_term = 6755399441055744.0;

template <class T>
void load(const void *pixels, Index stride, double *__restrict values, Index n, double slope,
          double intercept) noexcept {
    const T *const stored = static_cast<const T *>(pixels);
    if (stride == 1) {
        for (Index i = 0; i < n; ++i) {
            values[i] = slope * static_cast<double>(stored[i]) + intercept;
        }
        return;
    }
    for (Index i = 0; i < n; ++i) {
        values[i] = slope * static_cast<double>(stored[i * stride]) + intercept;
    }
}

// PS3.3 C.11.2.1.2.1 and C.11.2.1.3.2. The last two selections change nothing unless rounding in `low` and
// `high` left a value outside [minimum, maximum]; they make the function monotone for every argument.
inline double linear_of(double x, const VoiTerms &t) noexcept {
    double y = ((x - t.base) / t.span + 0.5) * t.range + t.minimum;
    y = x > t.high ? t.maximum : y;
    y = x <= t.low ? t.minimum : y;
    y = y > t.maximum ? t.maximum : y;
    return y < t.minimum ? t.minimum : y;
}

void linear(double *__restrict values, Index n, const VoiTerms &terms) noexcept {
    const VoiTerms t = terms;
    for (Index i = 0; i < n; ++i) {
        values[i] = linear_of(values[i], t);
    }
}

// e^t within 1 ulp for |t| <= 700 (clamped there: 1 + e^-700 is 1 and range / e^700 is 0 for every output):
// t = k ln 2 + r, |r| <= 0.347 (Cody and Waite 1980), Taylor series up to r^13. Ours, because the libraries'
// exp differ by the last bit between platforms.
inline double exponential(double t) noexcept {
    constexpr double log2_e = 1.4426950408889634, ln2_high = 0.6931471803691238,
                     ln2_low = 1.9082149292705877e-10;
    t = t > 700.0 ? 700.0 : t;
    t = t < -700.0 ? -700.0 : t;
    const double shifted = t * log2_e + rounding_term; // k in the low bits of its significand
    const double k = shifted - rounding_term;
    const double r = (t - k * ln2_high) - k * ln2_low;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    std::int64_t bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = static_cast<std::int64_t>((static_cast<std::uint64_t>(bits) + 1023U) << 52U); // 2^k
    double power;
    std::memcpy(&power, &bits, sizeof power);
    return p * power;
}

// PS3.3 C.11.2.1.3.1
void sigmoid(double *__restrict values, Index n, const VoiTerms &terms) noexcept {
    const VoiTerms t = terms;
    for (Index i = 0; i < n; ++i) {
        const double x = values[i];
        values[i] = t.range / (1.0 + exponential(-4.0 * (x - t.base) / t.span)) + t.minimum;
    }
}

// NaN compares false and becomes `low`.
template <class T>
inline T integer_of(double y, const StoreTerms &t) noexcept {
    y = y > t.low ? y : t.low;
    y = y < t.high ? y : t.high;
    y = (y + rounding_term) - rounding_term;
    y = t.sign * y + t.offset;
    if constexpr (sizeof(T) < 4 || T(-1) < T(0)) {
        return static_cast<T>(static_cast<std::int32_t>(y));
    } else {
        return static_cast<T>(static_cast<std::int64_t>(y));
    }
}

template <class T>
void store_integer(const double *__restrict values, void *out, Index stride, Index n,
                   const StoreTerms &terms) noexcept {
    T *const typed = static_cast<T *>(out);
    const StoreTerms t = terms;
    if (stride == 1) {
        for (Index i = 0; i < n; ++i) {
            typed[i] = integer_of<T>(values[i], t);
        }
        return;
    }
    for (Index i = 0; i < n; ++i) {
        typed[i * stride] = integer_of<T>(values[i], t);
    }
}

template <class T>
void store_float(const double *__restrict values, void *out, Index stride, Index n,
                 const StoreTerms &terms) noexcept {
    T *const typed = static_cast<T *>(out);
    const double sign = terms.sign, offset = terms.offset;
    if (stride == 1) {
        for (Index i = 0; i < n; ++i) {
            typed[i] = static_cast<T>(sign * values[i] + offset);
        }
        return;
    }
    for (Index i = 0; i < n; ++i) {
        typed[i * stride] = static_cast<T>(sign * values[i] + offset);
    }
}

constexpr std::array<Load, type_count> loads{
    load<std::uint8_t>, load<std::int8_t>,   load<std::uint16_t>, load<std::int16_t>, load<std::uint32_t>,
    load<std::int32_t>, load<std::uint64_t>, load<std::int64_t>,  load<float>,        load<double>};

constexpr std::array<Store, type_count> stores{store_integer<std::uint8_t>,
                                               store_integer<std::int8_t>,
                                               store_integer<std::uint16_t>,
                                               store_integer<std::int16_t>,
                                               store_integer<std::uint32_t>,
                                               store_integer<std::int32_t>,
                                               nullptr,
                                               nullptr,
                                               store_float<float>,
                                               store_float<double>};
