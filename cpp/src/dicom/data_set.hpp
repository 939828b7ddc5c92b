// SPDX-License-Identifier: Apache-2.0
/// Where the data set of a file begins, and how it is written.
#pragma once

#include <string>

#include "dicom/elements.hpp"

namespace radpix::dicom {

struct DataSet {
    std::string transfer_syntax; ///< not stripped; empty where absent
    Index start;
    Encoding encoding;
    bool is_deflated;
    Index meta;             ///< where the file meta information begins; it ends at `start`
    Encoding meta_encoding; ///< explicit VR little endian, but for some writers
};

/// Reads the file meta information (PS3.10 7.1), or takes the file for a bare data set. Throws
/// Error(dicom_prefix) where it is neither.
[[nodiscard]] DataSet open_data_set(Window &window);

} // namespace radpix::dicom
