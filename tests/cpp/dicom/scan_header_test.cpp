// SPDX-License-Identifier: Apache-2.0
#include "radpix/dicom.hpp"

#include <gtest/gtest.h>

#include <string>

#include "radpix/error.hpp"

namespace {

using namespace radpix;
using namespace std::string_literals;
using dicom::Step;

constexpr dicom::Tag rows = 0x00280010, referenced_sequence = 0x00081140, referenced_uid = 0x00081155;

std::string number(std::uint32_t value, int bytes) {
    std::string text;
    for (int k = 0; k < bytes; ++k) {
        text += static_cast<char>(value >> (8 * k) & 0xFF);
    }
    return text;
}

std::string tag(dicom::Tag value) {
    return number(value >> 16, 2) + number(value & 0xFFFF, 2);
}

/// An element in explicit VR little endian.
std::string element(dicom::Tag name, const std::string &vr, const std::string &value) {
    const bool is_long = vr == "SQ" || vr == "OB" || vr == "OW" || vr == "UN";
    const auto length = static_cast<std::uint32_t>(value.size());
    return tag(name) + vr + (is_long ? number(0, 2) + number(length, 4) : number(length, 2)) + value;
}

std::string item(const std::string &content) {
    return tag(0xFFFEE000) + number(static_cast<std::uint32_t>(content.size()), 4) + content;
}

std::string endless_item(const std::string &content) {
    return tag(0xFFFEE000) + number(0xFFFFFFFF, 4) + content + tag(0xFFFEE00D) + number(0, 4);
}

std::string endless_sequence(dicom::Tag name, const std::string &items) {
    return tag(name) + "SQ\0\0"s + number(0xFFFFFFFF, 4) + items + tag(0xFFFEE0DD) + number(0, 4);
}

dicom::HeaderScan scan(const std::string &file, const std::vector<dicom::Wanted> &wanted,
                       bool pixel_data = false) {
    dicom::Query query(wanted);
    query.locate_pixel_data = query.list_fragments = pixel_data;
    return dicom::scan_header(std::as_bytes(std::span(file)), query);
}

std::string value(const dicom::HeaderScan &header, const dicom::Found &found) {
    const auto *bytes = reinterpret_cast<const char *>(header.bytes.data());
    return {bytes + found.first, static_cast<std::size_t>(found.count)};
}

Errc error_of(const std::string &file) {
    try {
        (void)scan(file, {{{}, rows}});
    } catch (const Error &error) {
        return error.errc();
    }
    return Errc{};
}

TEST(ScanHeader, FindsAnElementOfABareDataSet) {
    const auto header = scan(element(rows, "US", number(512, 2)), {{{}, rows}});
    ASSERT_EQ(header.found.size(), 1U);
    EXPECT_EQ(value(header, header.found[0]), number(512, 2));
    EXPECT_FALSE(header.is_truncated);
}

TEST(ScanHeader, ReadsTheTransferSyntaxOfAPart10File) {
    const auto file = std::string(128, '\0') + "DICM" + element(0x00020010, "UI", "1.2.840.10008.1.2.1\0"s) +
                      element(rows, "US", number(3, 2));
    const auto header = scan(file, {{{}, rows}});
    EXPECT_EQ(header.transfer_syntax, "1.2.840.10008.1.2.1\0"s);
    EXPECT_EQ(header.found.size(), 1U);
}

TEST(ScanHeader, GivesEveryItemOfASequenceItsPlace) {
    const auto uid = element(referenced_uid, "UI", "1.2\0"s);
    for (const auto &sequence :
         {element(referenced_sequence, "SQ", item(uid) + item("") + endless_item(uid)),
          endless_sequence(referenced_sequence, item(uid) + endless_item("") + endless_item(uid))}) {
        const auto header = scan(sequence, {{{{referenced_sequence, Step::every_item}}, referenced_uid}});
        ASSERT_EQ(header.found.size(), 5U); // three marks of items, two values
        EXPECT_EQ(header.found[1].item, 0);
        EXPECT_FALSE(header.found[2].is_present);
        EXPECT_EQ(header.found[4].item, 2);
        EXPECT_EQ(value(header, header.found[4]), "1.2\0"s);
    }
}

TEST(ScanHeader, CountsTheItemsOfASequence) {
    const auto header =
        scan(element(referenced_sequence, "SQ", item("") + item("")), {{{}, referenced_sequence}});
    ASSERT_EQ(header.found.size(), 1U);
    EXPECT_TRUE(header.found[0].is_item_count);
    EXPECT_EQ(header.found[0].count, 2);
}

TEST(ScanHeader, TakesTheLengthOfAnItemForNoVr) {
    // 21316 is "DS" in little endian.
    const auto header = scan(endless_sequence(referenced_sequence, item(std::string(21316, 'x'))) +
                                 element(rows, "US", number(7, 2)),
                             {{{}, rows}});
    EXPECT_EQ(header.found.size(), 1U);
}

TEST(ScanHeader, DoesNotKeepAValueThatIsCutOff) {
    auto file = element(0x00080018, "UI", "1.2\0"s) + element(rows, "US", number(512, 2));
    file.pop_back();
    const auto header = scan(file, {{{}, rows}});
    EXPECT_TRUE(header.found.empty());
    EXPECT_TRUE(header.is_truncated);
}

TEST(ScanHeader, LeavesAnItemThatReachesBeyondItsSequenceAtTheSequencesEnd) {
    auto items = item(element(referenced_uid, "UI", "1.2\0"s));
    items[4] = '\x7F';
    const auto header = scan(element(referenced_sequence, "SQ", items) + element(rows, "US", number(1, 2)),
                             {{{{referenced_sequence, 0}}, referenced_uid}, {{}, rows}});
    EXPECT_EQ(header.found.size(), 2U);
}

TEST(ScanHeader, ListsFragmentsBehindTheOffsetTable) {
    const auto pixels = tag(0x7FE00010) + "OB\0\0"s + number(0xFFFFFFFF, 4) + item(number(0, 4)) +
                        item("abcd") + item("ef") + tag(0xFFFEE0DD) + number(0, 4);
    const auto file = element(rows, "US", number(1, 2)) + pixels;
    const auto header = scan(file, {{{}, rows}}, true);
    EXPECT_EQ(header.pixel_data.length, dicom::undefined_length);
    ASSERT_EQ(header.fragments.offsets.size(), 2U);
    EXPECT_EQ(file.substr(static_cast<std::size_t>(header.fragments.offsets[1]), 2), "ef");
    EXPECT_EQ(header.fragments.table.size(), 4U);
    EXPECT_TRUE(header.fragments.is_delimited);
}

TEST(ScanHeader, RefusesWhatIsNoDicom) {
    EXPECT_EQ(error_of(""), Errc::dicom_prefix);
    EXPECT_EQ(error_of(std::string(300, 'x')), Errc::dicom_prefix);
}

TEST(ScanHeader, RefusesPathsWithTwoOpenItems) {
    const std::vector<dicom::Wanted> wanted{
        {{{referenced_sequence, Step::every_item}, {referenced_sequence, Step::every_item}}, rows}};
    EXPECT_THROW(dicom::Query{wanted}, Error);
}

TEST(ScanHeaders, ReportsAnAbsentFileInItsPlace) {
    const std::vector<std::filesystem::path> files{"/nonexistent/radpix"};
    const std::vector<dicom::Wanted> wanted{{{}, rows}};
    const auto scans = dicom::scan_headers(files, dicom::Query(wanted), 1);
    ASSERT_EQ(scans.size(), 1U);
    EXPECT_THROW(std::rethrow_exception(scans[0].error), std::system_error);
}

} // namespace
