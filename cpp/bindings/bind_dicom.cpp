// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "header_rows.hpp"
#include "paths.hpp"
#include "radpix/dicom.hpp"
#include "watched.hpp"

namespace radpix::bindings {
namespace {

using dicom::Found;
using dicom::HeaderScan;

/// From the fields of radpix._header.scan.Wanted: (((sequence, item), ...), tag, is_sequence).
dicom::Wanted wanted_from(const py::handle &fields) {
    const auto path = py::cast<py::tuple>(fields);
    dicom::Wanted wanted;
    for (const py::handle step : py::cast<py::tuple>(path[0])) {
        const auto pair = py::cast<py::tuple>(step);
        wanted.steps.push_back({pair[0].cast<dicom::Tag>(), pair[1].cast<Index>()});
    }
    wanted.tag = path[1].cast<dicom::Tag>();
    wanted.is_sequence = path[2].cast<bool>();
    return wanted;
}

dicom::Query query_from(const py::sequence &paths, bool pixel_data, bool fragments) {
    std::vector<dicom::Wanted> wanted;
    for (const py::handle path : paths) {
        wanted.push_back(wanted_from(path));
    }
    dicom::Query query(wanted);
    query.locate_pixel_data = pixel_data;
    query.list_fragments = fragments;
    return query;
}

py::bytes bytes_of(const HeaderScan &scan, const Found &found) {
    return {reinterpret_cast<const char *>(scan.bytes.data()) + found.first,
            static_cast<py::size_t>(found.count)};
}

/// An entry of radpix._header.scan.Scan.found: (wanted, item, VR, bytes | number of items | None).
py::tuple entry_of(const HeaderScan &scan, const Found &found) {
    const py::str vr(found.vr.data(), found.vr[0] == '\0' ? 0 : 2);
    py::object value = py::none();
    if (found.is_item_count) {
        value = py::int_(found.count);
    } else if (found.is_present) {
        value = bytes_of(scan, found);
    }
    return py::make_tuple(found.wanted, found.item, vr, value);
}

py::tuple fragments_of(const dicom::Fragments &fragments) {
    py::list offsets, lengths;
    for (std::size_t k = 0; k < fragments.offsets.size(); ++k) {
        offsets.append(fragments.offsets[k]);
        lengths.append(fragments.lengths[k]);
    }
    const py::bytes table(reinterpret_cast<const char *>(fragments.table.data()), fragments.table.size());
    return py::make_tuple(table, offsets, lengths, fragments.is_delimited);
}

/// The fields of radpix._header.scan.Scan, in its order.
py::tuple tuple_of(const HeaderScan &scan) {
    py::list found(scan.found.size());
    for (std::size_t k = 0; k < scan.found.size(); ++k) {
        found[k] = entry_of(scan, scan.found[k]);
    }
    py::tuple pixels, fragments; // empty where there is nothing to say, which is the frequent case
    if (scan.pixel_data.tag != 0) {
        const auto &element = scan.pixel_data;
        const py::str vr(element.vr.data(), element.vr[0] == '\0' ? 0 : 2);
        pixels = py::make_tuple(element.tag, vr, element.offset, element.length);
        fragments = fragments_of(scan.fragments);
    }
    return py::make_tuple(py::bytes(scan.transfer_syntax), scan.size, scan.start, scan.is_little_endian,
                          scan.is_deflated, scan.is_truncated, found, pixels, fragments);
}

/// Whether two headers have the same attributes in the same order and encoding, whatever their values.
bool is_alike(const HeaderScan &a, const HeaderScan &b) {
    const auto same = [](const Found &x, const Found &y) {
        return x.wanted == y.wanted && x.item == y.item && x.vr == y.vr && x.is_present == y.is_present &&
               x.is_item_count == y.is_item_count;
    };
    return a.transfer_syntax == b.transfer_syntax && a.is_little_endian == b.is_little_endian &&
           !a.is_deflated && !b.is_deflated && !a.is_truncated && !b.is_truncated &&
           a.pixel_data.tag == b.pixel_data.tag && a.pixel_data.vr == b.pixel_data.vr &&
           a.fragments.offsets.empty() && b.fragments.offsets.empty() &&
           std::equal(a.found.begin(), a.found.end(), b.found.begin(), b.found.end(), same);
}

bool has_same_value(const HeaderScan &a, const Found &x, const HeaderScan &b, const Found &y) {
    const auto first = a.bytes.begin() + x.first;
    return x.count == y.count &&
           (x.is_item_count || std::equal(first, first + x.count, b.bytes.begin() + y.first));
}

/// The fields of radpix._header.scan.Change, in its order, of two headers that are alike.
py::tuple changes_between(const HeaderScan &before, const HeaderScan &scan) {
    py::list entries;
    for (std::size_t k = 0; k < scan.found.size(); ++k) {
        if (!has_same_value(before, before.found[k], scan, scan.found[k])) {
            entries.append(py::make_tuple(k, entry_of(scan, scan.found[k])));
        }
    }
    return py::make_tuple(scan.size, scan.pixel_data.offset, scan.pixel_data.length, entries);
}

[[noreturn]] void throw_os_error(const std::system_error &error, const py::handle &path) {
    const py::object exception = py::reinterpret_borrow<py::object>(PyExc_OSError)(
        error.code().value(), error.code().default_error_condition().message(), path);
    PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
    throw py::error_already_set();
}

/// A path for messages; bytes that are no text in it are shown as question marks.
std::string shown(const py::handle &path) {
    const auto text =
        py::reinterpret_steal<py::bytes>(PyUnicode_AsEncodedString(path.ptr(), "utf-8", "replace"));
    if (!text) {
        throw py::error_already_set();
    }
    return text;
}

/// The exception object of a file that could not be scanned, naming the file.
py::object exception_of(const std::exception_ptr &pending, const py::handle &path) {
    try {
        try {
            std::rethrow_exception(pending);
        } catch (const Error &error) {
            const Error named(error.errc(), shown(path) + ": " + error.what(), error.offset());
            throw_python_error(named, -1, {});
        } catch (const std::system_error &error) {
            throw_os_error(error, path);
        } catch (const std::bad_alloc &) {
            return py::reinterpret_borrow<py::object>(PyExc_MemoryError)();
        }
    } catch (const py::error_already_set &error) {
        return error.value();
    }
}

std::vector<std::filesystem::path> files_from(const py::sequence &paths) {
    std::vector<std::filesystem::path> files;
    files.reserve(paths.size());
    for (const py::handle path : paths) {
        if (!py::isinstance<py::str>(path)) {
            throw py::type_error("paths are str");
        }
        files.push_back(path_from(path));
    }
    return files;
}

/// For each file its Scan, in which it differs from the file before, or the exception.
py::list scan_series_files(const py::sequence &paths, const py::sequence &wanted, int num_threads) {
    const dicom::Query query = query_from(wanted, true, false);
    const std::vector<std::filesystem::path> files = files_from(paths);
    std::vector<dicom::FileScan> scans;
    without_lock([&] { scans = dicom::scan_headers(files, query, num_threads); });
    py::list results(scans.size());
    HeaderScan *before = nullptr;
    for (std::size_t k = 0; k < scans.size(); ++k) {
        HeaderScan &header = scans[k].header;
        if (scans[k].error) {
            results[k] = exception_of(scans[k].error, paths[k]);
            continue;
        }
        results[k] = before != nullptr && is_alike(*before, header) ? changes_between(*before, header)
                                                                    : tuple_of(header);
        if (before != nullptr) {
            *before = {}; // what Python holds now is not held twice
        }
        before = &header;
    }
    return results;
}

/// For each file its Scan; where `vrs` has the VRs of columns, the row of values if it needs no decision of
/// Python's; or the exception.
py::list scan_header_files(const py::sequence &paths, const py::sequence &wanted, bool pixel_data,
                           bool fragments, int num_threads, const py::sequence &vrs) {
    const dicom::Query query = query_from(wanted, pixel_data, fragments);
    const std::vector<std::filesystem::path> files = files_from(paths);
    HeaderRows rows(vrs);
    const bool wants_rows = vrs.size() > 0;
    std::vector<dicom::FileScan> scans;
    without_lock([&] { scans = dicom::scan_headers(files, query, num_threads); });
    py::list results(scans.size());
    for (std::size_t k = 0; k < scans.size(); ++k) {
        const dicom::HeaderScan &header = scans[k].header;
        py::object result;
        if (scans[k].error) {
            result = exception_of(scans[k].error, paths[k]);
        } else if (wants_rows) {
            result = rows.row_of(header);
        }
        results[k] = result ? std::move(result) : py::object(tuple_of(header));
        scans[k] = {}; // what Python holds now is not held twice
    }
    return results;
}

py::tuple scan_header_buffer(const py::buffer &data, const py::sequence &wanted, bool pixel_data,
                             bool fragments) {
    const dicom::Query query = query_from(wanted, pixel_data, fragments);
    Py_buffer view;
    if (PyObject_GetBuffer(data.ptr(), &view, PyBUF_SIMPLE) != 0) {
        throw py::error_already_set();
    }
    const std::unique_ptr<Py_buffer, void (*)(Py_buffer *)> held(&view, &PyBuffer_Release);
    const std::span bytes(static_cast<const std::byte *>(view.buf), static_cast<std::size_t>(view.len));
    HeaderScan scan;
    without_lock([&] { scan = dicom::scan_header(bytes, query); });
    return tuple_of(scan);
}

} // namespace

void bind_dicom(py::module_ &module) {
    module.def("scan_series_files", &scan_series_files, py::arg("paths"), py::arg("wanted"),
               py::arg("num_threads"));
    module.def("scan_header_files", &scan_header_files, py::arg("paths"), py::arg("wanted"),
               py::arg("pixel_data"), py::arg("fragments"), py::arg("num_threads"),
               py::arg("vrs") = py::tuple());
    module.def("scan_header_buffer", &scan_header_buffer, py::arg("data"), py::arg("wanted"),
               py::arg("pixel_data"), py::arg("fragments"));
}

} // namespace radpix::bindings
