// SPDX-License-Identifier: Apache-2.0
#include "base/file_reader.hpp"

#include <cerrno>
#include <system_error>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#include <fstream>
#endif

namespace radpix {
namespace {

[[noreturn]] void throw_system_error(int code, const std::filesystem::path &path) {
    throw std::system_error(code, std::generic_category(), path.string());
}

} // namespace

#if defined(__unix__) || defined(__APPLE__)

struct FileReader::Handle {
    int descriptor;
    ~Handle() { ::close(descriptor); }
};

FileReader::FileReader(const std::filesystem::path &path) {
    // O_NONBLOCK: opening a pipe must not wait for a writer. It changes nothing for regular files.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        throw_system_error(errno, path);
    }
    handle_.reset(new Handle{descriptor});
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) {
        throw_system_error(errno, path);
    }
    if (!S_ISREG(status.st_mode)) {
        throw_system_error(S_ISDIR(status.st_mode) ? EISDIR : EINVAL, path);
    }
    size_ = static_cast<Index>(status.st_size);
}

std::size_t FileReader::read(Index offset, std::span<std::byte> target) {
    std::size_t done = 0;
    while (done < target.size()) {
        const auto place = static_cast<off_t>(offset + static_cast<Index>(done));
        const ssize_t count = ::pread(handle_->descriptor, target.data() + done, target.size() - done, place);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            throw std::system_error(errno, std::generic_category());
        }
        if (count == 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    return done;
}

#else

struct FileReader::Handle {
    std::ifstream stream;
};

FileReader::FileReader(const std::filesystem::path &path) {
    std::error_code failure;
    if (!std::filesystem::is_regular_file(path, failure)) {
        const bool absent = failure || !std::filesystem::exists(path, failure);
        throw_system_error(absent ? ENOENT : EINVAL, path);
    }
    handle_.reset(new Handle{std::ifstream(path, std::ios::binary)});
    size_ = static_cast<Index>(std::filesystem::file_size(path, failure));
    if (failure || !handle_->stream) {
        throw_system_error(EACCES, path);
    }
}

std::size_t FileReader::read(Index offset, std::span<std::byte> target) {
    handle_->stream.clear();
    handle_->stream.seekg(static_cast<std::streamoff>(offset));
    handle_->stream.read(reinterpret_cast<char *>(target.data()),
                         static_cast<std::streamsize>(target.size()));
    return static_cast<std::size_t>(handle_->stream.gcount());
}

#endif

FileReader::~FileReader() = default;

} // namespace radpix
