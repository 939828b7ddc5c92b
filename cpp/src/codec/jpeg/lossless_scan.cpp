// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/lossless_scan.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "codec/jpeg/lossless_kernels.hpp"
#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"

namespace radpix::jpeg {
namespace {

/// Below this share of pairs, taking two differences at once is slower than taking one (measured on DX, CT,
/// CR).
constexpr double least_of_two = 0.45;

/// What all intervals of a scan share.
class Plan {
public:
    explicit Plan(const Scan &scan)
        : predictor(scan.header.spectral_start), components(scan.header.component_count),
          first_channel(components == 1 ? scan.header.component(0).index : 0),
          point_transform(scan.header.approximation_low),
          initial(static_cast<std::uint16_t>(1U << (scan.frame.precision - point_transform - 1))),
          width(scan.frame.samples_per_line), columns(width * scan.frame.lines),
          interval(scan.interval(columns)) {
        for (int c = 0; c < components; ++c) {
            add_table(huffman_spec(scan, c, false), c, scan.header.offset);
        }
        two_at_once = tables_.size() == 1 && tables_[0]->share_of_two > least_of_two;
    }

    const int predictor, components, first_channel, point_transform;
    const std::uint16_t initial;
    const Index width, columns; ///< of a line; of the image, line after line
    const Index interval;
    std::array<const DifferenceTable *, max_components> tables{};
    bool two_at_once = false; ///< how the kernel looks differences up

private:
    void add_table(const HuffmanSpec &spec, int c, Index offset) {
        const auto same = std::find(specs_.begin(), specs_.end(), spec);
        const auto at = static_cast<std::size_t>(same - specs_.begin());
        if (same == specs_.end()) {
            specs_.push_back(spec);
            tables_.push_back(std::make_unique<DifferenceTable>(spec, offset));
        }
        tables[static_cast<std::size_t>(c)] = tables_[at].get();
    }

    std::vector<HuffmanSpec> specs_;
    std::vector<std::unique_ptr<DifferenceTable>> tables_;
};

/// The line being decoded and the one above it, each with one column in front.
class Lines {
public:
    explicit Lines(const Plan &plan)
        : stride_((plan.width + 1) * plan.components), components_(plan.components),
          memory_(static_cast<std::size_t>(2 * stride_)) {}

    [[nodiscard]] std::uint16_t *current() noexcept {
        return memory_.data() + current_ * stride_ + components_;
    }
    [[nodiscard]] std::uint16_t *above() noexcept {
        return memory_.data() + (1 - current_) * stride_ + components_;
    }
    void advance() noexcept { current_ = 1 - current_; }

private:
    Index stride_, current_ = 0;
    int components_;
    std::vector<std::uint16_t> memory_;
};

/// Decodes intervals one after the other; a strand has its own lines.
class Strand {
public:
    Strand(const Scan &scan, const Plan &plan, const PixelSink &sink)
        : scan_(scan), plan_(plan), sink_(sink), lines_(plan) {}

    void decode_interval(Index index) {
        const EntropySegment &segment = scan_.data.segments[static_cast<std::size_t>(index)];
        LosslessCursor cursor{BitReader(scan_.data.bytes.get() + segment.begin), nullptr, nullptr,
                              plan_.tables.data()};
        Index at = index * plan_.interval;
        const Index end = std::min(at + plan_.interval, plan_.columns);
        segment_ = index;
        bool first_line = true;
        while (at < end) {
            check_cancelled();
            const Index y = at / plan_.width, x = at % plan_.width;
            const Index columns = std::min(end - at, plan_.width - x);
            if (first_line) {
                decode_first_line(cursor, x, columns);
            } else {
                run(cursor, 2, x, 1);
                run(cursor, plan_.predictor, x + 1, columns - 1);
            }
            at += columns;
            first_line = false;
            if (x + columns == plan_.width) {
                sink_.store(y, lines_.current(), plan_.first_channel, plan_.components,
                            plan_.point_transform);
                lines_.advance();
            }
        }
        found_category_16 |= cursor.findings.category_16_with_bits;
    }

    bool found_category_16 = false;

private:
    /// The interval's first sample is predicted as 2^(P-Pt-1), the others of its line from the left.
    void decode_first_line(LosslessCursor &cursor, Index x, Index columns) {
        std::array<std::uint16_t, max_components> kept{};
        const auto components = static_cast<std::size_t>(plan_.components);
        std::uint16_t *const left = lines_.current() + (x - 1) * plan_.components;
        std::copy_n(left, components, kept.begin());
        std::fill_n(left, components, plan_.initial);
        run(cursor, 1, x, columns);
        std::copy_n(kept.begin(), components, left);
    }

