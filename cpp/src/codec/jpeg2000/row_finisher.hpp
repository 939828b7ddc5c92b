// SPDX-License-Identifier: Apache-2.0
/// The last steps of a row: component transformation (Annex G), level shift, rounding, range, output.
#pragma once

#include <array>
#include <vector>

#include "codec/jpeg2000/codestream.hpp"
#include "codec/jpeg2000/idwt/level_rows.hpp"
#include "codec/jpeg2000/sample_sink.hpp"

namespace radpix::jpeg2000 {

/// Of one component, or of the three that are transformed. One for each thread.
class RowFinisher {
public:
    /// Throws Error(jpeg2000_unsupported) for more than 32 bits. What is passed outlives the object.
    RowFinisher(const WaveletKernels &kernels, const ImageSize &size, std::size_t component,
                std::size_t count, bool reversible, Index width, SampleSink &sink);

    /// `rows`: coefficients of each component, overwritten.
    void finish(const std::array<Coefficient *, 3> &rows, Index y, Index x) noexcept;

private:
    void transform(const std::array<Coefficient *, 3> &rows) const noexcept;
    void finish_rgb(const std::array<Coefficient *, 3> &rows, std::byte *target) noexcept;
    template <class T>
    void convert(const Coefficient *row, T *target, const SampleRange &range) const noexcept;

    const WaveletKernels &kernels_;
    std::size_t component_, count_;
    bool reversible_;
    Index width_;
    SampleSink &sink_;
    std::array<SampleRange, 3> ranges_;
    std::vector<std::int32_t> samples_;
    std::vector<std::uint8_t> bytes_; ///< of three rows
};

} // namespace radpix::jpeg2000
