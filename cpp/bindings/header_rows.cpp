// SPDX-License-Identifier: Apache-2.0
#include "header_rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace radpix::bindings {
namespace {

using dicom::Vr;

constexpr std::string_view padding{" \0", 2};

constexpr std::uint32_t code(char a, char b) noexcept {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(a)) << 8 | static_cast<unsigned char>(b);
}

constexpr std::uint32_t code(Vr vr) noexcept {
    return code(vr[0], vr[1]);
}

std::string_view stripped(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(padding);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(padding) - first + 1);
}

/// Characters that mean the same in every character set (PS3.5 6.1.1), and no escape sequence.
bool is_plain(std::string_view text) noexcept {
    unsigned char all = 0;
    for (const char letter : text) {
        all |= static_cast<unsigned char>(letter);
    }
    return all < 0x80 && text.find('\x1b') == std::string_view::npos;
}

py::object text_object(std::string_view text) {
    return py::str(text.data(), text.size());
}

/// One value for one part, a tuple for several; null where `make` gives null for any of them.
template <class Make>
py::object of_parts(std::string_view raw, Make make) {
    const auto end = raw.find('\\');
    if (end == std::string_view::npos) {
        return make(raw);
    }
    py::list parts;
    for (std::size_t first = 0; first <= raw.size();) {
        const auto next = std::min(raw.find('\\', first), raw.size());
        const py::object part = make(raw.substr(first, next - first));
        if (!part) {
            return {};
        }
        parts.append(part);
        first = next + 1;
    }
    return py::tuple(parts);
}

py::object text_of(std::string_view raw) {
    return is_plain(raw) ? of_parts(raw, [](std::string_view part) { return text_object(stripped(part)); })
                         : py::object();
}

/// ST, LT, UT, UR: backslashes are characters, and leading spaces count.
py::object one_text_of(std::string_view raw) {
    return is_plain(raw) ? text_object(raw.substr(0, raw.find_last_not_of(padding) + 1)) : py::object();
}

std::size_t digits_at(std::string_view text, std::size_t first) noexcept {
    const auto end = text.find_first_not_of("0123456789", first);
    return (end == std::string_view::npos ? text.size() : end) - first;
}

std::size_t sign_at(std::string_view text, std::size_t first) noexcept {
    return first < text.size() && (text[first] == '+' || text[first] == '-') ? 1 : 0;
}

/// Whether this is a decimal string's number (PS3.5 6.2), unpadded: Python's float() takes more.
bool is_decimal(std::string_view text) noexcept {
    std::size_t at = sign_at(text, 0);
    const std::size_t whole = digits_at(text, at);
    at += whole;
    std::size_t fraction = 0;
    if (at < text.size() && text[at] == '.') {
        fraction = digits_at(text, at + 1);
        at += 1 + fraction;
    }
    if (whole + fraction == 0) {
        return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        at += 1 + sign_at(text, at + 1);
        const std::size_t exponent = digits_at(text, at);
        if (exponent == 0) {
            return false;
        }
        at += exponent;
    }
    return at == text.size();
}

/// DS; none where it is empty, null where it is no number or longer than any is.
py::object decimal_of(std::string_view part) {
    const std::string_view text = stripped(part);
    std::array<char, 48> number{};
    if (!is_decimal(text) || text.size() >= number.size()) {
        return {};
    }
    std::memcpy(number.data(), text.data(), text.size());
    // Python's own conversion, so that both backends agree; out of range it gives an infinity, as float()
    // does.
    const double value = PyOS_string_to_double(number.data(), nullptr, nullptr);
    if (value == -1.0 && PyErr_Occurred() != nullptr) {
        throw py::error_already_set();
    }
    return py::float_(value);
}

py::object decimals_of(std::string_view raw) {
    return stripped(raw).empty() ? py::object(py::none()) : of_parts(raw, decimal_of);
}

/// IS, also written as a decimal without a fraction.
py::object integer_of(std::string_view part) {
    const std::string_view text = stripped(part);
    if (text.empty()) {
        return py::none();
    }
    const std::size_t sign = sign_at(text, 0), digits = digits_at(text, sign);
    std::size_t rest = sign + digits;
    if (rest < text.size() && text[rest] == '.') {
        rest = std::min(text.find_first_not_of('0', rest + 1), text.size());
    }
    if (digits < 1 || digits > 12 || rest < text.size()) {
        return {};
    }
    long long value = 0;
    for (const char digit : text.substr(sign, digits)) {
        value = 10 * value + (digit - '0');
    }
    return py::int_(text[0] == '-' ? -value : value);
}

