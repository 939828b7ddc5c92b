// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/markers.hpp"

#include <algorithm>
#include <utility>

#include "codec/jpeg2000/parameters.hpp"

namespace radpix::jpeg2000 {
namespace {

constexpr std::size_t sot_size = 12; ///< marker, Lsot, Isot, Psot, TPsot, TNsot

unsigned word_at(Bytes bytes, std::size_t at) {
    return std::to_integer<unsigned>(bytes[at]) << 8U | std::to_integer<unsigned>(bytes[at + 1]);
}

/// Marker segments one after the other, from `at` to `end`.
class SegmentWalker {
public:
    SegmentWalker(Bytes bytes, std::size_t at, std::size_t end) noexcept
        : bytes_(bytes), at_(at), end_(end) {}

    [[nodiscard]] std::size_t position() const noexcept { return at_; }

    /// The code of the next marker, without passing it.
    [[nodiscard]] unsigned peek() const {
        if (end_ - at_ < 2) {
            throw_error(Errc::truncated, "the codestream ends inside a header", static_cast<Index>(at_));
        }
        const unsigned code = word_at(bytes_, at_);
        if (code < 0xFF00U) {
            throw_error(Errc::jpeg2000_marker, "expected a marker, found the bytes " + std::to_string(code),
                        static_cast<Index>(at_));
        }
        return code;
    }

    /// The segment of the next marker, which is passed.
    [[nodiscard]] SegmentReader next() {
        if (end_ - at_ < 4) {
            throw_error(Errc::truncated, "the codestream ends inside a header", static_cast<Index>(at_));
        }
        const std::size_t length = word_at(bytes_, at_ + 2);
        if (length < 2 || end_ - at_ - 2 < length) {
            throw_error(length < 2 ? Errc::jpeg2000_marker : Errc::truncated,
                        "a marker segment of " + std::to_string(length) + " bytes does not fit",
                        static_cast<Index>(at_));
        }
        const SegmentReader segment(bytes_, at_ + 4, at_ + 2 + length);
        at_ += 2 + length;
        return segment;
    }

