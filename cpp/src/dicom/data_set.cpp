// SPDX-License-Identifier: Apache-2.0
#include "dicom/data_set.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "radpix/error.hpp"

namespace radpix::dicom {
namespace {

constexpr Tag transfer_syntax_uid = 0x00020010;
constexpr std::size_t longest_uid = 64;

constexpr std::string_view implicit_little = "1.2.840.10008.1.2", deflated = "1.2.840.10008.1.2.1.99",
                           explicit_big = "1.2.840.10008.1.2.2";

std::string_view stripped(std::string_view uid) noexcept {
    constexpr std::string_view padding{"\0 ", 2};
    const auto first = uid.find_first_not_of(padding);
    return first == std::string_view::npos ? std::string_view{}
                                           : uid.substr(first, uid.find_last_not_of(padding) - first + 1);
}

/// Groups that a bare data set, without preamble and file meta information, can begin with.
constexpr bool is_first_group(std::uint32_t group) noexcept {
    return group == 0x0002 || group == 0x0008 || group == 0x0010 || group == 0x0018 || group == 0x0020 ||
           group == 0x0028;
}

void check_bare(Window &window) {
    const Window::Bytes first = window.small_read(0, 8);
    if (first.size() == 8 &&
        (is_first_group(load_16(first.data(), true)) || is_first_group(load_16(first.data(), false)))) {
        const auto length = static_cast<Index>(load_32(first.data() + 4, true));
        if (looks_explicit(first) || window.available(8, length) == length) {
            return;
        }
    }
    const std::string found =
        window.size() == 0 ? "it is empty" : "neither the prefix DICM at byte 128 nor a data set at byte 0";
    throw_error(Errc::dicom_prefix,
                "this is not a DICOM file: " + found + "; give a DICOM file, or obtain it again");
}

std::string value_of(Window &window, const Element &element) {
    const auto length = window.available(element.value, std::min<Index>(element.length, longest_uid));
    const Window::Bytes bytes = window.small_read(element.value, length);
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

/// The encoding that the first element shows: in the wrong byte order a small group number is large.
Encoding guess_encoding(Window::Bytes first) noexcept {
    if (!looks_explicit(first)) {
        return {false, true};
    }
    return {true, load_16(first.data(), true) < 0x0400};
}

/// The encoding of a data set, believing its first element rather than its Transfer Syntax UID.
Encoding encoding_of(std::string_view uid, Window::Bytes first) noexcept {
    if (uid.empty()) {
        return guess_encoding(first);
    }
    const bool said_explicit = uid != implicit_little;
    return {first.size() == 8 ? looks_explicit(first) : said_explicit, uid != explicit_big};
}

} // namespace

DataSet open_data_set(Window &window) {
    const Window::Bytes prefix = window.small_read(128, 4);
    const bool is_prefixed = prefix.size() == 4 && std::memcmp(prefix.data(), "DICM", 4) == 0;
    const Index meta = is_prefixed ? 132 : 0;
    DataSet found{{}, meta, {true, true}, false, meta, {true, true}};
    if (!is_prefixed) {
        check_bare(window);
    }
    const Window::Bytes first = window.small_read(found.start, 8);
    if (first.size() == 8 && load_16(first.data(), true) == 2) {
        // PS3.10 7.1: always explicit VR little endian; some writers know better.
        found.meta_encoding.is_explicit = looks_explicit(first);
        ElementWalk walk(window, found.start, window.size(), found.meta_encoding);
        Element element{};
        while (walk.next(element) && element.tag >> 16 == 2) {
            if (element.tag == transfer_syntax_uid) {
                found.transfer_syntax = value_of(window, element);
            }
        }
        found.start = element.tag >> 16 == 2 ? walk.offset() : element.start;
    }
    const std::string_view uid = stripped(found.transfer_syntax);
    found.is_deflated = uid == deflated;
    found.encoding = encoding_of(uid, window.small_read(found.start, 8));
    return found;
}

} // namespace radpix::dicom