    void run(LosslessCursor &cursor, int predictor, Index x, Index columns) {
        const LosslessKernel kernel = lossless_kernel(predictor, plan_.components, plan_.two_at_once);
        const Index most = samples_per_check / plan_.components;
        for (Index done = 0; done < columns; done += most) {
            const Index from = (x + done) * plan_.components;
            cursor.row = lines_.current() + from;
            cursor.above = lines_.above() + from;
            kernel(cursor, std::min(most, columns - done));
            check(scan_, cursor, segment_);
        }
    }

public:
    static void check(const Scan &scan, const LosslessCursor &cursor, Index segment) {
        const Index position = cursor.reader.position(scan.data.bytes.get());
        if (position > scan.data.segments[static_cast<std::size_t>(segment)].end * 8) [[unlikely]] {
            throw_segment_exhausted(scan, segment);
        }
        if (cursor.findings.invalid_code) [[unlikely]] {
            throw_invalid_code(scan, position / 8);
        }
    }

private:
    const Scan &scan_;
    const Plan &plan_;
    const PixelSink &sink_;
    Lines lines_;
    Index segment_ = 0;
};

void note_category_16(const Scan &scan) {
    scan.log.add("jpeg-category-16-bits",
                 "16 extra bits after difference category 16, or a code of seventeen ones",
                 scan.header.offset);
}

/// Above this share of long differences a pair is faster by `one` than by `whole` (measured on CT,
/// MR, CR).
constexpr double most_not_whole = 0.04;

/// One side of a pair.
struct Side {
    Side(const Scan &scan_, const PixelSink &sink_)
        : scan(scan_), sink(sink_), plan(scan_), lines(plan),
          cursor{BitReader(scan_.data.bytes.get()), nullptr, nullptr, plan.tables.data()} {
        (void)count_intervals(scan, plan.columns);
    }

    void point_at(Index x) noexcept {
        cursor.row = lines.current() + x;
        cursor.above = lines.above() + x;
    }
    void finish_line(Index y) {
        sink.store(y, lines.current(), plan.first_channel, 1, plan.point_transform);
        lines.advance();
    }

    const Scan &scan;
    const PixelSink &sink;
    Plan plan;
    Lines lines;
    LosslessCursor cursor;
};

void run_pair(Side &first, Side &second, int predictor, bool by_code, Index x, Index columns) {
    const LosslessPairKernel kernel = lossless_pair_kernel(predictor, by_code);
    for (Index done = 0; done < columns; done += samples_per_check) {
        first.point_at(x + done);
        second.point_at(x + done);
        kernel(first.cursor, second.cursor, std::min(samples_per_check, columns - done));
        Strand::check(first.scan, first.cursor, 0);
        Strand::check(second.scan, second.cursor, 0);
    }
}

} // namespace

void check_lossless_scan(const FrameHeader &frame, const ScanHeader &scan) {
    if (scan.spectral_start < 1 || scan.spectral_start > 7) {
        throw_error(Errc::jpeg_scan_header,
                    "predictor " + std::to_string(scan.spectral_start) + ", lossless scans have 1 to 7",
                    scan.offset);
    }
    if (scan.approximation_low >= frame.precision) {
        throw_error(Errc::jpeg_scan_header,
                    "point transform " + std::to_string(scan.approximation_low) + " of samples of " +
                        std::to_string(frame.precision) + " bits",
                    scan.offset);
    }
}

void decode_lossless_scan(const Scan &scan, const PixelSink &sink) {
    const Plan plan(scan);
    const Index intervals = count_intervals(scan, plan.columns);
    const bool whole_lines = plan.interval % plan.width == 0;
    if (!whole_lines && intervals > 1) {
        scan.log.add("jpeg-restart-inside-row",
                     "restart interval " + std::to_string(plan.interval) + " is no multiple of a row",
                     scan.header.offset);
    }
    if (!whole_lines || intervals == 1) {
        Strand strand(scan, plan, sink);
        for (Index i = 0; i < intervals; ++i) {
            strand.decode_interval(i);
        }
        if (strand.found_category_16) {
            note_category_16(scan);
        }
        return;
    }
    std::vector<char> found(static_cast<std::size_t>(intervals));
    const Index grain = std::max<Index>(1, ceil_divide(intervals, 64));
    parallel_for(0, intervals, grain, scan.options.threads, [&](Index first, Index last) {
        Strand strand(scan, plan, sink);
        for (Index i = first; i < last; ++i) {
            strand.decode_interval(i);
        }
        found[static_cast<std::size_t>(first)] = strand.found_category_16 ? 1 : 0;
    });
    if (std::count(found.begin(), found.end(), 1) > 0) {
        note_category_16(scan);
    }
}

bool can_decode_as_pair(const Scan &first, const Scan &second) noexcept {
    const auto simple = [](const Scan &scan) {
        return scan.frame.process == Process::lossless && scan.frame.component_count == 1 &&
               scan.tables.restart_interval == 0;
    };
    return simple(first) && simple(second) && first.frame.lines == second.frame.lines &&
           first.frame.samples_per_line == second.frame.samples_per_line &&
           first.header.spectral_start == second.header.spectral_start;
}

void decode_lossless_pair(const Scan &first_scan, const PixelSink &first_sink, const Scan &second_scan,
                          const PixelSink &second_sink) {
    Side first(first_scan, first_sink), second(second_scan, second_sink);
    const Index width = first.plan.width;
    const double missed =
        std::max(first.plan.tables[0]->share_not_whole, second.plan.tables[0]->share_not_whole);
    const bool by_code = missed > most_not_whole;
    for (Index y = 0; y < first_scan.frame.lines; ++y) {
        check_cancelled();
        if (y == 0) {
            first.lines.current()[-1] = first.plan.initial;
            second.lines.current()[-1] = second.plan.initial;
            run_pair(first, second, 1, by_code, 0, width);
        } else {
            run_pair(first, second, 2, by_code, 0, 1);
            run_pair(first, second, first.plan.predictor, by_code, 1, width - 1);
        }
        first.finish_line(y);
        second.finish_line(y);
    }
    for (const Side *side : {&first, &second}) {
        if (side->cursor.findings.category_16_with_bits) {
            note_category_16(side->scan);
        }
    }
}

} // namespace radpix::jpeg
