// SPDX-License-Identifier: Apache-2.0
/// Tag trees (ISO/IEC 15444-1 B.10.2): for each leaf a number, coded against a rising threshold.
#pragma once

#include <cstdint>
#include <vector>

#include "codec/jpeg2000/packet_bits.hpp"
#include "radpix/view.hpp"

namespace radpix::jpeg2000 {

class TagTree {
public:
    TagTree() = default;
    TagTree(Index width, Index height) {
        for (;;) {
            levels_.push_back({width, static_cast<Index>(nodes_.size())});
            nodes_.resize(nodes_.size() + static_cast<std::size_t>(width * height));
            if (width * height <= 1) {
                break;
            }
            width = (width + 1) / 2;
            height = (height + 1) / 2;
        }
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
