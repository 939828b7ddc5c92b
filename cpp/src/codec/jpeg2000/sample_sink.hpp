// SPDX-License-Identifier: Apache-2.0
/// Where decoded samples go.
#pragma once

#include <cstddef>
#include <cstdint>

#include "radpix/view.hpp"

namespace radpix::jpeg2000 {

/// A row whose elements take the samples of a component as they are. size 0: none.
struct DirectRow {
    void *data = nullptr;
    int size = 0; ///< of an element in bytes, 1 or 2
};

class SampleSink {
public:
    virtual ~SampleSink() = default;
    /// `count` samples of row `y` of a component from `x` on, counted from the first sample wanted.
    /// Called from several threads, for different rows.
    virtual void write(std::size_t component, Index y, Index x, const std::int32_t *samples,
                       Index count) noexcept = 0;
    /// Memory that may be written to instead.
    [[nodiscard]] virtual DirectRow direct_row(std::size_t component, Index y, Index x) noexcept {
        static_cast<void>(component), static_cast<void>(y), static_cast<void>(x);
        return {};
    }
    /// The same for components 0 to 2 as interleaved bytes, null where the sink holds no such.
    [[nodiscard]] virtual std::byte *direct_rgb(Index y, Index x) noexcept {
        static_cast<void>(y), static_cast<void>(x);
        return nullptr;
    }
};

} // namespace radpix::jpeg2000
