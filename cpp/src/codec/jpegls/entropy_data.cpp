// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/entropy_data.hpp"

#include <cstring>

#include "codec/jpeg/bit_reader.hpp"

namespace radpix::jpegls {
namespace {

void store_big_endian_64(std::uint8_t *to, std::uint64_t word) noexcept {
    word = jpeg::load_big_endian_64(reinterpret_cast<const std::uint8_t *>(&word)); // its own inverse
    std::memcpy(to, &word, sizeof word);
}

/// Appends bits to memory that has 16 bytes to spare behind them. Bits behind the end are zero in the byte
/// that holds it and undefined in the following ones.
class BitAppender {
public:
    explicit BitAppender(std::uint8_t *memory) noexcept : memory_(memory) { begin(0); }

    void begin(Index byte) noexcept {
        bits_ = byte * 8;
        memory_[byte] = 0;
    }
    [[nodiscard]] Index bits() const noexcept { return bits_; }

    void append(const std::uint8_t *source, Index count) noexcept {
        std::uint8_t *to = memory_ + bits_ / 8;
        const auto phase = static_cast<unsigned>(bits_ % 8);
        bits_ += count * 8;
        if (phase == 0) {
            std::memcpy(to, source, static_cast<std::size_t>(count));
            to[count] = 0;
            return;
        }
        for (; count >= 8; count -= 8, source += 8, to += 8) {
            const std::uint64_t word = jpeg::load_big_endian_64(source);
            const auto carry = static_cast<std::uint64_t>(*to) << 56;
            store_big_endian_64(to, carry | word >> phase);
            to[8] = static_cast<std::uint8_t>(word << (8 - phase));
        }
        for (; count > 0; --count, ++source, ++to) {
            const unsigned byte = *source;
            to[0] = static_cast<std::uint8_t>(to[0] | byte >> phase);
            to[1] = static_cast<std::uint8_t>(byte << (8 - phase));
        }
    }
    /// The seven bits of a byte that follows FF.
    void append_seven(std::uint8_t byte) noexcept {
        std::uint8_t *const to = memory_ + bits_ / 8;
        const auto phase = static_cast<unsigned>(bits_ % 8);
        const unsigned aligned = static_cast<unsigned>(byte) << 9; // of 16
        to[0] = static_cast<std::uint8_t>((phase == 0 ? 0U : to[0]) | aligned >> (8 + phase));
        to[1] = static_cast<std::uint8_t>(aligned >> phase);
        bits_ += 7;
    }
    /// The offset of the next segment, with zeros in front of it.
    [[nodiscard]] Index end_segment() noexcept {
        const Index end = (bits_ + 7) / 8;
        std::memset(memory_ + end, 0, static_cast<std::size_t>(overread_bytes));
        return end + overread_bytes;
    }

private:
    std::uint8_t *memory_;
    Index bits_ = 0;
};

/// How much memory the segments of `size` bytes can take.
Index capacity(Index size, Index max_segments) noexcept {
    const Index most = size / 2 < max_segments ? size / 2 + 1 : max_segments;
    return size + (most + 1) * (overread_bytes + 1) + 16;
}

} // namespace

EntropyData remove_bit_stuffing(Bytes codestream, Index begin, Index max_segments) {
    const auto *source = reinterpret_cast<const std::uint8_t *>(codestream.data());
    const auto size = static_cast<Index>(codestream.size());
    EntropyData data;
    data.bytes = std::make_unique_for_overwrite<std::uint8_t[]>(
        static_cast<std::size_t>(capacity(size - begin, max_segments)));
    BitAppender appender(data.bytes.get());
    data.segments.push_back({0, 0, begin});
    data.next_marker = size;
    Index read = begin;
    const auto end_segment = [&] {
        data.segments.back().bits = appender.bits() - data.segments.back().begin * 8;
        return appender.end_segment();
    };
    while (read < size) {
        const void *found = std::memchr(source + read, 0xFF, static_cast<std::size_t>(size - read));
        const Index marker = found == nullptr ? size : static_cast<const std::uint8_t *>(found) - source;
        const bool stuffed = marker + 1 < size && source[marker + 1] < 0x80;
        appender.append(source + read, marker - read + (stuffed ? 1 : 0));
        read = marker;
        if (stuffed) {
            appender.append_seven(source[marker + 1]);
            read = marker + 2;
            continue;
        }
        Index after = marker;
        while (after < size && source[after] == 0xFF) { // more than one: fill bytes, T.81 B.1.1.2
            ++after;
        }
        const bool is_restart = after < size && source[after] >= 0xD0 && source[after] <= 0xD7;
        if (!is_restart) {
            data.next_marker = marker;
            break;
        }
        const auto restarts = static_cast<Index>(data.segments.size()) - 1;
        if (restarts + 1 < max_segments) {
            if (source[after] != 0xD0 + restarts % 8 && data.misnumbered_restart < 0) {
                data.misnumbered_restart = after - 1;
            }
            const Index next = end_segment();
            data.segments.push_back({next, 0, after + 1});
            appender.begin(next);
        }
        read = after + 1;
    }
    (void)end_segment();
    return data;
}

} // namespace radpix::jpegls
