// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/plane_memory.hpp"

#include <cstdlib>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace radpix::jpeg2000 {

#if defined(__linux__)

PlaneMemory::PlaneMemory(std::size_t bytes) : size_(bytes) {
    if (bytes == 0) {
        return;
    }
    data_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data_ == MAP_FAILED) {
        data_ = nullptr;
        throw std::bad_alloc();
    }
    static_cast<void>(::madvise(data_, bytes, MADV_HUGEPAGE)); // a hint only
}

PlaneMemory::~PlaneMemory() {
    if (data_ != nullptr) {
        static_cast<void>(::munmap(data_, size_));
    }
}

#else

PlaneMemory::PlaneMemory(std::size_t bytes)
    : data_(bytes == 0 ? nullptr : std::calloc(bytes, 1)), size_(bytes) {
    if (data_ == nullptr && bytes != 0) {
        throw std::bad_alloc();
    }
}

PlaneMemory::~PlaneMemory() {
    std::free(data_);
}

#endif

PlaneMemory::PlaneMemory(PlaneMemory &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

PlaneMemory &PlaneMemory::operator=(PlaneMemory &&other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

} // namespace radpix::jpeg2000
