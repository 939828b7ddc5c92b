// SPDX-License-Identifier: Apache-2.0
/// Frames and outputs for codec tests.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "radpix/codec.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace radpix::testing {

inline constexpr std::string_view rle_lossless = "1.2.840.10008.1.2.5";
inline constexpr std::string_view explicit_little = "1.2.840.10008.1.2.1";
inline constexpr std::string_view explicit_big = "1.2.840.10008.1.2.2";

inline std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
    std::vector<std::byte> bytes;
    for (const int value : values) {
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

inline FrameLayout layout_of(Index rows, Index columns, int samples, int bits, bool is_signed = false) {
    FrameLayout layout;
    layout.rows = rows;
    layout.columns = columns;
    layout.samples_per_pixel = samples;
    layout.bits_allocated = layout.bits_stored = bits;
    layout.high_bit = bits - 1;
    layout.is_signed = is_signed;
    return layout;
}

/// A C-contiguous output for frames of `layout` between guard bytes.
class Output {
public:
    explicit Output(const FrameLayout &layout, Index frames = 1) {
        view_.type = element_type(layout);
        view_.rank = layout.samples_per_pixel > 1 ? 4 : 3;
        view_.shape = {frames, layout.rows, layout.columns, layout.samples_per_pixel};
        Index stride = 1;
        for (int axis = view_.rank; axis-- > 0;) {
            view_.strides[static_cast<std::size_t>(axis)] = stride;
            stride *= view_.shape[static_cast<std::size_t>(axis)];
        }
        size_ = static_cast<std::size_t>(stride * size_of(view_.type));
        memory_.assign(size_ + 2 * guard, std::byte{0xA5});
        view_.data = memory_.data() + guard;
    }

    [[nodiscard]] const ArrayView &view() const noexcept { return view_; }

    template <class T>
    [[nodiscard]] std::vector<T> values() const {
        std::vector<T> values(size_ / sizeof(T));
        std::memcpy(values.data(), view_.data, size_);
        return values;
    }

    [[nodiscard]] bool guards_are_intact() const {
        for (std::size_t i = 0; i < guard; ++i) {
            if (memory_[i] != std::byte{0xA5} || memory_[guard + size_ + i] != std::byte{0xA5}) {
                return false;
            }
        }
        return true;
    }

private:
    static constexpr std::size_t guard = 64;
    std::vector<std::byte> memory_;
    std::size_t size_ = 0;
    ArrayView view_;
};

/// Decodes one frame at every CPU level of this machine and with 1 and 3 threads; all must agree.
template <class T>
std::vector<T> decode_one(std::string_view syntax, const std::vector<std::byte> &codestream,
                          const FrameLayout &layout, std::vector<Deviation> *deviations = nullptr,
                          bool keep_components = false) {
    // An own allocation of the exact size, so that sanitizers see a read beyond it.
    const std::vector<std::byte> exact(codestream);
    const Bytes frame(exact);
    std::vector<T> first;
    for (const char *level : {"scalar", "auto"}) {
        set_cpu_level(level);
        for (const int threads : {1, 3}) {
            Output out(layout);
            std::vector<Deviation> found =
                decode_frames(syntax, {&frame, 1}, layout, {keep_components, threads}, out.view());
            EXPECT_TRUE(out.guards_are_intact());
            if (first.empty()) {
                first = out.values<T>();
            }
            EXPECT_EQ(out.values<T>(), first) << level << ", " << threads << " threads";
            if (deviations != nullptr) {
                *deviations = std::move(found);
            }
        }
    }
    return first;
}

struct Failure {
    Errc code{};
    std::int64_t offset = Error::no_offset;
    Index frame = -1;
    friend bool operator==(const Failure &, const Failure &) = default;
};

inline void PrintTo(const Failure &failure, std::ostream *stream) {
    *stream << name_of(failure.code) << " at " << failure.offset << " of frame " << failure.frame;
}

inline Failure failure_of(std::string_view syntax, const std::vector<std::vector<std::byte>> &codestreams,
                          const FrameLayout &layout, int threads = 1, bool keep_components = false) {
    const std::vector<Bytes> frames(codestreams.begin(), codestreams.end());
    Failure failure;
    try {
        Output out(layout, static_cast<Index>(frames.size()));
        (void)decode_frames(syntax, frames, layout, {keep_components, threads}, out.view(), &failure.frame);
    } catch (const Error &error) {
        failure.code = error.errc();
        failure.offset = error.offset();
    }
    return failure;
}

} // namespace radpix::testing
