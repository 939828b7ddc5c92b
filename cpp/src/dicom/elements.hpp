// SPDX-License-Identifier: Apache-2.0
/// Data elements one after the other (PS3.5 section 7).
#pragma once

#include <cstdint>
#include <vector>

#include "dicom/window.hpp"
#include "radpix/dicom.hpp"

namespace radpix::dicom {

struct Encoding {
    bool is_explicit;
    bool is_little_endian;
};

inline constexpr Tag item_tag = 0xFFFEE000, item_delimiter = 0xFFFEE00D, sequence_delimiter = 0xFFFEE0DD;

[[nodiscard]] constexpr bool is_delimiter(Tag tag) noexcept {
    return tag == item_delimiter || tag == sequence_delimiter;
}

[[nodiscard]] inline std::uint32_t load_16(const std::byte *data, bool little) noexcept {
    const auto a = std::to_integer<std::uint32_t>(data[0]), b = std::to_integer<std::uint32_t>(data[1]);
    return little ? a | b << 8 : b | a << 8;
}

[[nodiscard]] inline std::uint32_t load_32(const std::byte *data, bool little) noexcept {
    const std::uint32_t a = load_16(data, little), b = load_16(data + 2, little);
    return little ? a | b << 16 : b | a << 16;
}

[[nodiscard]] inline Tag load_tag(const std::byte *data, bool little) noexcept {
    return load_16(data, little) << 16 | load_16(data + 2, little);
}

struct Element {
    Tag tag;
    Vr vr; ///< {} in implicit VR, and of items and delimiters
    Index start, value;
    std::uint32_t length;
    bool is_explicit; ///< how the data set is written where the element lies
};

/// The elements at one level, from an offset on; contents of sequences are skipped, by their length or by
/// walking through. Neither recurses nor trusts a length.
class ElementWalk {
public:
    /// `end`: where the item or file around them ends; no element beyond is read, so that the work is bounded
    /// by the bytes of the level, whatever is nested in it.
    ElementWalk(Window &window, Index offset, Index end, Encoding encoding) noexcept
        : window_(window), offset_(offset), end_(end), encoding_(encoding),
          is_explicit_(encoding.is_explicit) {}

    /// The next element; false where the data ends, and `offset` is where one would begin. Throws
    /// Error(dicom_element_count) beyond 2^23 elements.
    [[nodiscard]] bool next(Element &element);

    [[nodiscard]] Index offset() const noexcept { return offset_; }

private:
    [[nodiscard]] bool parse(Element &element);
    void enter_or_leave(const Element &element);

    Window &window_;
    Index offset_, end_;
    Encoding encoding_;
    bool is_explicit_;
    int count_ = 0;
    /// One bit for each open sequence or item of undefined length: whether what is around it is explicit. No
    /// deeper than there are elements.
    std::vector<bool> nesting_;
};

/// Whether eight bytes of an element's header show a VR (PS3.5 7.1.2).
[[nodiscard]] bool looks_explicit(Window::Bytes header) noexcept;

} // namespace radpix::dicom
