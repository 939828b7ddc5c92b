// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/lossless_kernels.hpp"

#include <array>

#if defined(__GNUC__)
#define RADPIX_NOINLINE __attribute__((noinline))
#elif defined(_MSC_VER)
#define RADPIX_NOINLINE __declspec(noinline)
#else
#define RADPIX_NOINLINE
#endif

namespace radpix::jpeg {
namespace {

/// Long codes, category 16, and encoders' quirks. Leaves the reader refilled.
///
/// Category 16 stands for 32768 and has no extra bits (T.81 H.1.2.2). Encoders derived from Cornell's append
/// the 16 bits 0x8000 all the same, and where their table lacks the category they write seventeen ones.
RADPIX_NOINLINE int long_difference(BitReader &reader, const DifferenceTable &table,
                                    Findings &findings) noexcept {
    reader.refill();
    int category = table.code.decode(reader);
    if (category == CanonicalCode::no_symbol && reader.peek(17) == 0x1FFFF) {
        reader.consume(17);
        category = 16;
        findings.category_16_with_bits = true;
    }
    if (category < 0 || category > 16) {
        findings.invalid_code = true;
        return 0;
    }
    int difference = 32768;
    if (category < 16) {
        const auto width = static_cast<unsigned>(category);
        difference = extend(reader.take(width), width);
    } else {
        reader.refill();
        if (reader.peek(16) == 0x8000) {
            reader.consume(16);
            findings.category_16_with_bits = true;
        }
    }
    reader.refill();
    return difference;
}

inline int next_difference(BitReader &reader, const DifferenceTable &table, Findings &findings) noexcept {
    const DifferenceTable::Entry entry = table.lookup[reader.peek(DifferenceTable::lookup_bits)];
    if (entry.length == 0) [[unlikely]] {
        BitReader copy = reader; // whose address may be taken, so that `reader` itself stays in registers
        const int difference = long_difference(copy, table, findings);
        reader = copy;
        return difference;
    }
    reader.consume(entry.length);
    return entry.difference;
}

/// T.81 table H.1.
template <int Predictor>
inline int predict(int left, int above, int above_left) noexcept {
    switch (Predictor) {
    case 1:
        return left;
    case 2:
        return above;
    case 3:
        return above_left;
    case 4:
        return left + above - above_left;
    case 5:
        return left + ((above - above_left) >> 1);
    case 6:
        return above + ((left - above_left) >> 1);
    default:
        return (left + above) >> 1;
    }
}

/// Neighbours of the sample being decoded, H.1.2.1: Ra and Rc.
struct Neighbours {
    int left, above_left;

    template <int Predictor>
    std::uint16_t reconstruct(int above, int difference) noexcept {
        left = (predict<Predictor>(left, above, above_left) + difference) & 0xFFFF;
        above_left = above;
        return static_cast<std::uint16_t>(left);
    }
};

// A refill gives 56 bits: four look-ups of at most 12.
constexpr Index per_refill = 4;

template <int Predictor>
void decode_one(LosslessCursor &cursor, Index columns) noexcept {
    BitReader reader = cursor.reader;
    const DifferenceTable &table = *cursor.tables[0];
    const std::uint16_t *const above = cursor.above;
    std::uint16_t *const row = cursor.row;
    Neighbours near{row[-1], above[-1]};
    Index x = 0;
    for (; x + per_refill <= columns; x += per_refill) {
        reader.refill();
        for (Index i = x; i < x + per_refill; ++i) {
            row[i] = near.reconstruct<Predictor>(above[i], next_difference(reader, table, cursor.findings));
        }
    }
    for (; x < columns; ++x) {
        reader.refill();
        row[x] = near.reconstruct<Predictor>(above[x], next_difference(reader, table, cursor.findings));
    }
    cursor.reader = reader;
}

template <int Predictor>
void decode_two(LosslessCursor &first, LosslessCursor &second, Index columns) noexcept {
    BitReader reader_1 = first.reader, reader_2 = second.reader;
    const DifferenceTable &table_1 = *first.tables[0], &table_2 = *second.tables[0];
    const std::uint16_t *const above_1 = first.above, *const above_2 = second.above;
    std::uint16_t *const row_1 = first.row, *const row_2 = second.row;
    Neighbours near_1{row_1[-1], above_1[-1]}, near_2{row_2[-1], above_2[-1]};
    const auto step = [&](Index i) {
        const int difference_1 = next_difference(reader_1, table_1, first.findings);
        const int difference_2 = next_difference(reader_2, table_2, second.findings);
        row_1[i] = near_1.reconstruct<Predictor>(above_1[i], difference_1);
        row_2[i] = near_2.reconstruct<Predictor>(above_2[i], difference_2);
    };
    Index x = 0;
    for (; x + per_refill <= columns; x += per_refill) {
        reader_1.refill();
        reader_2.refill();
        for (Index i = x; i < x + per_refill; ++i) {
            step(i);
        }
    }
    for (; x < columns; ++x) {
        reader_1.refill();
        reader_2.refill();
        step(x);
    }
    first.reader = reader_1;
    second.reader = reader_2;
}

template <int Predictor, int Components>
void decode_interleaved(LosslessCursor &cursor, Index columns) noexcept {
    BitReader reader = cursor.reader;
    const DifferenceTable *const *const tables = cursor.tables;
    const std::uint16_t *above = cursor.above;
    std::uint16_t *row = cursor.row;
    for (Index x = 0; x < columns; ++x) {
        reader.refill();
        for (int c = 0; c < Components; ++c) {
            const int difference = next_difference(reader, *tables[c], cursor.findings);
            const int predicted = predict<Predictor>(row[c - Components], above[c], above[c - Components]);
            row[c] = static_cast<std::uint16_t>(predicted + difference);
        }
        row += Components;
        above += Components;
    }
    cursor.reader = reader;
}

template <int Predictor>
constexpr std::array<LosslessKernel, 4> kernels_of{decode_one<Predictor>, decode_interleaved<Predictor, 2>,
                                                   decode_interleaved<Predictor, 3>,
                                                   decode_interleaved<Predictor, 4>};

} // namespace

LosslessKernel lossless_kernel(int predictor, int components) noexcept {
    static constexpr std::array<std::array<LosslessKernel, 4>, 7> table{
        kernels_of<1>, kernels_of<2>, kernels_of<3>, kernels_of<4>,
        kernels_of<5>, kernels_of<6>, kernels_of<7>};
    return table[static_cast<std::size_t>(predictor - 1)][static_cast<std::size_t>(components - 1)];
}

LosslessPairKernel lossless_pair_kernel(int predictor) noexcept {
    static constexpr std::array<LosslessPairKernel, 7> table{decode_two<1>, decode_two<2>, decode_two<3>,
                                                             decode_two<4>, decode_two<5>, decode_two<6>,
                                                             decode_two<7>};
    return table[static_cast<std::size_t>(predictor - 1)];
}

} // namespace radpix::jpeg
