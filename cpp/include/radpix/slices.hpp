// SPDX-License-Identifier: Apache-2.0
/// Slices whose pixels lie in their files as they are in memory, read and rescaled into one array.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "radpix/view.hpp"

namespace radpix {

/// One slice: `offset` bytes into `file`; its values become slope * stored + intercept.
struct StoredSlice {
    std::filesystem::path file;
    Index offset = 0;
    double slope = 1.0, intercept = 0.0;
};

/// Little-endian integers of `type` (8, 16 or 32 bits), of which the low `bits_stored` count.
struct StoredPixels {
    DataType type = DataType::uint16;
    int bits_stored = 16;
};

/// What reading one slice gave. A file that cannot be opened or ends too early leaves its slice in any state.
struct SliceOutcome {
    bool is_complete = false;
    double minimum = 0.0, maximum = 0.0; ///< of the stored values, where they were asked for
};

/// Reads slices into out[0], out[1], ... (C-contiguous; a type that rescale() writes), each on one of up to
/// `threads` threads (0: the default). Bits beyond `bits_stored` are replaced by the sign, or by 0. `out` has
/// one slice for each of `slices`.
/// Throws Error(invalid_argument, shape_mismatch, unsupported_type); `out` is untouched then.
[[nodiscard]] std::vector<SliceOutcome> read_slices(std::span<const StoredSlice> slices, StoredPixels stored,
                                                    const ArrayView &out, bool find_range, int threads = 0);

} // namespace radpix
