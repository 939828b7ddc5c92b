// SPDX-License-Identifier: Apache-2.0
#include "base/file_reader.hpp"
#include "dicom/scanner.hpp"
#include "radpix/parallel.hpp"
#include "radpix/watch.hpp"

namespace radpix::dicom {
namespace {

HeaderScan scan_file(const std::filesystem::path &file, const Query &query, WindowBuffer &buffer) {
    FileReader reader(file);
    Window window(reader, buffer);
    HeaderScan scan;
    Scanner(window, query, scan).run();
    return scan;
}

} // namespace

HeaderScan scan_header(std::span<const std::byte> file, const Query &query) {
    Window window(file);
    HeaderScan scan;
    Scanner(window, query, scan).run();
    return scan;
}

HeaderScan scan_header(const std::filesystem::path &file, const Query &query) {
    WindowBuffer buffer;
    return scan_file(file, query, buffer);
}

std::vector<FileScan> scan_headers(std::span<const std::filesystem::path> files, const Query &query,
                                   int threads) {
    std::vector<FileScan> scans(files.size());
    // 16 files to a piece share a buffer, and are few enough to keep threads busy to the end.
    parallel_for(0, static_cast<Index>(files.size()), 16, threads, [&](Index first, Index last) {
        WindowBuffer buffer;
        for (Index index = first; index < last; ++index) {
            check_cancelled();
            FileScan &scan = scans[static_cast<std::size_t>(index)];
            try {
                scan.header = scan_file(files[static_cast<std::size_t>(index)], query, buffer);
            } catch (...) {
                scan.error = std::current_exception();
            }
        }
    });
    return scans;
}

} // namespace radpix::dicom
