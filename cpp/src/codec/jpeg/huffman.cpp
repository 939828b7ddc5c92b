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

/// A code whose meaning does not depend on more bits than `width`.
struct Prefix {
    unsigned bits, width;
    unsigned length; ///< of code and extra bits
    Extended value;
};

/// Calls `fill(prefix)` for a code of `length` bits with each sign, or once where there are no extra bits;
/// not at all where the sign is out of sight.
template <class Fill>
void for_each_sign(unsigned code, unsigned length, unsigned category, unsigned most, Fill &&fill) {
    const unsigned total = length + category;
    if (category == 0) {
        fill(Prefix{code, length, total, Extended::after(code, total, 0, true)});
        return;
    }
    for (unsigned sign = 0; sign < 2 && length < most; ++sign) {
        fill(Prefix{code << 1 | sign, length + 1, total, Extended::after(code, total, category, sign != 0)});
    }
}

} // namespace

// Category 16 has no extra bits, but quirks: it is left to the slow way.
constexpr unsigned most_category = 15;

DifferenceTable::DifferenceTable(const HuffmanSpec &spec, Index offset) : code(spec, offset) {
    fill_whole(spec);
    fill_one_and_two(spec);
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

void DifferenceTable::fill_one_and_two(const HuffmanSpec &spec) {
    static_assert(longest <= Extended::longest);
    LookUp<std::uint8_t, code_bits> widths; // how many bits an entry of `one` depends on
    for_each_short_code(spec, code_bits, [&](unsigned bits, unsigned length, unsigned category) {
        if (category <= most_category) {
            for_each_sign(bits, length, category, code_bits, [&](const Prefix &prefix) {
                fill_slots(one, prefix.bits, prefix.width, prefix.length, prefix.value);
                fill_slots(widths, prefix.bits, prefix.width, 0, static_cast<std::uint8_t>(prefix.width));
            });
        }
    });
    constexpr unsigned mask = (1U << code_bits) - 1;
    for (unsigned window = 0; window <= mask; ++window) {
        const unsigned used = one.lengths[window];
        const unsigned after = used < code_bits ? (window << used) & mask : 0U;
        const unsigned length = one.lengths[after];
        if (used != 0 && length != 0 && used + widths.entries[after] <= code_bits) {
            const int first = one.entries[window].value(std::uint64_t{window} << (64 - code_bits));
            two.lengths[window] = static_cast<std::uint8_t>(used + length);
            two.entries[window] = {one.entries[after].behind(window >> (code_bits - used), used, length),
                                   static_cast<std::int16_t>(first), 2};
            share_of_two += 1.0 / (mask + 1);
        } else {
            two.lengths[window] = static_cast<std::uint8_t>(used);
            two.entries[window] = {one.entries[window], 0, 1};
        }
    }
}

CoefficientTable::CoefficientTable(const HuffmanSpec &spec, Index offset, Kind kind) : code(spec, offset) {
    for_each_short_code(spec, lookup_bits, [this, kind](unsigned bits, unsigned length, unsigned symbol) {
        const unsigned run = symbol >> 4, category = symbol & 15;
        if (kind == Kind::dc && run != 0) {
            return; // no category; an error where a scan uses it
        }
        const unsigned skip = category == 0 && run != 15 ? end_of_block + run : run;
        for_each_sign(bits, length, category, lookup_bits, [&](const Prefix &prefix) {
            fill_slots(lookup, prefix.bits, prefix.width, prefix.length, prefix.value);
            const auto repeat = std::size_t{1} << (lookup_bits - prefix.width);
            std::fill_n(skips.begin() + static_cast<std::ptrdiff_t>(prefix.bits * repeat), repeat,
                        static_cast<std::uint8_t>(skip));
        });
    });
}

} // namespace radpix::jpeg
