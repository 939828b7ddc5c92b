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

// Category 16 has no extra bits, but quirks: it is left to the slow way.
constexpr unsigned most_category = 15;

DifferenceTable::DifferenceTable(const HuffmanSpec &spec, Index offset) : code(spec, offset) {
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
    fill_two(spec);
}

void DifferenceTable::fill_two(const HuffmanSpec &spec) {
    struct Code {
        unsigned length = 0, category = 0;
    };
    std::array<Code, 1U << two_bits> codes{};
    for_each_short_code(spec, two_bits, [&codes](unsigned bits, unsigned length, unsigned category) {
        if (category <= most_category) {
            fill_slots<two_bits>(codes, bits, length, 0, [&](unsigned) { return Code{length, category}; });
        }
    });
    const auto packed = [](unsigned all, Code first, unsigned before, Code second, unsigned count) {
        return std::uint64_t{all} | std::uint64_t{first.length} << 8 |
               std::uint64_t{63 - first.category} << 16 | std::uint64_t{before} << 24 |
               std::uint64_t{63 - second.category} << 32 | std::uint64_t{count} << 40 |
               std::uint64_t{first.length + first.category} << 48;
    };
    for (unsigned window = 0; window < codes.size(); ++window) {
        const Code first = codes[window];
        if (first.length == 0) {
            continue;
        }
        const unsigned used = first.length + first.category;
        const Code second = used < two_bits ? codes[(window << used) & (codes.size() - 1)] : Code{};
        const bool fits = second.length != 0 && used + second.length <= two_bits;
        share_of_two += fits ? 1.0 / (1U << two_bits) : 0.0;
        two[window] =
            fits ? packed(used + second.length + second.category, first, used + second.length, second, 2)
                 : packed(used, first, used, Code{}, 1);
    }
}

CoefficientTable::CoefficientTable(const HuffmanSpec &spec, Index offset, Kind kind) : code(spec, offset) {
    for_each_short_code(spec, lookup_bits, [this, kind](unsigned bits, unsigned length, unsigned symbol) {
        const unsigned run = symbol >> 4, category = symbol & 15;
        if (kind == Kind::dc && run != 0) {
            return; // no category; an error where a scan uses it
        }
        const unsigned skip = category == 0 && run != 15 ? end_of_block + run : run;
        const Entry entry = (length + category) | length << 8 | (63 - category) << 16 | skip << 24;
        fill_slots<lookup_bits>(lookup, bits, length, 0, [entry](unsigned) { return entry; });
    });
}

} // namespace radpix::jpeg
