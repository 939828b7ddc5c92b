// SPDX-License-Identifier: Apache-2.0
#include "dicom/query.hpp"

#include "radpix/error.hpp"

namespace radpix::dicom {
namespace {

Query::Node::Child &child_of(Query::Node &node, Tag tag) {
    const auto place =
        std::lower_bound(node.children.begin(), node.children.end(), tag,
                         [](const Query::Node::Child &child, Tag each) { return child.tag < each; });
    if (place != node.children.end() && place->tag == tag) {
        return *place;
    }
    Query::Node::Child child;
    child.tag = tag;
    return *node.children.insert(place, std::move(child));
}

Query::Node &below(Query::Node::Child &child, Index item) {
    for (auto &[number, node] : child.below) {
        if (number == item) {
            return *node;
        }
    }
    child.below.emplace_back(item, std::make_unique<Query::Node>());
    return *child.below.back().second;
}

void check(const Wanted &wanted) {
    const auto stars = std::count_if(wanted.steps.begin(), wanted.steps.end(),
                                     [](const Step &step) { return step.item == Step::every_item; });
    const bool has_bad_item = std::any_of(wanted.steps.begin(), wanted.steps.end(),
                                          [](const Step &step) { return step.item < Step::every_item; });
    if (wanted.steps.size() > Wanted::max_depth || stars > 1 || has_bad_item) {
        throw_error(Errc::invalid_argument,
                    "a path has at most 16 sequences, one of them with every item, and "
                    "item numbers from 0");
    }
}

} // namespace

Query::Query(std::span<const Wanted> wanted) : root_(std::make_unique<Node>()) {
    for (std::size_t index = 0; index < wanted.size(); ++index) {
        check(wanted[index]);
        const auto number = static_cast<Index>(index);
        Node *node = root_.get();
        for (const Step &step : wanted[index].steps) {
            node->leaves_below.push_back(number);
            Node::Child &child = child_of(*node, step.sequence);
            child.is_sequence = true;
            node = &below(child, step.item);
        }
        node->leaves_below.push_back(number);
        Node::Child &leaf = child_of(*node, wanted[index].tag);
        leaf.leaves.push_back(number);
        leaf.is_sequence = leaf.is_sequence || wanted[index].is_sequence;
    }
    last_tag_ = root_->children.empty() ? 0 : root_->children.back().tag;
    has_meta_ = !root_->children.empty() && root_->children.front().tag < 0x00030000;
}

Query::~Query() = default;
Query::Query(Query &&) noexcept = default;
Query &Query::operator=(Query &&) noexcept = default;

} // namespace radpix::dicom
