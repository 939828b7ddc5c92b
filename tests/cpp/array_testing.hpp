// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "radpix/view.hpp"

namespace radpix {

/// The elements of a vector as an array in C order.
template <class T>
ArrayView view(std::vector<T> &elements, const std::vector<Index> &shape, DataType type) {
    ArrayView result;
    result.data = elements.data();
    result.type = type;
    result.rank = static_cast<int>(shape.size());
    Index stride = 1;
    for (std::size_t k = shape.size(); k-- > 0; stride *= shape[k]) {
        result.shape[k] = shape[k];
        result.strides[k] = stride;
    }
    return result;
}

} // namespace radpix
