// SPDX-License-Identifier: Apache-2.0
/// Small reads one behind the other: of memory, or of a file through a buffer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "base/file_reader.hpp"
#include "radpix/view.hpp"

namespace radpix::dicom {

/// Memory of a window over files, used for one file after the other.
using WindowBuffer = std::vector<std::byte>;

class Window {
public:
    using Bytes = std::span<const std::byte>;

    explicit Window(Bytes memory) noexcept : data_(memory), size_(static_cast<Index>(memory.size())) {}
    Window(FileReader &file, WindowBuffer &buffer) noexcept
        : file_(&file), buffer_(&buffer), size_(file.size()) {}

    [[nodiscard]] Index size() const noexcept { return size_; }

    /// How many of the `length` bytes at `offset` exist.
    [[nodiscard]] Index available(Index offset, Index length) const noexcept {
        return offset >= size_ ? 0 : std::min(length, size_ - offset);
    }

    /// The bytes at `offset`, up to `length` <= `small`; fewer only at the end. Valid until the next call.
    [[nodiscard]] Bytes small_read(Index offset, Index length) {
        length = available(offset, length);
        if (length == 0) {
            return {};
        }
        if (offset < start_ || offset + length > start_ + static_cast<Index>(data_.size())) {
            refill(offset);
            length = std::min(length, static_cast<Index>(data_.size())); // the file shrank meanwhile
            return data_.first(static_cast<std::size_t>(length));
        }
        return data_.subspan(static_cast<std::size_t>(offset - start_), static_cast<std::size_t>(length));
    }

    /// Fills `target` from `offset`; false where the source ends before.
    [[nodiscard]] bool read(Index offset, std::span<std::byte> target) {
        if (available(offset, static_cast<Index>(target.size())) != static_cast<Index>(target.size())) {
            return false;
        }
        if (file_ != nullptr && target.size() > small) {
            return file_->read(offset, target) == target.size();
        }
        const Bytes data = small_read(offset, static_cast<Index>(target.size()));
        std::copy(data.begin(), data.end(), target.begin());
        return data.size() == target.size();
    }

    /// Reads to come lie far apart: no more than `bytes` are worth reading at once.
    void set_stride(std::size_t bytes) noexcept { next_ = bytes; }

    static constexpr std::size_t small = 4096;

private:
    // 16 KiB hold most headers and cost 3 us; what is longer is read 64 KiB at a time.
    static constexpr std::size_t first = 16 << 10, later = 64 << 10;

    void refill(Index offset) {
        buffer_->resize(later);
        const auto count = file_->read(offset, std::span(*buffer_).first(next_));
        data_ = Bytes(buffer_->data(), count);
        start_ = offset;
        next_ = next_ < small ? next_ : later;
    }

    FileReader *file_ = nullptr;
    WindowBuffer *buffer_ = nullptr;
    Bytes data_;
    Index start_ = 0;
    Index size_ = 0;
    std::size_t next_ = first;
};

} // namespace radpix::dicom
