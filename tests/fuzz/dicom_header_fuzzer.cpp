// SPDX-License-Identifier: Apache-2.0
/// Headers of any bytes: no read outside, nothing kept that is not in the file, and the same values whether
/// the scan stops after the last tag or goes on to the pixel data.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "radpix/dicom.hpp"
#include "radpix/error.hpp"

namespace {

using namespace radpix;
using dicom::Step;

dicom::Query query(bool to_the_end) {
    const std::vector<dicom::Wanted> wanted{
        {{}, 0x00080018},
        {{}, 0x00081140, true},
        {{{0x00081140, Step::every_item}}, 0x00081155},
        {{{0x00081115, 0}, {0x00081199, Step::every_item}}, 0x00081155},
        {{{0x52009230, Step::every_item}, {0x00209113, 0}}, 0x00200032},
        {{{0x52009229, 1}, {0x00289110, 0}}, 0x00280030},
    };
    dicom::Query made(wanted);
    made.locate_pixel_data = made.list_fragments = to_the_end;
    return made;
}

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check(const dicom::HeaderScan &scan, std::size_t size) {
    const auto length = static_cast<Index>(size);
    require(scan.start <= length + Index{0xFFFFFFFF});
    for (const auto &found : scan.found) {
        require(found.first >= 0 && found.count >= 0 && found.wanted < 6);
        require(found.is_item_count || found.first + found.count <= static_cast<Index>(scan.bytes.size()));
        require(!found.is_item_count || found.count * 8 <= length);
    }
    for (std::size_t k = 0; k < scan.fragments.offsets.size(); ++k) {
        require(scan.fragments.offsets[k] + scan.fragments.lengths[k] <= length);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    static const dicom::Query to_the_end = query(true), to_the_last_tag = query(false);
    // An own allocation of the exact size: a read beyond it is seen.
    std::vector<std::byte> file(size);
    if (size != 0) {
        std::memcpy(file.data(), data, size);
    }
    try {
        const dicom::HeaderScan scan = dicom::scan_header(file, to_the_end);
        check(scan, size);
        const dicom::HeaderScan shorter = dicom::scan_header(file, to_the_last_tag);
        check(shorter, size);
        require(shorter.found.size() <= scan.found.size());
    } catch (const Error &) { // hostile bytes may be refused, with nothing but an Error
    }
    return 0;
}
