// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/mq_decoder.hpp"

namespace radpix::jpeg2000 {

MqInput refill_mq(MqInput input) noexcept {
    while (input.bits <= mq_point - 8) {
        const unsigned byte = *input.next;
        if (input.after_ff && byte > 0x8F) { // a marker: 1 bits from here on, which is not passed
            input.bits += 8;
            input.c += std::uint64_t{0xFF} << (mq_point - input.bits);
            continue;
        }
        input.bits += input.after_ff ? 7 : 8;
        input.c += static_cast<std::uint64_t>(byte) << (mq_point - input.bits);
        input.after_ff = byte == 0xFF;
        ++input.next;
    }
    return input;
}

} // namespace radpix::jpeg2000
