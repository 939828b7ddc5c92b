// SPDX-License-Identifier: Apache-2.0
/// Memory for coefficients that costs nothing where nothing is written.
#pragma once

#include <cstddef>

namespace radpix::jpeg2000 {

/// Zeros straight from the operating system, in large pages where it offers them: the first touch of small
/// ones took a fifth of the time of a large HT frame. What is never written takes no memory, whatever size a
/// header claims.
class PlaneMemory {
public:
    PlaneMemory() = default;
    explicit PlaneMemory(std::size_t bytes);
    ~PlaneMemory();
    PlaneMemory(PlaneMemory &&other) noexcept;
    PlaneMemory &operator=(PlaneMemory &&other) noexcept;
    PlaneMemory(const PlaneMemory &) = delete;
    PlaneMemory &operator=(const PlaneMemory &) = delete;

    [[nodiscard]] void *data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    void *data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace radpix::jpeg2000
