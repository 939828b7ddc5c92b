// SPDX-License-Identifier: Apache-2.0
#include "transform/lanczos.hpp"

#include <cmath>

#include "resample/filters.hpp"

namespace radpix::transform {
namespace {

using Table = std::array<LanczosWeights, lanczos_steps + 1>;

Table made() noexcept {
    Table table{};
    for (std::size_t row = 0; row <= lanczos_steps; ++row) {
        const double fraction = static_cast<double>(row) / static_cast<double>(lanczos_steps);
        double sum = 0.0;
        for (std::size_t k = 0; k < lanczos_taps; ++k) {
            const double distance = std::abs(fraction - (static_cast<double>(k) - 2.0));
            table[row][k] = resample::filter_at(resample::Filter::lanczos, distance);
            sum += table[row][k];
        }
        for (double &weight : table[row]) {
            weight /= sum;
        }
    }
    return table;
}

} // namespace

const Table &lanczos_table() noexcept {
    static const Table table = made();
    return table;
}

} // namespace radpix::transform
