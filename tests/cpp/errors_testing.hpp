// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "radpix/error.hpp"

namespace radpix {

/// The code of the Error that `action` throws, or none.
Errc code_thrown_by(auto &&action) {
    try {
        action();
    } catch (const Error &error) {
        return error.errc();
    }
    return Errc{};
}

} // namespace radpix
