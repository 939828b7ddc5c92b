// SPDX-License-Identifier: Apache-2.0
#include "codec/jpegls/scan_decoder.hpp"

#include <algorithm>
#include <string>

#include "codec/jpegls/coder_state.hpp"
#include "codec/jpegls/line_buffers.hpp"
#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"

namespace radpix::jpegls {
namespace {

[[noreturn]] void throw_fault(Fault fault, Index offset) {
    if (fault == Fault::exhausted) {
        throw_error(Errc::truncated, "the entropy-coded data ends before the samples do", offset);
    }
    throw_error(Errc::jpegls_entropy_coding,
                fault == Fault::run_too_long ? "a run goes beyond the end of its line"
                                             : "a prediction error outside the range of the samples",
                offset);
}

/// Decodes restart intervals one after the other.
class Strand {
public:
    Strand(const Scan &scan, const Quantizer &quantizer, const jpeg::PixelSink &sink)
        : scan_(scan), sink_(sink), kernels_(kernels(scan.parameters.reset)),
          parameters_(line_parameters(scan.parameters)),
          thresholds_{scan.parameters.near, scan.parameters.t1, scan.parameters.t2, scan.parameters.t3} {
        parameters_.quantizer = quantizer.table();
        Index widest = 0;
        for (int c = 0; c < scan.header.component_count; ++c) {
            const Index width = scan.frame.width(component(c));
            widest = std::max(widest, width);
            if (scan.header.interleave != Interleave::by_sample) {
                buffers_.emplace_back(width, 1);
            }
        }
        if (scan.header.interleave == Interleave::by_sample) {
            buffers_.emplace_back(widest, scan.header.component_count);
        }
        const auto samples = static_cast<std::size_t>(std::max(widest, sink.width()));
        row_.resize(samples);
        mapped_.resize(samples);
        expanded_.resize(samples);
    }

    /// `first` and `last` count lines of the component of highest resolution's MCUs.
    void decode_interval(Index interval, Index first, Index last) {
        const EntropySegment &segment = scan_.data.segments[static_cast<std::size_t>(interval)];
        source_ = segment.source;
        cursor_ = {scan_.data.bytes.get() + segment.begin, 0, segment.bits, Fault::none, 0};
        reset(state_, scan_.parameters);
        for (LineBuffers &buffer : buffers_) {
            buffer.reset();
        }
        for (Index line = first; line < last; ++line) {
            check_cancelled();
            if (scan_.header.interleave == Interleave::by_line) {
                decode_interleaved_lines(line);
            } else {
                decode_one_line(line);
            }
        }
        leftover_bits = std::max(leftover_bits, cursor_.end - cursor_.position);
    }

    Index leftover_bits = 0;

private:
    [[nodiscard]] int component(int c) const { return scan_.header.components[static_cast<std::size_t>(c)]; }

    void decode_line(LineBuffers &buffer, int run_index) {
        kernels_.quantize_line(buffer.above(), buffer.gradients(), buffer.samples(), buffer.components(),
                               thresholds_);
        const DecodeLine decode =
            kernels_.decode_line[buffer.components() - 1][static_cast<int>(mode_of(scan_.parameters))];
        decode(state_, parameters_, cursor_, {buffer.above(), buffer.current(), buffer.gradients()},
               state_.run_index[run_index], buffer.width());
        if (cursor_.fault != Fault::none) [[unlikely]] {
            throw_fault(cursor_.fault, source_ + cursor_.position / 8);
        }
    }

    /// A line of one component, or of all of them interleaved by sample.
    void decode_one_line(Index line) {
        LineBuffers &buffer = buffers_.front();
        decode_line(buffer, 0);
        if (buffer.components() == 1) {
            store(0, buffer.current(), line);
        } else {
            store_interleaved(buffer.current(), line);
        }
        buffer.advance();
    }

    /// T.87 B.2.2: as many lines of each component as its vertical sampling factor.
    void decode_interleaved_lines(Index mcu) {
        for (int c = 0; c < scan_.header.component_count; ++c) {
            const Index lines = scan_.frame.component(component(c)).vertical;
            for (Index line = mcu * lines; line < (mcu + 1) * lines; ++line) {
                if (line >= scan_.frame.height(component(c))) {
                    break;
                }
                LineBuffers &buffer = buffers_[static_cast<std::size_t>(c)];
                decode_line(buffer, c);
                store(c, buffer.current(), line);
                buffer.advance();
            }
        }
    }

    /// C.2.4.1.2: decoded samples are indices into the component's mapping table.
    const std::uint16_t *mapped(int c, const std::uint16_t *samples, Index width) {
        const auto table_id = static_cast<std::size_t>(scan_.header.tables[static_cast<std::size_t>(c)]);
        if (table_id == 0) {
            return samples;
        }
        const auto &table = scan_.tables.mappings[table_id];
        for (Index x = 0; x < width; ++x) {
            const std::size_t index = samples[x];
            mapped_[static_cast<std::size_t>(x)] = index < table.size() ? table[index] : std::uint16_t{0};
        }
        return mapped_.data();
    }