/// Binary numbers; bytes where their count is no multiple of the size.
template <class Number, class Object>
py::object numbers_of(std::string_view raw, bool is_little_endian) {
    constexpr std::size_t size = sizeof(Number);
    if (raw.size() % size != 0) {
        return py::bytes(raw.data(), raw.size());
    }
    const auto number_at = [&](std::size_t index) {
        std::array<char, size> bytes{};
        std::memcpy(bytes.data(), raw.data() + index * size, size);
        if (is_little_endian != (std::endian::native == std::endian::little)) {
            std::reverse(bytes.begin(), bytes.end());
        }
        return Object(std::bit_cast<Number>(bytes));
    };
    const std::size_t count = raw.size() / size;
    if (count == 0) {
        return py::none();
    }
    if (count == 1) {
        return number_at(0);
    }
    py::tuple values(count);
    for (std::size_t k = 0; k < count; ++k) {
        values[k] = number_at(k);
    }
    return values;
}

/// Null where Python has to decide.
py::object decoded(Vr vr, std::string_view raw, bool little) { // #lizard forgives: a table
    switch (code(vr)) {
    case code('A', 'E'):
    case code('A', 'S'):
    case code('C', 'S'):
    case code('D', 'A'):
    case code('D', 'T'):
    case code('L', 'O'):
    case code('P', 'N'):
    case code('S', 'H'):
    case code('T', 'M'):
    case code('U', 'C'):
    case code('U', 'I'):
        return text_of(raw);
    case code('L', 'T'):
    case code('S', 'T'):
    case code('U', 'R'):
    case code('U', 'T'):
        return one_text_of(raw);
    case code('D', 'S'):
        return decimals_of(raw);
    case code('I', 'S'):
        return of_parts(raw, integer_of);
    case code('U', 'S'):
        return numbers_of<std::uint16_t, py::int_>(raw, little);
    case code('S', 'S'):
        return numbers_of<std::int16_t, py::int_>(raw, little);
    case code('U', 'L'):
        return numbers_of<std::uint32_t, py::int_>(raw, little);
    case code('S', 'L'):
        return numbers_of<std::int32_t, py::int_>(raw, little);
    case code('U', 'V'):
        return numbers_of<std::uint64_t, py::int_>(raw, little);
    case code('S', 'V'):
        return numbers_of<std::int64_t, py::int_>(raw, little);
    case code('F', 'L'):
        return numbers_of<float, py::float_>(raw, little);
    case code('F', 'D'):
        return numbers_of<double, py::float_>(raw, little);
    case code('A', 'T'):
        return {};
    default:
        return py::bytes(raw.data(), raw.size());
    }
}

} // namespace

HeaderRows::HeaderRows(const py::sequence &vrs) {
    for (const py::handle vr : vrs) {
        const auto text = py::cast<std::string>(vr);
        columns_.emplace_back();
        if (text.size() == 2) { // not "US or SS"
            columns_.back().vr = {text[0], text[1]};
        }
    }
}

py::object HeaderRows::row_of(const dicom::HeaderScan &scan) {
    if (scan.is_deflated || scan.is_truncated) {
        return {};
    }
    py::list row(columns_.size());
    for (std::size_t k = 0; k < columns_.size(); ++k) {
        row[k] = py::none();
    }
    for (const dicom::Found &found : scan.found) {
        const auto index = static_cast<std::size_t>(found.wanted);
        if (index >= columns_.size()) {
            continue; // what the meaning of others depends on: nothing here
        }
        const py::object value =
            found.is_item_count ? py::object(py::int_(found.count)) : value_of(columns_[index], scan, found);
        if (!value) {
            return {};
        }
        row[index] = value;
    }
    return row;
}

py::object HeaderRows::value_of(Column &column, const dicom::HeaderScan &scan, const dicom::Found &found) {
    const std::string_view raw(reinterpret_cast<const char *>(scan.bytes.data()) + found.first,
                               static_cast<std::size_t>(found.count));
    const bool little = scan.is_little_endian;
    if (column.latest && column.latest_vr == found.vr && column.latest_is_little_endian == little &&
        column.latest_raw == raw) {
        return column.latest;
    }
    const Vr vr = found.vr[0] == '\0' || found.vr == Vr{'U', 'N'} ? column.vr : found.vr;
    py::object value = vr[0] == '\0' || !found.is_present ? py::object() : decoded(vr, raw, little);
    constexpr std::size_t longest = 256;
    if (value && raw.size() <= longest) {
        column.latest_vr = found.vr;
        column.latest_is_little_endian = little;
        column.latest_raw = raw;
        column.latest = value;
    }
    return value;
}

} // namespace radpix::bindings
