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

namespace {

CodeEntry code_entry(unsigned length, unsigned category, unsigned skip) {
    return {static_cast<std::uint8_t>(length + category), static_cast<std::uint8_t>(length),
            static_cast<std::uint8_t>(63 - category), static_cast<std::uint8_t>(skip)};
}

} // namespace

// Category 16 has no extra bits, but quirks: it is left to the slow way.
constexpr unsigned most_category = 15;

DifferenceTable::DifferenceTable(const HuffmanSpec &spec, Index offset) : code(spec, offset) {
    fill_whole(spec);
    fill_one(spec);
    fill_two();
}

void DifferenceTable::fill_whole(const HuffmanSpec &spec) {
    for_each_short_code(spec, whole_bits, [this](unsigned bits, unsigned length, unsigned category) {
        if (category > most_category || length + category > whole_bits) {
            share_not_whole += 1.0 / (1U << length);
            return;
        }
        fill_slots<whole_bits>(whole, bits, length, category, [&](unsigned extra) {
            return Whole{static_cast<std::int16_t>(extend(extra, category)),
                         static_cast<std::uint16_t>(length + category)};
        });
    });
}

void DifferenceTable::fill_one(const HuffmanSpec &spec) {
    for_each_short_code(spec, code_bits, [this](unsigned bits, unsigned length, unsigned category) {
        if (category <= most_category) {
            const One entry = code_entry(length, category, 0);
            fill_slots<code_bits>(one, bits, length, 0, [entry](unsigned) { return entry; });
        }
    });
}

void DifferenceTable::fill_two() {
    constexpr unsigned mask = (1U << code_bits) - 1;
    const auto octet = [](unsigned value) { return static_cast<std::uint8_t>(value); };
    for (unsigned window = 0; window <= mask; ++window) {
        const One first = one[window];
        if (first.length == 0) {
            continue;
        }
        const unsigned used = first.length;
        const One second = used < code_bits ? one[(window << used) & mask] : One{};
        const unsigned before = used + second.code_length;
        const bool fits = second.length != 0 && before <= code_bits;
        Two &entry = two[window];
        entry.length = octet(fits ? used + second.length : used);
        entry.first_code = first.code_length;
        entry.first_shift = first.shift;
        entry.before_second = octet(fits ? before : used);
        entry.second_shift = fits ? second.shift : octet(63);
        entry.count = fits ? 2 : 1;
        share_of_two += fits ? 1.0 / (mask + 1) : 0.0;
    }
}

CoefficientTable::CoefficientTable(const HuffmanSpec &spec, Index offset, Kind kind) : code(spec, offset) {
    for_each_short_code(spec, lookup_bits, [this, kind](unsigned bits, unsigned length, unsigned symbol) {
        const unsigned run = symbol >> 4, category = symbol & 15;
        if (kind == Kind::dc && run != 0) {
            return; // no category; an error where a scan uses it
        }
        const unsigned skip = category == 0 && run != 15 ? end_of_block + run : run;
        const Entry entry = code_entry(length, category, skip);
        fill_slots<lookup_bits>(lookup, bits, length, 0, [entry](unsigned) { return entry; });
    });
}

} // namespace radpix::jpeg
