// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/lossless_kernels.hpp"

#include <array>

#if defined(__GNUC__)
#define RADPIX_NOINLINE __attribute__((noinline))
#define RADPIX_INLINE __attribute__((always_inline)) inline
#elif defined(_MSC_VER)
#define RADPIX_NOINLINE __declspec(noinline)
#define RADPIX_INLINE __forceinline
#else
#define RADPIX_NOINLINE
#define RADPIX_INLINE inline
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

/// `long_difference`, called so that `reader` itself stays in registers.
RADPIX_INLINE int missed_difference(BitReader &reader, const DifferenceTable &table,
                                    Findings &findings) noexcept {
    BitReader copy = reader;
    const int difference = long_difference(copy, table, findings);
    reader = copy;
    return difference;
}

RADPIX_INLINE int next_difference(BitReader &reader, const DifferenceTable &table,
                                  Findings &findings) noexcept {
    const unsigned window = reader.peek(DifferenceTable::whole_bits);
    const unsigned length = table.whole.lengths[window];
    if (length == 0) [[unlikely]] {
        return missed_difference(reader, table, findings);
    }
    reader.consume(length);
    return table.whole.entries[window];
}

/// One difference, code and extra bits by one look-up.
struct ByWhole {
    static constexpr Index per_refill = 4; // 56 bits, at most 12 each

    RADPIX_INLINE static int next(BitReader &reader, const DifferenceTable &table,
                                  Findings &findings) noexcept {
        return next_difference(reader, table, findings);
    }
};

/// One difference, the code by look-up, its extra bits without a branch.
struct ByCode {
    static constexpr Index per_refill = 3;  // 56 bits, at most `longest` each
    static constexpr unsigned longest = 18; ///< code and extra bits; longer ones refill for themselves

    RADPIX_INLINE static int next(BitReader &reader, const DifferenceTable &table,
                                  Findings &findings) noexcept {
        const unsigned window = reader.peek(DifferenceTable::code_bits);
        const unsigned length = table.one.lengths[window];
        const DifferenceTable::One &entry = table.one.entries[window];
        if (length - 1 >= longest) [[unlikely]] {
            return length == 0 ? missed_difference(reader, table, findings) : refilled(reader, entry, length);
        }
        return take(reader, entry, length);
    }

private:
    RADPIX_INLINE static int take(BitReader &reader, const DifferenceTable::One &entry,
                                  unsigned length) noexcept {
        const std::uint64_t bits = reader.bits;
        reader.consume(length);
        return entry.value(bits);
    }
    RADPIX_INLINE static int refilled(BitReader &reader, const DifferenceTable::One &entry,
                                      unsigned length) noexcept {
        reader.refill();
        const int difference = take(reader, entry, length);
        reader.refill();
        return difference;
    }
};

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

/// Samples of one table in a row, one component or interleaved ones: sample i's left neighbour is i -
/// Components.
template <int Predictor, int Components>
class FlatRow {
public:
    FlatRow(const LosslessCursor &cursor) noexcept
        : above_(cursor.above), row_(cursor.row), left_(row_[-1]) {}

    void put(Index i, int difference) noexcept {
        // One component keeps its left neighbour in a register: the way through memory is longer.
        const int left = Components == 1 ? left_ : row_[i - Components];
        left_ = (predict<Predictor>(left, above_[i], above_[i - Components]) + difference) & 0xFFFF;
        row_[i] = static_cast<std::uint16_t>(left_);
    }
    /// Two differences, or only `second` where `count` is 1: what `first` put is then written again.
    void put_two(Index i, int first, int second, Index count) noexcept {
        const int left = left_;
        put(i, first);
        left_ = count == 2 ? left_ : left;
        put(i + count - 1, second);
    }

private:
    const std::uint16_t *const above_;
    std::uint16_t *const row_;
    int left_;
};

/// One stream of samples on its way.
template <int Predictor, int Components>
class FlatStream {
public:
    FlatStream(LosslessCursor &cursor, Index count) noexcept
        : reader_(cursor.reader), table_(*cursor.tables[0]), findings_(cursor.findings), samples_(cursor),
          count_(count) {}

    /// Whether `two_steps` has room for four samples.
    [[nodiscard]] bool has_four() const noexcept { return at_ + 4 <= count_; }
    void two_steps() noexcept {
        static_assert(2 * DifferenceTable::longest <= 56);
        reader_.refill();
        step();
        step();
    }
    BitReader finish() noexcept {
        while (has_four()) {
            two_steps();
        }
        for (; at_ < count_; ++at_) {
            reader_.refill();
            samples_.put(at_, next_difference(reader_, table_, findings_));
        }
        return reader_;
    }

private:
    void step() noexcept {
        const unsigned window = reader_.peek(DifferenceTable::code_bits);
        const unsigned length = table_.two.lengths[window];
        if (length == 0) [[unlikely]] {
            samples_.put(at_++, missed_difference(reader_, table_, findings_));
            return;
        }
        const std::uint64_t bits = reader_.bits;
        reader_.consume(length);
        const DifferenceTable::Two &two = table_.two.entries[window];
        const auto count = static_cast<Index>(two.count);
        samples_.put_two(at_, two.first, two.second.value(bits), count);
        at_ += count;
    }

