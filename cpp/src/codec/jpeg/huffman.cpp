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

/// Writes to all slots that begin with the `width` bits of `prefix`; `length`: with extra bits.
template <class Entry, unsigned Bits>
void fill_slots(LookUp<Entry, Bits> &lookup, unsigned prefix, unsigned width, unsigned length, Entry entry) {
    const std::size_t repeat = std::size_t{1} << (Bits - width);
    const auto first = static_cast<std::ptrdiff_t>(std::size_t{prefix} << (Bits - width));
    std::fill_n(lookup.lengths.begin() + first, repeat, static_cast<std::uint8_t>(length));
    std::fill_n(lookup.entries.begin() + first, repeat, entry);
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
    return {static_cast<std::uint8_t>(length), static_cast<std::uint8_t>(63 - category),
            static_cast<std::uint8_t>(skip)};
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
        const unsigned total = length + category;
        for (unsigned extra = 0; extra < 1U << category; ++extra) {
            const auto difference = static_cast<Whole>(extend(extra, category));
            fill_slots(whole, (bits << category) | extra, total, total, difference);
        }
    });
}

void DifferenceTable::fill_one(const HuffmanSpec &spec) {
    for_each_short_code(spec, code_bits, [this](unsigned bits, unsigned length, unsigned category) {
        if (category <= most_category) {
            fill_slots(one, bits, length, length + category, code_entry(length, category, 0));
        }
    });
}

void DifferenceTable::fill_two() {
    constexpr unsigned mask = (1U << code_bits) - 1;
    const auto octet = [](unsigned value) { return static_cast<std::uint8_t>(value); };
    for (unsigned window = 0; window <= mask; ++window) {
        const unsigned used = one.lengths[window];
        if (used == 0) {
            continue;
        }
        const One first = one.entries[window];
        const unsigned after = (window << used) & mask;
        const One second = one.entries[after];
        const unsigned second_length = used < code_bits ? one.lengths[after] : 0U;
        const unsigned before = used + second.code_length;
        const bool fits = second_length != 0 && before <= code_bits;
        two.lengths[window] = octet(fits ? used + second_length : used);
        Two &entry = two.entries[window];
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
        fill_slots(lookup, bits, length, length + category, code_entry(length, category, skip));
    });
}

} // namespace radpix::jpeg
