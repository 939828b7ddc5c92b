// SPDX-License-Identifier: Apache-2.0
/// The one table of transfer syntaxes: UID and name as in PS3.6 Annex A, and the decoder of one frame.
#include <algorithm>
#include <array>

#include "codec/jpeg/decoder.hpp"
#include "codec/jpeg2000/decoder.hpp"
#include "codec/jpegls/decoder.hpp"
#include "codec/jpegls/encoder.hpp"
#include "codec/rle/decoder.hpp"
#include "codec/uncompressed/decoder.hpp"
#include "radpix/codec.hpp"

namespace radpix {
namespace {

constexpr auto table = std::to_array<TransferSyntax>({
    // uid, name, encapsulated, lossy, decode, decode_pair, encode
    {"1.2.840.10008.1.2", "Implicit VR Little Endian", false, false, uncompressed::decode_little_endian},
    {"1.2.840.10008.1.2.1", "Explicit VR Little Endian", false, false, uncompressed::decode_little_endian},
    {"1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", true, false,
     uncompressed::decode_little_endian},
    // The reader of the data set has inflated it; its frames are native ones (PS3.5 A.5).
    {"1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", false, false,
     uncompressed::decode_little_endian},
    {"1.2.840.10008.1.2.2", "Explicit VR Big Endian", false, false, uncompressed::decode_big_endian},
    {"1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)", true, true, jpeg::decode_baseline},
    {"1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 & 4)", true, true, jpeg::decode_extended},
    {"1.2.840.10008.1.2.4.53", "JPEG Spectral Selection, Non-Hierarchical (Process 6 & 8)", true, true,
     jpeg::decode_progressive},
    {"1.2.840.10008.1.2.4.55", "JPEG Full Progression, Non-Hierarchical (Process 10 & 12)", true, true,
     jpeg::decode_progressive},
    {"1.2.840.10008.1.2.4.57", "JPEG Lossless, Non-Hierarchical (Process 14)", true, false,
     jpeg::decode_lossless, jpeg::decode_lossless_pair},
    {"1.2.840.10008.1.2.4.70",
     "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])", true, false,
     jpeg::decode_lossless_first_order, jpeg::decode_lossless_first_order_pair},
    {"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless Image Compression", true, false, jpegls::decode_lossless,
     nullptr, jpegls::encode_lossless},
    {"1.2.840.10008.1.2.4.81", "JPEG-LS Lossy (Near-Lossless) Image Compression", true, true,
     jpegls::decode_near_lossless, nullptr, jpegls::encode_near_lossless},
    {"1.2.840.10008.1.2.4.90", "JPEG 2000 Image Compression (Lossless Only)", true, false,
     jpeg2000::decode_lossless, nullptr, nullptr, true},
    {"1.2.840.10008.1.2.4.91", "JPEG 2000 Image Compression", true, true, jpeg2000::decode_any, nullptr,
     nullptr, true},
    // Without Part 2's transformations between components they are as the two above; with them, refused.
    {"1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)", true,
     false, jpeg2000::decode_lossless, nullptr, nullptr, true},
    {"1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component Image Compression", true, true,
     jpeg2000::decode_any, nullptr, nullptr, true},
    {"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Image Compression (Lossless Only)", true, false,
     jpeg2000::decode_ht_lossless, nullptr, nullptr, true},
    {"1.2.840.10008.1.2.4.202",
     "High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)", true, false,
     jpeg2000::decode_ht_lossless_rpcl, nullptr, nullptr, true},
    {"1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000 Image Compression", true, true,
     jpeg2000::decode_ht, nullptr, nullptr, true},
    {"1.2.840.10008.1.2.5", "RLE Lossless", true, false, rle::decode},
    // The caller has inflated the frame (PS3.5 A.4.13).
    {"1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", true, false,
     uncompressed::decode_little_endian},
});

} // namespace

std::span<const TransferSyntax> transfer_syntaxes() noexcept {
    return table;
}

const TransferSyntax *find_transfer_syntax(std::string_view uid) noexcept {
    const auto *found = std::ranges::find(table, uid, &TransferSyntax::uid);
    return found == table.end() ? nullptr : found;
}

} // namespace radpix
