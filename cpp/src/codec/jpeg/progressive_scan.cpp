// SPDX-License-Identifier: Apache-2.0
/// Progressive scans, T.81 Annex G.
#include <algorithm>
#include <memory>
#include <string>

#include "codec/jpeg/dct_frame.hpp"
#include "radpix/watch.hpp"

namespace radpix::jpeg {
namespace {

void check_progression(const Scan &scan) {
    const ScanHeader &h = scan.header;
    const bool dc_only = h.spectral_start == 0 && h.spectral_end == 0;
    const bool ac_band = h.spectral_start >= 1 && h.spectral_start <= h.spectral_end &&
                         h.spectral_end <= 63 && h.component_count == 1;
    if ((!dc_only && !ac_band) || h.approximation_low > 13) { // G.1.1.1
        throw_error(Errc::jpeg_scan_header,
                    "progressive scan of coefficients " + std::to_string(h.spectral_start) + " to " +
                        std::to_string(h.spectral_end) + " of " + std::to_string(h.component_count) +
                        " components, shifted by " + std::to_string(h.approximation_low),
                    h.offset);
    }
}

/// The blocks of a scan, restart interval by restart interval.
class BlockWalk {
public:
    BlockWalk(const Scan &scan, const PlaneGeometry &geometry)
        : scan_(scan), geometry_(geometry), interleaved_(scan.header.component_count > 1) {
        const PlaneGeometry::Extent &only = geometry.extent(scan.header.component(0).index);
        wide_ = interleaved_ ? geometry.mcus_wide : only.blocks_wide;
        high_ = interleaved_ ? geometry.mcus_high : only.blocks_high;
    }

    /// Calls `restart()` at each interval's begin and `decode(reader, part of the scan, block row, block
    /// column)` for each block; the latter returns false for an undefined code.
    template <class Restart, class Decode>
    void run(Restart &&restart, Decode &&decode) const {
        const Index mcus = wide_ * high_, interval = scan_.interval(mcus);
        const Index intervals = count_intervals(scan_, mcus);
        const std::uint8_t *const bytes = scan_.data.bytes.get();
        for (Index i = 0; i < intervals; ++i) {
            const EntropySegment &segment = scan_.data.segments[static_cast<std::size_t>(i)];
            BitReader reader(bytes + segment.begin);
            restart();
            Index row = i * interval / wide_, column = i * interval % wide_;
            for (Index mcu = i * interval; mcu < std::min((i + 1) * interval, mcus); ++mcu) {
                const bool valid = run_mcu(reader, row, column, decode);
                const Index position = reader.position(bytes);
                if (position > segment.end * 8) [[unlikely]] {
                    throw_segment_exhausted(scan_, i);
                }
                if (!valid) [[unlikely]] {
                    throw_invalid_code(scan_, position / 8);
                }
                if (++column == wide_) {
                    check_cancelled();
                    column = 0;
                    ++row;
                }
            }
        }
    }

private:
    template <class Decode>
    bool run_mcu(BitReader &reader, Index row, Index column, Decode &&decode) const {
        if (!interleaved_) {
            return decode(reader, 0, row, column);
        }
        bool valid = true;
        for (int c = 0; c < scan_.header.component_count; ++c) {
            const PlaneGeometry::Extent &extent = geometry_.extent(scan_.header.component(c).index);
            for (int v = 0; v < extent.vertical; ++v) {
                for (int h = 0; h < extent.horizontal; ++h) {
                    valid &= decode(reader, c, row * extent.vertical + v, column * extent.horizontal + h);
                }
            }
        }
        return valid;
    }

    const Scan &scan_;
    const PlaneGeometry &geometry_;
    bool interleaved_;
    Index wide_ = 0, high_ = 0;
};

/// G.1.2.1: DC coefficients, the first scan as in a sequential one, then a bit each.
void decode_dc(const Scan &scan, const BlockWalk &walk, std::vector<CoefficientPlane> &planes) {
    const int low = scan.header.approximation_low;
    const auto plane = [&](int c) -> CoefficientPlane & {
        return planes[static_cast<std::size_t>(scan.header.component(c).index)];
    };
    if (scan.header.approximation_high != 0) {
        const auto bit = static_cast<std::int16_t>(1 << low);
        walk.run([] {},
                 [&](BitReader &reader, int c, Index y, Index x) {
                     reader.refill();
                     if (reader.take(1) != 0) {
                         std::int16_t &value = *plane(c).block(y, x);
                         value = static_cast<std::int16_t>(value | bit);
                     }
                     return true;
                 });
        return;
    }
    std::vector<std::unique_ptr<CoefficientTable>> tables;
    for (int c = 0; c < scan.header.component_count; ++c) {
        tables.push_back(std::make_unique<CoefficientTable>(huffman_spec(scan, c, false), scan.header.offset,
                                                            CoefficientTable::Kind::dc));
    }
    std::array<std::int16_t, max_components> predictions{};
    walk.run([&] { predictions.fill(0); },
             [&](BitReader &reader, int c, Index y, Index x) {
                 const auto part = static_cast<std::size_t>(c);
                 bool valid = true;
                 reader.refill();
                 const int difference = next_dc_difference(reader, *tables[part], valid);
                 predictions[part] = static_cast<std::int16_t>(predictions[part] + difference);
                 *plane(c).block(y, x) =
                     static_cast<std::int16_t>(static_cast<std::uint16_t>(predictions[part]) << low);
                 return valid;
             });
}

/// The length of an end-of-band run after the code EOBr was read, this block included (G.1.2.2, table G.1).
unsigned end_of_band_run(BitReader &reader, unsigned skip) noexcept {
    const unsigned r = skip - CoefficientTable::end_of_block;
    reader.refill();
    return (1U << r) + reader.take(r);
}

/// G.1.2.2: the first scan of a band.
class AcFirst {
public:
    AcFirst(const Scan &scan, CoefficientPlane &plane)
        : table_(std::make_unique<CoefficientTable>(huffman_spec(scan, 0, true), scan.header.offset,
                                                    CoefficientTable::Kind::ac)),
          plane_(plane), start_(static_cast<unsigned>(scan.header.spectral_start)),
          end_(static_cast<unsigned>(scan.header.spectral_end)), low_(scan.header.approximation_low) {}

