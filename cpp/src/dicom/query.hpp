// SPDX-License-Identifier: Apache-2.0
/// The tags of a query as a tree: one look-up an element, whatever the number of paths.
#pragma once

#include <algorithm>
#include <vector>

#include "radpix/dicom.hpp"

namespace radpix::dicom {

struct Query::Node {
    struct Child {
        Tag tag;
        std::vector<Index> leaves; ///< `Wanted` that end here
        bool is_sequence = false;  ///< the query knows it
        /// What to find in which item, `Step::every_item` among them.
        std::vector<std::pair<Index, std::unique_ptr<Node>>> below;
    };

    std::vector<Child> children;     ///< sorted by tag
    std::vector<Index> leaves_below; ///< all `Wanted` in here

    [[nodiscard]] const Child *find(Tag tag) const noexcept {
        const auto place = std::lower_bound(children.begin(), children.end(), tag,
                                            [](const Child &child, Tag each) { return child.tag < each; });
        return place != children.end() && place->tag == tag ? &*place : nullptr;
    }
};

} // namespace radpix::dicom
