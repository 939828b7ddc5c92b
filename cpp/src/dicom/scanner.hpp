// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dicom/data_set.hpp"
#include "dicom/elements.hpp"
#include "dicom/query.hpp"
#include "radpix/dicom.hpp"

namespace radpix::dicom {

/// An Extended Offset Table of a million frames has 8 MiB.
inline constexpr Index longest_value = Index{16} << 20;

/// Collects what a query asks for into a `HeaderScan`.
class Scanner {
public:
    Scanner(Window &window, const Query &query, HeaderScan &scan) noexcept
        : window_(window), query_(query), scan_(scan) {}

    void run();

private:
    /// Where a value lies, the end of what is around it included.
    struct Place {
        const Element &element;
        Index end;  ///< of the item or file around it
        Index item; ///< of the step with every item, else 0
        bool is_little_endian;
    };

    /// The file meta information (PS3.10 7.1), if it is asked for.
    void scan_meta(const DataSet &data_set);
    void scan_top_level(Encoding encoding);
    void visit(const Query::Node::Child &child, const Place &place);
    void keep_value(const Query::Node::Child &child, const Place &place);
    /// Walks a sequence; returns its number of items.
    Index scan_sequence(const Query::Node::Child &child, const Place &place);
    void enter_item(const Query::Node::Child &child, Index number, Index offset, Index end, Encoding encoding,
                    Index item);
    void scan_item(const Query::Node &node, Index offset, Index end, Encoding encoding, Index item);
    /// Where the item of undefined length ends: behind its delimiter.
    [[nodiscard]] Index end_of_item(Index offset, Index end, Encoding encoding);
    void add(const Found &found);

    Window &window_;
    const Query &query_;
    HeaderScan &scan_;
};

/// Lists the items of encapsulated pixel data.
[[nodiscard]] Fragments list_fragments(Window &window, const PixelDataElement &element);

} // namespace radpix::dicom