    BitReader reader_;
    const DifferenceTable &table_;
    Findings &findings_;
    FlatRow<Predictor, Components> samples_;
    Index count_, at_ = 0;
};

template <int Predictor, int Components>
void decode_flat(LosslessCursor &cursor, Index columns) noexcept {
    FlatStream<Predictor, Components> stream(cursor, columns * Components);
    cursor.reader = stream.finish();
}

template <int Predictor, class By>
void decode_two(LosslessCursor &first, LosslessCursor &second, Index columns) noexcept {
    BitReader reader_1 = first.reader, reader_2 = second.reader;
    const DifferenceTable &table_1 = *first.tables[0], &table_2 = *second.tables[0];
    const std::uint16_t *const above_1 = first.above, *const above_2 = second.above;
    std::uint16_t *const row_1 = first.row, *const row_2 = second.row;
    Neighbours near_1{row_1[-1], above_1[-1]}, near_2{row_2[-1], above_2[-1]};
    const auto step = [&](Index i) {
        const int difference_1 = By::next(reader_1, table_1, first.findings);
        const int difference_2 = By::next(reader_2, table_2, second.findings);
        row_1[i] = near_1.reconstruct<Predictor>(above_1[i], difference_1);
        row_2[i] = near_2.reconstruct<Predictor>(above_2[i], difference_2);
    };
    Index x = 0;
    for (; x + By::per_refill <= columns; x += By::per_refill) {
        reader_1.refill();
        reader_2.refill();
        for (Index i = x; i < x + By::per_refill; ++i) {
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

/// One difference at a time, of one component.
template <int Predictor>
void decode_single(LosslessCursor &cursor, Index columns) noexcept {
    BitReader reader = cursor.reader;
    const DifferenceTable &table = *cursor.tables[0];
    const std::uint16_t *const above = cursor.above;
    std::uint16_t *const row = cursor.row;
    Neighbours near{row[-1], above[-1]};
    const auto step = [&](Index i) {
        row[i] = near.reconstruct<Predictor>(above[i], ByCode::next(reader, table, cursor.findings));
    };
    Index x = 0;
    for (; x + ByCode::per_refill <= columns; x += ByCode::per_refill) {
        reader.refill();
        for (Index i = x; i < x + ByCode::per_refill; ++i) {
            step(i);
        }
    }
    for (; x < columns; ++x) {
        reader.refill();
        step(x);
    }
    cursor.reader = reader;
}

/// One difference at a time, of interleaved components with a table each.
template <int Predictor, int Components>
void decode_interleaved(LosslessCursor &cursor, Index columns) noexcept {
    BitReader reader = cursor.reader;
    const DifferenceTable *const *const tables = cursor.tables;
    const std::uint16_t *above = cursor.above;
    std::uint16_t *row = cursor.row;
    for (Index x = 0; x < columns; ++x) {
        for (int c = 0; c < Components; ++c) {
            if (c % ByCode::per_refill == 0) {
                reader.refill();
            }
            const int difference = ByCode::next(reader, *tables[c], cursor.findings);
            const int predicted = predict<Predictor>(row[c - Components], above[c], above[c - Components]);
            row[c] = static_cast<std::uint16_t>(predicted + difference);
        }
        row += Components;
        above += Components;
    }
    cursor.reader = reader;
}

/// By whether differences are taken two at a time, and the number of components.
template <int Predictor>
constexpr std::array<std::array<LosslessKernel, 4>, 2> kernels_of{
    {{decode_single<Predictor>, decode_interleaved<Predictor, 2>, decode_interleaved<Predictor, 3>,
      decode_interleaved<Predictor, 4>},
     {decode_flat<Predictor, 1>, decode_flat<Predictor, 2>, decode_flat<Predictor, 3>,
      decode_flat<Predictor, 4>}}};

template <class By>
constexpr std::array<LosslessPairKernel, 7> pair_kernels{
    decode_two<1, By>, decode_two<2, By>, decode_two<3, By>, decode_two<4, By>,
    decode_two<5, By>, decode_two<6, By>, decode_two<7, By>};

} // namespace

LosslessKernel lossless_kernel(int predictor, int components, bool two_at_once) noexcept {
    static constexpr std::array table{kernels_of<1>, kernels_of<2>, kernels_of<3>, kernels_of<4>,
                                      kernels_of<5>, kernels_of<6>, kernels_of<7>};
    const auto &of_predictor = table[static_cast<std::size_t>(predictor - 1)];
    return of_predictor[two_at_once ? 1 : 0][static_cast<std::size_t>(components - 1)];
}

LosslessPairKernel lossless_pair_kernel(int predictor, bool by_code) noexcept {
    const auto &table = by_code ? pair_kernels<ByCode> : pair_kernels<ByWhole>;
    return table[static_cast<std::size_t>(predictor - 1)];
}

} // namespace radpix::jpeg
