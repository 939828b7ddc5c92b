// SPDX-License-Identifier: Apache-2.0
/// Tag trees (ISO/IEC 15444-1 B.10.2): for each leaf a number, coded against a rising threshold.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "codec/jpeg2000/packet_bits.hpp"
#include "radpix/view.hpp"

namespace radpix::jpeg2000 {

class TagTree {
public:
    TagTree() = default;
    /// Of small precincts an image has many, and what they cost is their memory: two pieces a tree.
    TagTree(Index width, Index height) {
        const auto larger = static_cast<std::uint64_t>(std::max<Index>({width, height, 1}));
        levels_.reserve(static_cast<std::size_t>(std::bit_width(larger - 1)) + 1);
        Index nodes = 0;
        for (;;) {
            levels_.push_back({width, nodes});
            nodes += width * height;
            if (width * height <= 1) {
                break;
            }
            width = (width + 1) / 2;
            height = (height + 1) / 2;
        }
        nodes_.resize(static_cast<std::size_t>(nodes));
    }

    /// Whether the number of leaf (x, y) is below `threshold`, after reading the bits that say so.
    bool is_below(PacketBits &bits, Index x, Index y, int threshold) {
        int least = 0;
        for (std::size_t k = levels_.size(); k-- > 0;) {
            const Level &level = levels_[k];
            const auto shift = static_cast<int>(k);
            Node &node =
                nodes_[static_cast<std::size_t>(level.first + (y >> shift) * level.width + (x >> shift))];
            if (node.value < least) {
                node.value = least;
            }
            while (!node.is_known && node.value < threshold) {
                if (bits.bit() != 0) {
                    node.is_known = true;
                } else {
                    ++node.value;
                }
            }
            least = node.value;
            if (!node.is_known && k == 0) {
                return false;
            }
        }
        return least < threshold;
    }

    [[nodiscard]] int value(Index x, Index y) const noexcept {
        return nodes_[static_cast<std::size_t>(y * levels_[0].width + x)].value;
    }

private:
    struct Level {
        Index width, first;
    };
    struct Node {
        int value = 0;
        bool is_known = false;
    };
    std::vector<Level> levels_; ///< leaves first
    std::vector<Node> nodes_;
};

} // namespace radpix::jpeg2000
