// SPDX-License-Identifier: Apache-2.0
/// Positioned reads of a regular file: the one place that knows the operating system.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "radpix/view.hpp"

namespace radpix {

/// An open file. Not for use by several threads at once.
class FileReader {
public:
    /// Throws std::system_error of the generic category: absent, not readable, or no regular file (a pipe
    /// would block, a directory has no bytes).
    explicit FileReader(const std::filesystem::path &path);
    ~FileReader();
    FileReader(const FileReader &) = delete;
    FileReader &operator=(const FileReader &) = delete;

    [[nodiscard]] Index size() const noexcept { return size_; }

    /// Fills `target` from `offset` and returns how many bytes it got: fewer only where the file ends.
    [[nodiscard]] std::size_t read(Index offset, std::span<std::byte> target);

private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
    Index size_ = 0;
};

} // namespace radpix
