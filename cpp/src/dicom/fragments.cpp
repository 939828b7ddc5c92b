// SPDX-License-Identifier: Apache-2.0
#include "dicom/scanner.hpp"
#include "radpix/error.hpp"

namespace radpix::dicom {
namespace {

/// More tiles than any slide has, and no hang over a file full of empty items.
constexpr int most_items = 1 << 22;

} // namespace

Fragments list_fragments(Window &window, const PixelDataElement &element) {
    Fragments found;
    Index offset = element.offset;
    window.set_stride(8); // fragments are longer than any buffer, mostly
    for (int count = 0; count < most_items; ++count) {
        const Window::Bytes header = window.small_read(offset, 8);
        // Always little endian: encapsulated syntaxes are (PS3.5 A.4).
        const Tag tag = header.size() == 8 ? load_tag(header.data(), true) : 0;
        if (tag != item_tag) {
            found.is_delimited = tag == sequence_delimiter;
            return found;
        }
        const auto length = static_cast<Index>(load_32(header.data() + 4, true));
        offset += 8;
        if (window.available(offset, length) < length) {
            return found; // the fragment is not there
        }
        if (count == 0) {
            if (length > longest_value) {
                throw_error(Errc::limit_exceeded, "the Basic Offset Table has over 16 MiB", offset);
            }
            found.table.resize(static_cast<std::size_t>(length));
            if (!window.read(offset, found.table)) {
                return found;
            }
        } else {
            found.offsets.push_back(offset);
            found.lengths.push_back(length);
        }
        offset += length;
    }
    throw_error(Errc::limit_exceeded, "the pixel data has more than 4194304 fragments", offset);
}

} // namespace radpix::dicom
