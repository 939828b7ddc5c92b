// SPDX-License-Identifier: Apache-2.0
/// Two code-blocks at once have to be what each is alone, at both CPU levels; Part 1 and HT.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "../cpp/codec/jpeg2000/block_pairs.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (!radpix::jpeg2000::testing::pairs_agree(std::span(data, size))) {
        std::abort();
    }
    return 0;
}
