// SPDX-License-Identifier: Apache-2.0
#include "jpeg_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    return radpix::fuzz::decode_once(radpix::jpeg::decode_lossless, data, size);
}
