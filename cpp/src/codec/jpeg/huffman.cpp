// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/huffman.hpp"

#include <algorithm>
#include <string>

namespace radpix::jpeg {
namespace {

/// Calls `fill(code, length, symbol)` for every code of at most `most` bits.
template <class Fill>
void for_each_short_code(const HuffmanSpec &spec, unsigned most, Fill &&fill) {
    unsigned code = 0;
    std::size_t symbol = 0;
    for (unsigned length = 1; length <= most; ++length) {
        for (int n = 0; n < spec.counts[length - 1]; ++n, ++code, ++symbol) {
            fill(code, length, static_cast<unsigned>(spec.symbols[symbol]));
        }
        code <<= 1;
    }
}

/// Writes `entry_of(extra bits)` to all slots that begin with `code` and those bits.
template <unsigned LookupBits, class Lookup, class EntryOf>
void fill_slots(Lookup &lookup, unsigned code, unsigned length, unsigned extra, EntryOf &&entry_of) {
    const unsigned total = length + extra;
    const unsigned repeat = 1U << (LookupBits - total);
    for (unsigned bits = 0; bits < 1U << extra; ++bits) {
        const std::size_t first = static_cast<std::size_t>((code << extra) | bits) << (LookupBits - total);
        std::fill_n(lookup.begin() + static_cast<std::ptrdiff_t>(first), repeat, entry_of(bits));
    }
}

} // namespace

CanonicalCode::CanonicalCode(const HuffmanSpec &spec, Index offset) : symbols(spec.symbols) {
    std::uint32_t code = 0;
    int index = 0;
    for (unsigned length = 1; length <= 16; ++length) {
        const std::uint32_t count = spec.counts[length - 1];
        symbol_offset[length] = index - static_cast<int>(code);
        code += count;
        index += static_cast<int>(count);
        if (code > 1U << length) {
            throw_error(Errc::jpeg_huffman_table,
                        "a Huffman table with more codes of " + std::to_string(length) +
                            " bits than there are",
                        offset);
        }
        limit[length] = code << (16 - length);
        code <<= 1;
    }
}

DifferenceTable::DifferenceTable(const HuffmanSpec &spec, Index offset) : code(spec, offset) {
    for_each_short_code(spec, lookup_bits, [this](unsigned bits, unsigned length, unsigned category) {
        if (category > 15 || length + category > lookup_bits) {
            return; // category 16 has no extra bits, but may have quirks (DC: is corrupt)
        }
        fill_slots<lookup_bits>(lookup, bits, length, category, [&](unsigned extra) {
            return Entry{static_cast<std::int16_t>(extend(extra, category)),
                         static_cast<std::uint16_t>(length + category)};
        });
    });
}

CoefficientTable::CoefficientTable(const HuffmanSpec &spec, Index offset) : code(spec, offset) {
    for_each_short_code(spec, lookup_bits, [this](unsigned bits, unsigned length, unsigned symbol) {
        const unsigned run = symbol >> 4, category = symbol & 15;
        if (length + category > lookup_bits) {
            return;
        }
        const unsigned skip = category == 0 && run != 15 ? end_of_block + run : run;
        fill_slots<lookup_bits>(lookup, bits, length, category, [&](unsigned extra) {
            return Entry{static_cast<std::int16_t>(extend(extra, category)), static_cast<std::uint8_t>(skip),
                         static_cast<std::uint8_t>(length + category)};
        });
    });
}

} // namespace radpix::jpeg