    void restart() noexcept { run_ = 0; }

    bool decode(BitReader &reader, Index y, Index x) noexcept {
        if (run_ > 0) {
            --run_;
            return true;
        }
        std::int16_t *const block = plane_.block(y, x);
        bool valid = true;
        for (unsigned k = start_; k <= end_; ++k) {
            reader.refill();
            const Coefficient entry = next_coefficient(reader, *table_, valid);
            if (entry.skip >= CoefficientTable::end_of_block) {
                run_ = end_of_band_run(reader, entry.skip) - 1;
                break;
            }
            k += entry.skip;
            if (k > 63) {
                return false; // a run past the block
            }
            if (entry.value != 0) { // not ZRL
                block[natural_order[k]] = static_cast<std::int16_t>(entry.value * (1 << low_));
            }
        }
        return valid;
    }

private:
    std::unique_ptr<CoefficientTable> table_;
    CoefficientPlane &plane_;
    unsigned start_, end_, run_ = 0;
    int low_;
};

/// G.1.2.3: a further bit for every coefficient of a band.
class AcRefinement {
public:
    AcRefinement(const Scan &scan, CoefficientPlane &plane)
        : table_(std::make_unique<CoefficientTable>(huffman_spec(scan, 0, true), scan.header.offset,
                                                    CoefficientTable::Kind::ac)),
          plane_(plane), start_(static_cast<unsigned>(scan.header.spectral_start)),
          end_(static_cast<unsigned>(scan.header.spectral_end)), bit_(1 << scan.header.approximation_low) {}

    void restart() noexcept { run_ = 0; }

    bool decode(BitReader &reader, Index y, Index x) noexcept {
        std::int16_t *const block = plane_.block(y, x);
        bool valid = true;
        unsigned k = start_;
        while (run_ == 0 && k <= end_) {
            reader.refill();
            const Coefficient entry = next_coefficient(reader, *table_, valid);
            if (entry.skip >= CoefficientTable::end_of_block) {
                run_ = end_of_band_run(reader, entry.skip);
                break;
            }
            valid = valid && entry.value >= -1 && entry.value <= 1; // category 1 only
            k = refine(reader, block, k, entry.skip);
            if (entry.value != 0 && k <= end_) {
                block[natural_order[k]] = static_cast<std::int16_t>(entry.value * bit_);
            }
            ++k;
        }
        if (run_ > 0) {
            (void)refine(reader, block, k, 64);
            --run_;
        }
        return valid;
    }

private:
    /// Corrects the coefficients with a history from `k` on, until `zeros` without one have been passed;
    /// where it stopped.
    unsigned refine(BitReader &reader, std::int16_t *block, unsigned k, unsigned zeros) noexcept {
        for (; k <= end_; ++k) {
            std::int16_t &value = block[natural_order[k]];
            if (value == 0) {
                if (zeros-- == 0) {
                    break;
                }
                continue;
            }
            reader.refill();
            if (reader.take(1) != 0 && (value & bit_) == 0) {
                value = static_cast<std::int16_t>(value + (value > 0 ? bit_ : -bit_));
            }
        }
        return k;
    }

    std::unique_ptr<CoefficientTable> table_;
    CoefficientPlane &plane_;
    unsigned start_, end_, run_ = 0;
    int bit_;
};

template <class Band>
void decode_band(const Scan &scan, const BlockWalk &walk, CoefficientPlane &plane) {
    Band band(scan, plane);
    walk.run([&] { band.restart(); },
             [&](BitReader &reader, int, Index y, Index x) { return band.decode(reader, y, x); });
}

} // namespace

void decode_progressive_scan(const Scan &scan, const PlaneGeometry &geometry,
                             std::vector<CoefficientPlane> &planes) {
    check_progression(scan);
    const BlockWalk walk(scan, geometry);
    CoefficientPlane &plane = planes[static_cast<std::size_t>(scan.header.component(0).index)];
    if (scan.header.spectral_start == 0) {
        decode_dc(scan, walk, planes);
    } else if (scan.header.approximation_high == 0) {
        decode_band<AcFirst>(scan, walk, plane);
    } else {
        decode_band<AcRefinement>(scan, walk, plane);
    }
}

} // namespace radpix::jpeg
