// SPDX-License-Identifier: Apache-2.0
#include "dicom/scanner.hpp"

#include <algorithm>
#include <limits>

#include "radpix/error.hpp"

namespace radpix::dicom {
namespace {

constexpr Index most_bytes = Index{64} << 20;
constexpr std::size_t most_found = std::size_t{1} << 22;

constexpr bool is_pixel_data(Tag tag) noexcept {
    return tag == 0x7FE00008 || tag == 0x7FE00009 || tag == 0x7FE00010;
}

} // namespace

void Scanner::run() {
    const DataSet data_set = open_data_set(window_);
    scan_.transfer_syntax = data_set.transfer_syntax;
    scan_.size = window_.size();
    scan_.start = data_set.start;
    scan_.is_explicit = data_set.encoding.is_explicit;
    scan_.is_little_endian = data_set.encoding.is_little_endian;
    scan_.is_deflated = data_set.is_deflated;
    if (!scan_.is_deflated) {
        scan_meta(data_set);
        scan_top_level(data_set.encoding);
    }
}

void Scanner::scan_meta(const DataSet &data_set) {
    if (!query_.has_meta()) {
        return;
    }
    const Index end = std::min(data_set.start, window_.size()); // its last length may be a lie
    ElementWalk walk(window_, data_set.meta, end, data_set.meta_encoding);
    Element element{};
    while (walk.next(element)) {
        if (const auto *child = query_.root().find(element.tag)) {
            visit(*child, {element, end, 0, true});
        }
    }
}

void Scanner::scan_top_level(Encoding encoding) {
    const Tag last = query_.locate_pixel_data ? std::numeric_limits<Tag>::max() : query_.last_tag();
    ElementWalk walk(window_, scan_.start, window_.size(), encoding);
    Element element{};
    while (walk.next(element)) {
        if (is_pixel_data(element.tag)) {
            scan_.pixel_data = {element.tag, element.vr, element.value, element.length};
            if (query_.list_fragments && element.length == undefined_length) {
                scan_.fragments = dicom::list_fragments(window_, scan_.pixel_data);
            }
            return;
        }
        if (element.tag > last && element.tag >> 16 != item_tag >> 16) {
            return;
        }
        if (const auto *child = query_.root().find(element.tag)) {
            visit(*child, {element, window_.size(), 0, encoding.is_little_endian});
        }
    }
    // Not where an element ends: inside one, or between two of which the second has no complete header.
    scan_.is_truncated = walk.offset() != window_.size();
}

void Scanner::visit(const Query::Node::Child &child, const Place &place) {
    const bool is_sequence =
        child.is_sequence || place.element.vr == Vr{'S', 'Q'} || place.element.length == undefined_length;
    if (!is_sequence) {
        keep_value(child, place);
        return;
    }
    const Index count = scan_sequence(child, place);
    for (const Index leaf : child.leaves) {
        add({leaf, place.item, {'S', 'Q'}, true, true, 0, count});
    }
}

void Scanner::keep_value(const Query::Node::Child &child, const Place &place) {
    const auto length = static_cast<Index>(place.element.length);
    if (child.leaves.empty() || place.element.value + length > place.end) {
        return; // a number cut off would be another number
    }
    const auto first = static_cast<Index>(scan_.bytes.size());
    if (length > longest_value || first + length > most_bytes) {
        throw_error(Errc::limit_exceeded,
                    "a value of " + std::to_string(length) +
                        " bytes was asked for; headers keep 16 MiB of one "
                        "value and 64 MiB in all",
                    place.element.value);
    }
    scan_.bytes.resize(static_cast<std::size_t>(first + length));
    if (!window_.read(place.element.value, std::span(scan_.bytes).subspan(static_cast<std::size_t>(first)))) {
        scan_.bytes.resize(static_cast<std::size_t>(first));
        return;
    }
    for (const Index leaf : child.leaves) {
        add({leaf, place.item, place.element.vr, true, false, first, length});
    }
}

Index Scanner::scan_sequence(const Query::Node::Child &child, const Place &place) {
    const Element &sequence = place.element;
    const bool is_unknown = sequence.length == undefined_length && sequence.vr == Vr{'U', 'N'};
    const Encoding encoding{sequence.is_explicit && !is_unknown, place.is_little_endian};
    const Index end = sequence.length == undefined_length
                          ? place.end
                          : std::min(place.end, sequence.value + static_cast<Index>(sequence.length));
    Index offset = sequence.value, count = 0;
    while (offset + 8 <= end) {
        const Window::Bytes header = window_.small_read(offset, 8);
        if (header.size() < 8 || load_tag(header.data(), encoding.is_little_endian) != item_tag) {
            break;
        }
        const auto length = load_32(header.data() + 4, encoding.is_little_endian);
        offset += 8;
        const bool is_endless = length == undefined_length;
        const Index item_end = is_endless ? end : std::min(end, offset + static_cast<Index>(length));
        enter_item(child, count, offset, item_end, encoding, place.item);
        offset = is_endless ? end_of_item(offset, end, encoding) : offset + static_cast<Index>(length);
        ++count;
    }
    return count;
}

void Scanner::enter_item(const Query::Node::Child &child, Index number, Index offset, Index end,
                         Encoding encoding, Index item) {
    for (const auto &[wanted, node] : child.below) {
        if (wanted == Step::every_item) {
            for (const Index leaf : node->leaves_below) {
                add({leaf, number, {}, false, false, 0, 0});
            }
            scan_item(*node, offset, end, encoding, number);
        } else if (wanted == number) {
            scan_item(*node, offset, end, encoding, item);
        }
    }
}

void Scanner::scan_item(const Query::Node &node, Index offset, Index end, Encoding encoding, Index item) {
    ElementWalk walk(window_, offset, end, encoding);
    Element element{};
    while (walk.next(element) && !is_delimiter(element.tag)) {
        if (const auto *child = node.find(element.tag)) {
            visit(*child, {element, end, item, encoding.is_little_endian});
        }
    }
}

Index Scanner::end_of_item(Index offset, Index end, Encoding encoding) {
    ElementWalk walk(window_, offset, end, encoding);
    Element element{};
    while (walk.next(element)) {
        if (is_delimiter(element.tag)) {
            return walk.offset();
        }
    }
    return end;
}

void Scanner::add(const Found &found) {
    if (scan_.found.size() >= most_found) {
        throw_error(Errc::limit_exceeded, "more than 4194304 values were asked for; name fewer tags");
    }
    scan_.found.push_back(found);
}

} // namespace radpix::dicom
