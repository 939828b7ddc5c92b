// SPDX-License-Identifier: Apache-2.0
/// The lines a scan's coding looks at.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "codec/jpegls/kernels/kernels.hpp"
#include "codec/jpegls/parameters.hpp"

namespace radpix::jpegls {

/// The current line of one component, or of several interleaved by sample, the one above and what is known of
/// its gradients.
class LineBuffers {
public:
    LineBuffers(Index width, int components)
        : samples_per_line_(width * components), components_(components),
          stride_(samples_per_line_ + 2 * margin), samples_(static_cast<std::size_t>(2 * stride_)),
          gradients_(static_cast<std::size_t>(stride_)), predictions_(static_cast<std::size_t>(stride_)) {}

    /// As at the beginning of a scan, T.87 A.2.1: the line above is zero.
    void reset() noexcept { std::fill(samples_.begin(), samples_.end(), std::uint16_t{0}); }
    [[nodiscard]] std::uint16_t *current() noexcept { return samples_.data() + current_ * stride_ + margin; }
    [[nodiscard]] std::uint16_t *above() noexcept {
        return samples_.data() + (1 - current_) * stride_ + margin;
    }
    [[nodiscard]] std::int16_t *gradients() noexcept { return gradients_.data() + margin; }
    /// For encoders.
    [[nodiscard]] std::uint16_t *predictions() noexcept { return predictions_.data(); }
    /// Makes the current line the one above.
    void advance() noexcept {
        std::uint16_t *const end = current() + samples_per_line_;
        std::copy_n(end - components_, components_, end); // Rd at the right edge
        current_ = 1 - current_;
    }
    [[nodiscard]] Index samples() const noexcept { return samples_per_line_; }
    [[nodiscard]] Index width() const noexcept { return samples_per_line_ / components_; }
    [[nodiscard]] int components() const noexcept { return components_; }

private:
    /// For the pixels around a line and a vector begun at its last sample.
    static constexpr Index margin = vector_samples + 2 * max_components;
    Index samples_per_line_;
    int components_;
    Index stride_, current_ = 0;
    std::vector<std::uint16_t> samples_;
    std::vector<std::int16_t> gradients_;
    std::vector<std::uint16_t> predictions_;
};

/// Q for every difference of two samples, T.87 A.3.3, times half of context_size.
class Quantizer {
public:
    explicit Quantizer(const CodingParameters &p) : zero_(p.maximum) {
        table_.resize(static_cast<std::size_t>(2 * p.maximum + 1));
        const auto fill = [this](int first, int end, int value) {
            for (const int sign : {1, -1}) {
                const int from = sign > 0 ? first : -(end - 1);
                std::fill_n(table_.begin() + zero_ + from, std::max(0, end - first),
                            static_cast<std::int8_t>(sign * value * context_size / 2));
            }
        };
        fill(p.near + 1, p.t1, 1);
        fill(p.t1, p.t2, 2);
        fill(p.t2, p.t3, 3);
        fill(p.t3, p.maximum + 1, 4);
    }
    [[nodiscard]] const std::int8_t *table() const noexcept { return table_.data() + zero_; }

private:
    std::ptrdiff_t zero_;
    std::vector<std::int8_t> table_;
};

} // namespace radpix::jpegls
