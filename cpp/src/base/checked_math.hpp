// SPDX-License-Identifier: Apache-2.0
/// Size arithmetic on numbers that came from a file.
#pragma once

#include <initializer_list>
#include <limits>

#include "radpix/error.hpp"
#include "radpix/view.hpp"

namespace radpix {

/// a * b for non-negative sizes; throws Error(size_overflow).
[[nodiscard]] inline Index checked_mul(Index a, Index b) {
    if (a < 0 || b < 0 || (b != 0 && a > std::numeric_limits<Index>::max() / b)) {
        throw_error(Errc::size_overflow, "a size computed from the data does not fit into 63 bits");
    }
    return a * b;
}

/// The product of all factors; throws Error(size_overflow).
[[nodiscard]] inline Index checked_product(std::initializer_list<Index> factors) {
    Index product = 1;
    for (const Index factor : factors) {
        product = checked_mul(product, factor);
    }
    return product;
}

} // namespace radpix