    /// Undoes the point transform. NEAR may have lifted a sample beyond what fits: it must not turn black.
    void store_row(Index y, const std::uint16_t *samples, int channel, int channels, bool is_mapped) {
        const int shift = scan_.header.point_transform;
        if (shift > 0) {
            const int bits = is_mapped ? std::min(scan_.layout.bits_allocated, 16) : scan_.frame.precision;
            const int most = (1 << bits) - 1;
            shifted_.resize(static_cast<std::size_t>(sink_.width() * channels));
            std::transform(samples, samples + shifted_.size(), shifted_.begin(), [=](std::uint16_t sample) {
                return static_cast<std::uint16_t>(std::min(sample << shift, most));
            });
            samples = shifted_.data();
        }
        sink_.store(y, samples, channel, channels, 0);
    }

    void store(int c, const std::uint16_t *decoded, Index line) {
        const std::uint16_t *samples = mapped(c, decoded, scan_.frame.width(component(c)));
        const int channel = component(c);
        const bool is_mapped = scan_.header.tables[static_cast<std::size_t>(c)] != 0;
        if (!scan_.frame.is_subsampled()) {
            store_row(line, samples, channel, 1, is_mapped);
            return;
        }
        const Component &of = scan_.frame.component(channel);
        for (Index x = 0; x < sink_.width(); ++x) {
            expanded_[static_cast<std::size_t>(x)] = samples[x * of.horizontal / scan_.frame.max_horizontal];
        }
        const Index tall = scan_.frame.max_vertical;
        for (Index y = (line * tall + of.vertical - 1) / of.vertical;
             y < scan_.frame.lines && y * of.vertical / tall == line; ++y) {
            store_row(y, expanded_.data(), channel, 1, is_mapped);
        }
    }

    void store_interleaved(const std::uint16_t *samples, Index line) {
        const int count = scan_.header.component_count;
        const bool whole =
            count == sink_.channels() &&
            std::is_sorted(scan_.header.components.begin(), scan_.header.components.begin() + count);
        const bool has_tables = std::any_of(scan_.header.tables.begin(), scan_.header.tables.begin() + count,
                                            [](int table) { return table != 0; });
        if (!whole || has_tables || scan_.frame.is_subsampled()) {
            for (int c = 0; c < count; ++c) {
                for (Index x = 0; x < buffers_.front().width(); ++x) {
                    row_[static_cast<std::size_t>(x)] = samples[x * count + c];
                }
                store(c, row_.data(), line);
            }
            return;
        }
        store_row(line, samples, 0, count, false);
    }

    const Scan &scan_;
    const jpeg::PixelSink &sink_;
    const Kernels &kernels_;
    LineParameters parameters_;
    std::int32_t thresholds_[4];
    std::vector<LineBuffers> buffers_;
    std::vector<std::uint16_t> row_, mapped_, expanded_, shifted_;
    CoderState state_{};
    DecoderCursor cursor_{};
    Index source_ = 0;
};

/// Lines of a scan, or groups of them where components are interleaved by line.
Index line_count(const FrameHeader &frame, const ScanHeader &header) {
    return header.interleave == Interleave::by_line
               ? (frame.lines + frame.max_vertical - 1) / frame.max_vertical
               : frame.height(header.components[0]);
}

void check_tables(const Scan &scan) {
    for (int c = 0; c < scan.header.component_count; ++c) {
        const int id = scan.header.tables[static_cast<std::size_t>(c)];
        const std::vector<std::uint16_t> &table = scan.tables.mappings[static_cast<std::size_t>(id)];
        if (id != 0 && table.empty()) {
            throw_error(Errc::jpegls_scan_header, "mapping table " + std::to_string(id) + " is not defined",
                        scan.header.offset);
        }
        const int most = id == 0 ? 0 : *std::max_element(table.begin(), table.end());
        if (most >> std::min(scan.layout.bits_allocated, 16) != 0) {
            throw_error(Errc::jpegls_precision,
                        "the value " + std::to_string(most) + " of mapping table " + std::to_string(id) +
                            " does not fit into Bits Allocated " + std::to_string(scan.layout.bits_allocated),
                        scan.header.offset);
        }
    }
}

} // namespace

Index interval_count(const FrameHeader &frame, const ScanHeader &header, Index restart_interval) {
    const Index lines = line_count(frame, header);
    return restart_interval == 0 ? 1 : (lines + restart_interval - 1) / restart_interval;
}

Index decode_scan(const Scan &scan, const jpeg::PixelSink &sink) {
    check_tables(scan);
    const Quantizer quantizer(scan.parameters);
    const Index lines = line_count(scan.frame, scan.header);
    const Index interval = scan.tables.restart_interval == 0 ? lines : scan.tables.restart_interval;
    const Index intervals = interval_count(scan.frame, scan.header, scan.tables.restart_interval);
    const auto found = static_cast<Index>(scan.data.segments.size());
    if (found < intervals) {
        throw_error(Errc::truncated,
                    std::to_string(found) + " restart intervals, the scan has " + std::to_string(intervals),
                    scan.data.next_marker);
    }
    if (found > intervals) {
        scan.log.add("jpegls-extra-restart", "more restart intervals than the scan has lines for",
                     scan.header.offset);
    }
    const Index grain = std::max<Index>(1, (intervals + 63) / 64);
    std::vector<Index> leftover(static_cast<std::size_t>(intervals));
    parallel_for(0, intervals, grain, scan.options.threads, [&](Index first, Index last) {
        Strand strand(scan, quantizer, sink);
        for (Index i = first; i < last; ++i) {
            strand.decode_interval(i, i * interval, std::min((i + 1) * interval, lines));
        }
        leftover[static_cast<std::size_t>(first)] = strand.leftover_bits;
    });
    return *std::max_element(leftover.begin(), leftover.end());
}

} // namespace radpix::jpegls
