// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/decoder.hpp"

#include "codec/jpeg/frame_decoding.hpp"
#include "codec/jpeg/lossless_scan.hpp"

namespace radpix::jpeg {
namespace {

void run(FrameDecoding &frame) {
    while (frame.next_scan()) {
        frame.decode_scan();
    }
    frame.finish();
}

template <Process process, bool first_order_only = false>
void decode(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options, const ArrayView &out,
            std::vector<Deviation> &deviations) {
    check_layout(layout, out);
    FrameDecoding frame(codestream, layout, options, out, deviations, {process, first_order_only});
    run(frame);
}

template <bool first_order_only>
void decode_pair(Bytes first, Bytes second, const FrameLayout &layout, const DecodeOptions &options,
                 const ArrayView &first_out, const ArrayView &second_out,
                 std::vector<Deviation> &first_deviations, std::vector<Deviation> &second_deviations) {
    check_layout(layout, first_out);
    check_layout(layout, second_out);
    const Expectation expectation{Process::lossless, first_order_only};
    FrameDecoding a(first, layout, options, first_out, first_deviations, expectation);
    FrameDecoding b(second, layout, options, second_out, second_deviations, expectation);
    const bool has_a = a.next_scan(), has_b = b.next_scan();
    if (has_a && has_b && a.is_plain_lossless() && b.is_plain_lossless()) {
        const Scan scan_a = a.scan(), scan_b = b.scan();
        if (can_decode_as_pair(scan_a, scan_b)) {
            decode_lossless_pair(scan_a, a.sink(), scan_b, b.sink());
            a.scan_is_decoded();
            b.scan_is_decoded();
            run(a);
            run(b);
            return;
        }
    }
    if (has_a) {
        a.decode_scan();
    }
    run(a);
    if (has_b) {
        b.decode_scan();
    }
    run(b);
}

} // namespace

void decode_baseline(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations) {
    decode<Process::baseline>(codestream, layout, options, out, deviations);
}

void decode_extended(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations) {
    decode<Process::extended>(codestream, layout, options, out, deviations);
}

void decode_progressive(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                        const ArrayView &out, std::vector<Deviation> &deviations) {
    decode<Process::progressive>(codestream, layout, options, out, deviations);
}

void decode_lossless(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                     const ArrayView &out, std::vector<Deviation> &deviations) {
    decode<Process::lossless>(codestream, layout, options, out, deviations);
}

void decode_lossless_first_order(Bytes codestream, const FrameLayout &layout, const DecodeOptions &options,
                                 const ArrayView &out, std::vector<Deviation> &deviations) {
    decode<Process::lossless, true>(codestream, layout, options, out, deviations);
}

void decode_lossless_pair(Bytes first, Bytes second, const FrameLayout &layout, const DecodeOptions &options,
                          const ArrayView &first_out, const ArrayView &second_out,
                          std::vector<Deviation> &first_deviations,
                          std::vector<Deviation> &second_deviations) {
    decode_pair<false>(first, second, layout, options, first_out, second_out, first_deviations,
                       second_deviations);
}

void decode_lossless_first_order_pair(Bytes first, Bytes second, const FrameLayout &layout,
                                      const DecodeOptions &options, const ArrayView &first_out,
                                      const ArrayView &second_out, std::vector<Deviation> &first_deviations,
                                      std::vector<Deviation> &second_deviations) {
    decode_pair<true>(first, second, layout, options, first_out, second_out, first_deviations,
                      second_deviations);
}

} // namespace radpix::jpeg
