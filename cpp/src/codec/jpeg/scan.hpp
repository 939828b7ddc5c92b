// SPDX-License-Identifier: Apache-2.0
/// What the decoders of one scan work on, and the faults they report.
#pragma once

#include <vector>

#include "codec/jpeg/entropy_data.hpp"
#include "codec/jpeg/markers.hpp"
#include "codec/jpeg/pixel_sink.hpp"

namespace radpix::jpeg {

/// Collects deviations of one frame, each code once.
class DeviationLog {
public:
    explicit DeviationLog(std::vector<Deviation> &deviations) : deviations_(deviations) {}
    void add(const char *code, const std::string &message, Index offset = -1);

private:
    std::vector<Deviation> &deviations_;
};

/// The codes under which a codec tells of what lies behind EOI.
struct TrailingCodes {
    const char *data;
    const char *padding;
};

/// PS3.5 A.4: a frame ends with EOI and, for even length, one byte 00. `reader` is behind EOI.
void check_trailing_bytes(const MarkerReader &reader, TrailingCodes codes, DeviationLog &log);

struct Scan {
    Bytes codestream;
    const FrameHeader &frame;
    const ScanHeader &header;
    const Tables &tables;
    const EntropyData &data;
    const DecodeOptions &options;
    DeviationLog &log;

    /// Restart intervals of this scan, in MCUs (T.81 E.1.4); all of it where there are none.
    [[nodiscard]] Index interval(Index mcus) const noexcept {
        return tables.restart_interval == 0 ? mcus : tables.restart_interval;
    }
};

/// How many restart intervals `mcus` MCUs take; throws Error(truncated) when the scan has fewer, notes when
/// it has more.
[[nodiscard]] Index count_intervals(const Scan &scan, Index mcus);

/// The error for a segment whose data ended before its samples did.
[[noreturn]] void throw_segment_exhausted(const Scan &scan, Index segment);
[[noreturn]] void throw_invalid_code(const Scan &scan, Index position);

/// The table that component `c` of the scan uses, or the error or standard table where none is defined.
[[nodiscard]] HuffmanSpec huffman_spec(const Scan &scan, int c, bool is_ac);

/// Dimensions of component `c` in samples, T.81 A.1.1.
[[nodiscard]] Index component_width(const FrameHeader &frame, int c);
[[nodiscard]] Index component_height(const FrameHeader &frame, int c);

constexpr Index ceil_divide(Index a, Index b) noexcept {
    return (a + b - 1) / b;
}

} // namespace radpix::jpeg
