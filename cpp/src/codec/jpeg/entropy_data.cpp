// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/entropy_data.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace radpix::jpeg {

namespace {

/// The copy as it grows.
class Unstuffing {
public:
    Unstuffing(Bytes codestream, Index begin, Index max_segments)
        : source_(reinterpret_cast<const std::uint8_t *>(codestream.data())),
          size_(static_cast<Index>(codestream.size())), read_(begin), max_segments_(max_segments) {
        const Index most = size_ - begin + overread_bytes;
        data_.bytes = std::make_unique_for_overwrite<std::uint8_t[]>(static_cast<std::size_t>(most));
        data_.segments.push_back({0, 0, begin});
    }

    EntropyData run() {
        do {
            copy_span();
        } while (take_ff());
        data_.next_marker = read_;
        data_.segments.back().end = written_;
        std::memset(data_.bytes.get() + written_, 0, static_cast<std::size_t>(overread_bytes));
        return std::move(data_);
    }

private:
    /// Up to the next FF.
    void copy_span() noexcept {
        const auto left = static_cast<std::size_t>(size_ - read_);
        const void *found = left == 0 ? nullptr : std::memchr(source_ + read_, 0xFF, left);
        const Index end = found == nullptr ? size_ : static_cast<const std::uint8_t *>(found) - source_;
        std::memcpy(data_.bytes.get() + written_, source_ + read_, static_cast<std::size_t>(end - read_));
        written_ += end - read_;
        read_ = end;
    }

    /// A stuffed FF or a restart marker; false at the scan's end, which is then at `read_`.
    bool take_ff() {
        Index after = read_;
        while (after < size_ && source_[after] == 0xFF) { // more than one: fill bytes, B.1.1.2
            ++after;
        }
        if (after >= size_) {
            return false;
        }
        const std::uint8_t code = source_[after];
        if (code == 0x00) {
            data_.bytes[static_cast<std::size_t>(written_++)] = 0xFF;
        } else if (code >= 0xD0 && code <= 0xD7) {
            restart(code, after);
        } else {
            return false;
        }
        read_ = after + 1;
        return true;
    }

    void restart(std::uint8_t code, Index at) {
        const auto restarts = static_cast<Index>(data_.segments.size()) - 1;
        if (restarts + 1 >= max_segments_) {
            return;
        }
        if (code != 0xD0 + restarts % 8 && data_.misnumbered_restart < 0) {
            data_.misnumbered_restart = at - 1;
        }
        data_.segments.back().end = written_;
        data_.segments.push_back({written_, 0, at + 1});
    }

    const std::uint8_t *source_;
    Index size_, read_, written_ = 0, max_segments_;
    EntropyData data_;
};

} // namespace

EntropyData remove_byte_stuffing(Bytes codestream, Index begin, Index max_segments) {
    return Unstuffing(codestream, begin, max_segments).run();
}

Index source_offset(const EntropyData &data, Bytes codestream, Index position) {
    const auto after =
        std::upper_bound(data.segments.begin(), data.segments.end(), position,
                         [](Index at, const EntropySegment &segment) { return at < segment.begin; });
    const EntropySegment &segment = after == data.segments.begin() ? data.segments.front() : *(after - 1);
    Index source = segment.source;
    const auto size = static_cast<Index>(codestream.size());
    for (Index at = segment.begin; at < std::min(position, segment.end) && source < size; ++at) {
        const bool stuffed = codestream[static_cast<std::size_t>(source)] == std::byte{0xFF};
        source += stuffed ? 2 : 1;
    }
    return std::min(source, size);
}

} // namespace radpix::jpeg
