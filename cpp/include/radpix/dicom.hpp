// SPDX-License-Identifier: Apache-2.0
/// Headers of DICOM files: the bytes of chosen attributes, and where the pixel data lies. Values are not
/// interpreted here. Hostile files are normal: every length is compared with what is there, nesting is
/// followed only along the paths asked for, and what is kept of one file is bounded.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "radpix/view.hpp"

namespace radpix::dicom {

/// (group << 16) | element.
using Tag = std::uint32_t;

inline constexpr std::uint32_t undefined_length = 0xFFFFFFFF;

/// One sequence on the way to an attribute, and which of its items to enter: from 0, or `every_item`.
struct Step {
    static constexpr Index every_item = -1;
    Tag sequence;
    Index item;
};

/// An attribute to find.
struct Wanted {
    /// Empty at the top level. At most `max_depth` steps, one of them at most with `every_item`.
    std::vector<Step> steps;
    Tag tag;
    /// The attribute is a sequence: report its number of items. Implicit VR does not say so itself.
    bool is_sequence = false;

    static constexpr std::size_t max_depth = 16;
};

/// What to look for; built once, used by any number of threads.
class Query {
public:
    /// Throws Error(invalid_argument) for paths that `Wanted` does not allow.
    explicit Query(std::span<const Wanted> wanted);
    ~Query();
    Query(Query &&) noexcept;
    Query &operator=(Query &&) noexcept;

    /// Go on to the pixel data, also where it lies behind the last attribute asked for.
    bool locate_pixel_data = false;
    /// List the fragments of encapsulated pixel data; needs `locate_pixel_data`.
    bool list_fragments = false;

    struct Node;
    [[nodiscard]] const Node &root() const noexcept { return *root_; }
    /// The last tag of interest at the top level; elements are in ascending order (PS3.5 7.1).
    [[nodiscard]] Tag last_tag() const noexcept { return last_tag_; }
    /// Whether something of the file meta information is asked for (group 0002, PS3.10 7.1).
    [[nodiscard]] bool has_meta() const noexcept { return has_meta_; }

private:
    std::unique_ptr<Node> root_;
    Tag last_tag_ = 0;
    bool has_meta_ = false;
};

using Vr = std::array<char, 2>;

/// A value, or the mark that an item without it was visited (`is_present` false). Of several with the same
/// `wanted` and `item` the last one counts.
struct Found {
    Index wanted; ///< index into the query
    Index item;   ///< of the step with `every_item`, else 0
    Vr vr;        ///< {} in implicit VR
    bool is_present;
    /// `count` stands for the items of a sequence; otherwise bytes [first, first + count) of
    /// `HeaderScan::bytes`.
    bool is_item_count;
    Index first, count;
};

struct PixelDataElement {
    Tag tag = 0; ///< 0: not reached
    Vr vr{};
    Index offset = 0;         ///< of the value, from the beginning of the file
    std::uint32_t length = 0; ///< may be `undefined_length`, and may be a lie
};

/// The items of encapsulated pixel data (PS3.5 A.4), as far as they go.
struct Fragments {
    std::vector<std::byte> table;        ///< the Basic Offset Table's value, at most 16 MiB
    std::vector<Index> offsets, lengths; ///< of the values of the items behind it
    bool is_delimited = false;           ///< ended by a Sequence Delimitation Item
};

/// What one header holds.
struct HeaderScan {
    std::string transfer_syntax; ///< bytes of (0002,0010), not stripped; empty where it is absent
    Index size = 0;              ///< bytes of the file
    Index start = 0;             ///< of the data set
    bool is_explicit = true, is_little_endian = true;
    /// The data set is deflated: nothing but `transfer_syntax`, `size` and `start` was read. Inflate, and
    /// scan again.
    bool is_deflated = false;
    /// The file ends inside an element, before all that was asked for was passed.
    bool is_truncated = false;
    std::vector<Found> found;
    std::vector<std::byte> bytes;
    PixelDataElement pixel_data;
    Fragments fragments;
};

/// Scans a file in memory. Throws Error: dicom_prefix where it is no DICOM, dicom_element_count,
/// limit_exceeded for values too long to keep (16 MiB each, 64 MiB in all).
[[nodiscard]] HeaderScan scan_header(std::span<const std::byte> file, const Query &query);

/// The same for a file on disk, 16 KiB first and what else is needed. Also throws std::system_error.
[[nodiscard]] HeaderScan scan_header(const std::filesystem::path &file, const Query &query);

/// One of several files: what it holds, or the exception that reading it threw.
struct FileScan {
    HeaderScan header;
    std::exception_ptr error;
};

/// Scans files on up to `threads` threads (0: the default).
[[nodiscard]] std::vector<FileScan> scan_headers(std::span<const std::filesystem::path> files,
                                                 const Query &query, int threads);

} // namespace radpix::dicom