    void pass_marker() noexcept { at_ += 2; }

private:
    Bytes bytes_;
    std::size_t at_, end_;
};

using IndexedSegments = std::vector<std::pair<unsigned, Bytes>>;

/// PPM and PPT segments carry an index, by which they are put in order (A.7.4, A.7.5).
void add_indexed(IndexedSegments &segments, SegmentReader segment) {
    const unsigned index = segment.u8();
    segments.emplace_back(index, segment.rest());
}

void sort_by_index(IndexedSegments &segments) {
    std::ranges::stable_sort(segments, {}, &std::pair<unsigned, Bytes>::first);
}

/// Up to `length` bytes from (segment, offset) on, which may run over several segments.
std::vector<Bytes> take(const IndexedSegments &segments, std::size_t &segment, std::size_t &offset,
                        std::size_t length) {
    std::vector<Bytes> pieces;
    while (length > 0 && segment < segments.size()) {
        const Bytes all = segments[segment].second;
        const std::size_t count = std::min(length, all.size() - offset);
        if (count > 0) {
            pieces.push_back(all.subspan(offset, count));
        }
        length -= count;
        offset += count;
        if (offset == all.size()) {
            ++segment;
            offset = 0;
        }
    }
    return pieces;
}

/// Hands the packet headers of PPM to the tile-parts in their order (A.7.4).
void distribute_packed_headers(IndexedSegments &segments, std::vector<TilePart> &parts) {
    sort_by_index(segments);
    std::size_t segment = 0, offset = 0;
    for (TilePart &part : parts) {
        std::size_t length = 0, digits = 0;
        for (const Bytes piece : take(segments, segment, offset, 4)) {
            for (const std::byte digit : piece) {
                length = length << 8U | std::to_integer<std::size_t>(digit);
                ++digits;
            }
        }
        if (digits == 4) {
            part.packed_headers = take(segments, segment, offset, length);
        }
    }
}

void refuse_part_2(unsigned code, std::size_t at) {
    // DCO, VMS, DFS, ADS, MCT, MCC, NLT, MCO, CBD, ATK change what samples or the wavelet are (ISO/IEC
    // 15444-2 Annex A); other markers are passed over.
    constexpr unsigned first_extension = 0xFF70, last_extension = 0xFF79;
    if (code >= first_extension && code <= last_extension) {
        throw_error(Errc::jpeg2000_unsupported,
                    "an extension of Part 2 (marker " + std::to_string(code) + ") changes the decoding",
                    static_cast<Index>(at));
    }
}

/// Everything up to the first SOT.
void read_main_header(SegmentWalker &walker, Codestream &stream, IndexedSegments &packed) {
    const std::size_t start = walker.position();
    if (walker.peek() != marker::soc) {
        throw_error(Errc::jpeg2000_marker, "a codestream begins with SOC, FF4F", static_cast<Index>(start));
    }
    walker.pass_marker();
    if (walker.peek() != marker::siz) {
        throw_error(Errc::jpeg2000_marker, "SIZ, FF51, has to follow SOC",
                    static_cast<Index>(walker.position()));
    }
    stream.size = read_siz(walker.next());
    stream.defaults.components.resize(stream.size.components.size());
    for (unsigned code = walker.peek(); code != marker::sot; code = walker.peek()) {
        refuse_part_2(code, walker.position());
        const SegmentReader segment = walker.next();
        if (code == marker::ppm) {
            add_indexed(packed, segment);
        } else {
            read_parameters(code, segment, false, stream.size, stream.defaults);
        }
    }
}

/// Notes the first departure only: later ones follow from it.
void note(Codestream &stream, std::string text, std::size_t at) {
    if (stream.irregularity.empty()) {
        stream.irregularity = std::move(text);
        stream.irregularity_offset = static_cast<Index>(at);
    }
}

/// One tile-part from its SOT on; returns where the next one begins.
std::size_t read_tile_part(Bytes bytes, std::size_t at, Codestream &stream) {
    SegmentWalker walker(bytes, at, bytes.size());
    SegmentReader sot = walker.next();
    TilePart part;
    part.tile = sot.u16();
    const auto length = static_cast<std::size_t>(sot.u32());
    if (part.tile >= stream.size.tiles()) {
        throw_error(Errc::jpeg2000_marker,
                    "a tile-part of tile " + std::to_string(part.tile) + ", the image has " +
                        std::to_string(stream.size.tiles()),
                    static_cast<Index>(at));
    }
    part.header = walker.position();
    while (walker.peek() != marker::sod) {
        static_cast<void>(walker.next());
    }
    part.header_end = walker.position();
    part.data = part.header_end + 2;
    part.data_end = bytes.size();
    if (length >= part.data - at && length <= bytes.size() - at) {
        part.data_end = at + length;
    } else if (length == 0) { // A.4.2: to the end of the codestream
        const bool has_eoc = bytes.size() - part.data >= 2 && word_at(bytes, bytes.size() - 2) == marker::eoc;
        part.data_end = bytes.size() - (has_eoc ? 2 : 0);
    } else {
        note(stream,
             "tile-part length " + std::to_string(length) + " (Psot), " + std::to_string(bytes.size() - at) +
                 " bytes are left",
             at);
    }
    const std::size_t end = part.data_end;
    stream.parts.push_back(std::move(part));
    return end;
}

} // namespace

Codestream read_codestream(Bytes bytes) {
    Codestream stream;
    IndexedSegments packed;
    SegmentWalker walker(bytes, 0, bytes.size());
    read_main_header(walker, stream, packed);
    std::size_t at = walker.position();
    while (bytes.size() - at >= sot_size && word_at(bytes, at) == marker::sot) {
        try {
            at = read_tile_part(bytes, at, stream);
        } catch (const Error &error) {
            if (error.errc() != Errc::truncated || stream.parts.empty()) {
                throw;
            }
            note(stream, error.what(), at);
            break;
        }
    }
    if (stream.parts.empty()) {
        throw_error(Errc::truncated, "the codestream ends before its first tile-part",
                    static_cast<Index>(at));
    }
    if (bytes.size() - at >= 2 && word_at(bytes, at) != marker::eoc) {
        note(stream, "no marker where a tile-part or the end of the codestream is due", at);
    }
    stream.packed_headers = !packed.empty();
    distribute_packed_headers(packed, stream.parts);
    return stream;
}

void read_tile_part_header(Bytes bytes, const TilePart &part, const ImageSize &size, TileParameters &tile,
                           std::vector<Bytes> &packed_headers) {
    SegmentWalker walker(bytes, part.header, part.header_end);
    IndexedSegments packed;
    while (walker.position() < part.header_end) {
        const unsigned code = walker.peek();
        refuse_part_2(code, walker.position());
        const SegmentReader segment = walker.next();
        if (code == marker::ppt) {
            add_indexed(packed, segment);
        } else {
            read_parameters(code, segment, true, size, tile);
        }
    }
    sort_by_index(packed);
    for (const auto &[index, piece] : packed) {
        packed_headers.push_back(piece);
    }
}

Bytes skip_jp2_boxes(Bytes bytes) {
    constexpr std::size_t signature_size = 12;
    constexpr std::uint64_t signature = 0x6A502020, codestream_box = 0x6A703263; // "jP  ", "jp2c"
    SegmentReader reader(bytes, 0, bytes.size());
    if (bytes.size() < signature_size || reader.number(4) != signature_size ||
        reader.number(4) != signature) {
        return bytes;
    }
    std::size_t at = signature_size;
    while (bytes.size() - at >= 8) {
        SegmentReader box(bytes, at, bytes.size());
        std::uint64_t length = box.number(4);
        const std::uint64_t kind = box.number(4);
        if (length == 1 && box.remaining() >= 8) {
            length = box.number(8);
        }
        const std::size_t header = box.position() - at;
        if (kind == codestream_box) {
            return bytes.subspan(at + header);
        }
        if (length < header || length > bytes.size() - at) {
            break;
        }
        at += static_cast<std::size_t>(length);
    }
    throw_error(Errc::jpeg2000_marker, "a JP2 file without a codestream box", static_cast<Index>(at));
}

} // namespace radpix::jpeg2000
