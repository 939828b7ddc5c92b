// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/block_decoder.hpp"

namespace radpix::jpeg {

int long_dc_difference(BitReader &reader, const CoefficientTable &table, bool &valid) noexcept {
    reader.refill();
    const int category = table.code.decode(reader);
    if (category < 0 || category > 15) {
        valid = false;
        return 0;
    }
    const auto width = static_cast<unsigned>(category);
    const int difference = extend(reader.take(width), width);
    reader.refill();
    return difference;
}

Coefficient long_coefficient(BitReader &reader, const CoefficientTable &table, bool &valid) noexcept {
    reader.refill();
    const int symbol = table.code.decode(reader);
    if (symbol < 0) {
        valid = false;
        return {0, CoefficientTable::end_of_block};
    }
    const auto run = static_cast<unsigned>(symbol) >> 4, category = static_cast<unsigned>(symbol) & 15;
    const unsigned skip = category == 0 && run != 15 ? CoefficientTable::end_of_block + run : run;
    const int value = extend(reader.take(category), category);
    reader.refill();
    return {value, skip};
}

} // namespace radpix::jpeg
