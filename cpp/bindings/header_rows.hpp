// SPDX-License-Identifier: Apache-2.0
/// Rows of radpix.scan_headers made of Python values at once, for the headers that need no further thought.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "radpix/dicom.hpp"

namespace radpix::bindings {

namespace py = pybind11;

/// What radpix._header.values.decode_value gives, for text in ASCII and numbers that are some; everything
/// else is left to it: text in a character set, "US or SS", tags, numbers that are none.
class HeaderRows {
public:
    /// `vrs`: the VR of each column by PS3.6, for implicit VR and UN.
    explicit HeaderRows(const py::sequence &vrs);

    /// The list of a file's values, None where there is none; null where Python has to decide.
    [[nodiscard]] py::object row_of(const dicom::HeaderScan &scan);

private:
    /// The column's latest value: most attributes of a series are the same in all files, and share it.
    struct Column {
        dicom::Vr vr{}; ///< {} where only the file can tell
        dicom::Vr latest_vr{};
        bool latest_is_little_endian = true;
        std::string latest_raw;
        py::object latest;
    };

    [[nodiscard]] py::object value_of(Column &column, const dicom::HeaderScan &scan,
                                      const dicom::Found &found);

    std::vector<Column> columns_;
};

} // namespace radpix::bindings
