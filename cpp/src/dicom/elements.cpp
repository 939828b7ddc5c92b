// SPDX-License-Identifier: Apache-2.0
#include "dicom/elements.hpp"

#include "radpix/error.hpp"

namespace radpix::dicom {
namespace {

/// 100,000 frames with 20 attributes each come to 2^21.
constexpr int most_elements = 1 << 23;
constexpr std::uint32_t item_group = 0xFFFE;

constexpr bool is_capital(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z';
}

constexpr std::uint32_t code(char a, char b) noexcept {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(a)) << 8 | static_cast<unsigned char>(b);
}

/// VRs whose length has 16 bits (PS3.5 table 7.1-2); any other, also a future one, has 32.
constexpr bool has_short_length(Vr vr) noexcept {
    // #lizard forgives: a table
    switch (code(vr[0], vr[1])) {
    case code('A', 'E'):
    case code('A', 'S'):
    case code('A', 'T'):
    case code('C', 'S'):
    case code('D', 'A'):
    case code('D', 'S'):
    case code('D', 'T'):
    case code('F', 'D'):
    case code('F', 'L'):
    case code('I', 'S'):
    case code('L', 'O'):
    case code('L', 'T'):
    case code('P', 'N'):
    case code('S', 'H'):
    case code('S', 'L'):
    case code('S', 'S'):
    case code('S', 'T'):
    case code('T', 'M'):
    case code('U', 'I'):
    case code('U', 'L'):
    case code('U', 'S'):
        return true;
    default:
        return false;
    }
}

} // namespace

bool looks_explicit(Window::Bytes header) noexcept {
    // As the upper half of a 32-bit length two capitals would mean a first element beyond 16 KiB.
    return header.size() >= 6 && is_capital(static_cast<char>(header[4])) &&
           is_capital(static_cast<char>(header[5]));
}

bool ElementWalk::parse(Element &element) {
    if (offset_ >= end_) {
        return false;
    }
    const Window::Bytes data = window_.small_read(offset_, 12);
    if (data.size() < 8) {
        return false;
    }
    const bool little = encoding_.is_little_endian;
    element.tag = load_tag(data.data(), little);
    element.start = offset_;
    element.value = offset_ + 8;
    element.length = load_32(data.data() + 4, little);
    element.vr = {};
    element.is_explicit = is_explicit_;
    const Vr vr{static_cast<char>(data[4]), static_cast<char>(data[5])};
    // Items have no VR; others without one are in implicit VR, which some writers switch to inside sequences.
    if (!is_explicit_ || element.tag >> 16 == item_group || !is_capital(vr[0]) || !is_capital(vr[1])) {
        return true;
    }
    element.vr = vr;
    if (has_short_length(vr)) {
        element.length = load_16(data.data() + 6, little);
        return true;
    }
    if (data.size() < 12) {
        return false;
    }
    element.length = load_32(data.data() + 8, little);
    element.value = offset_ + 12;
    return true;
}

void ElementWalk::enter_or_leave(const Element &element) {
    if (is_delimiter(element.tag)) {
        if (!nesting_.empty()) {
            is_explicit_ = nesting_.back();
            nesting_.pop_back();
        }
        return;
    }
    nesting_.push_back(is_explicit_);
    // PS3.5 6.2.2: an unknown VR of undefined length holds implicit VR little endian.
    is_explicit_ = is_explicit_ && element.vr != Vr{'U', 'N'};
}

bool ElementWalk::next(Element &element) {
    while (parse(element)) {
        if (++count_ > most_elements) {
            throw_error(Errc::dicom_element_count,
                        "more than 8388608 data elements precede the pixel data; the file is damaged",
                        offset_);
        }
        const bool is_at_level = nesting_.empty();
        if (element.length == undefined_length || is_delimiter(element.tag)) {
            offset_ = element.value;
            enter_or_leave(element);
        } else {
            offset_ = element.value + static_cast<Index>(element.length);
        }
        if (is_at_level) {
            return true;
        }
    }
    return false;
}

} // namespace radpix::dicom
