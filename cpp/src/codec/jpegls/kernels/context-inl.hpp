// Regular and run contexts, included in the namespace of each CPU level.

/// A copy of a line's parameters whose address no call sees: stores to samples and contexts cannot change it,
/// so that they are not loaded again after each (2 to 3 % of the time). Calls that are not inlined take
/// `shared`.
struct Local : LineParameters {
    explicit Local(const LineParameters &parameters) noexcept
        : LineParameters(parameters), shared(parameters) {}
    const LineParameters &shared;
};

/// T.87 A.5.1: the smallest k for which N * 2^k >= A.
static inline std::uint32_t golomb_parameter(std::uint32_t magnitude, std::uint32_t count) noexcept {
    const std::int32_t difference =
        static_cast<std::int32_t>(leading_zeros(count)) - static_cast<std::int32_t>(leading_zeros(magnitude));
    const std::uint32_t shift = static_cast<std::uint32_t>(difference & ~(difference >> 31));
    return shift + (static_cast<std::uint64_t>(count) << shift < magnitude ? 1 : 0);
}

/// T.87 A.7.2.2.
static inline std::int32_t run_golomb_parameter(const RunContext &context, std::int32_t type) noexcept {
    const std::uint32_t magnitude =
        context.magnitude + static_cast<std::uint32_t>(type == 1 ? context.count >> 1 : 0);
    return static_cast<std::int32_t>(golomb_parameter(magnitude, static_cast<std::uint32_t>(context.count)));
}

static inline void update_run(RunContext &context, std::int32_t error, std::uint32_t mapped,
                              std::int32_t type, std::int32_t reset) noexcept {
    context.negatives += error < 0 ? 1 : 0;
    context.magnitude += (mapped + 1 - static_cast<std::uint32_t>(type)) >> 1;
    if (context.count == reset) {
        context.magnitude >>= 1;
        context.count >>= 1;
        context.negatives >>= 1;
    }
    ++context.count;
}

/// J, T.87 A.2.1.
static const std::uint8_t run_lengths[32] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,  2,  3,  3,  3,  3,
                                             4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/// MED, T.87 A.4.1: Ra + Rb - Rc with Rc limited to what lies between Ra and Rb. GCC makes unpredictable
/// branches of the standard's form.
static inline std::int32_t predicted(std::int32_t ra, std::int32_t rb, std::int32_t rc) noexcept {
    const std::int32_t gradient = rb - rc;
    const std::int32_t falling = gradient & (gradient >> 31), rising = gradient - falling;
    const std::int32_t low = ra + falling, high = ra + rising;
    const std::int32_t capped = rb < high ? rb : high;
    return capped > low ? capped : low;
}

/// A.4.4: a reconstructed value outside 0 to MAXVAL.
[[gnu::noinline]] static std::int32_t corrected(const LineParameters &p, std::int32_t value) noexcept {
    if (value < -p.near) {
        value += p.range * p.step;
    } else if (value > p.maximum + p.near) {
        value -= p.range * p.step;
    }
    value = value < 0 ? 0 : value;
    return value > p.maximum ? p.maximum : value;
}

/// A.4.4: an error of the coding's units in those of samples.
template <Mode mode>
static inline std::int32_t dequantized(const LineParameters &p, std::int32_t error) noexcept {
    return mode == Mode::near_lossless ? error * p.step : error;
}

/// A.4.3 and A.4.4: what the decoder and a near-lossless encoder reconstruct. `error` is in units of samples.
template <Mode mode>
static inline std::int32_t reconstructed(const Local &p, std::int32_t prediction,
                                         std::int32_t error) noexcept {
    if constexpr (mode == Mode::modular) {
        return (prediction + error) & p.maximum;
    } else {
        const std::int32_t value = prediction + error;
        // What lies inside needs none of the corrections; few samples of an image lie at its limits.
        return static_cast<std::uint32_t>(value) <= static_cast<std::uint32_t>(p.maximum)
                   ? value
                   : corrected(p.shared, value);
    }
}
