"""The transfer syntaxes of PS3.6 table A-1 that carry or refer to pixel data."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["TABLE", "Entry", "is_encapsulated", "name_of"]

IMPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
ENCAPSULATED_UNCOMPRESSED: Final = "1.2.840.10008.1.2.1.98"
DEFLATED_EXPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
DEFLATED_IMAGE_FRAME: Final = "1.2.840.10008.1.2.8.1"
JPEG_BASELINE: Final = "1.2.840.10008.1.2.4.50"
RLE_LOSSLESS: Final = "1.2.840.10008.1.2.5"

#: Native, that is neither encapsulated nor compressed frame by frame (PS3.5 A.1, A.2, A.3, A.5).
NATIVE: Final = frozenset(
    {
        IMPLICIT_LITTLE_ENDIAN,
        EXPLICIT_LITTLE_ENDIAN,
        DEFLATED_EXPLICIT_LITTLE_ENDIAN,
        EXPLICIT_BIG_ENDIAN,
    }
)


class Entry(NamedTuple):
    """One transfer syntax; ``lossy`` says whether it can be."""

    uid: str
    name: str
    lossy: bool


_JPEG = "1.2.840.10008.1.2.4."

TABLE: Final = (
    Entry(IMPLICIT_LITTLE_ENDIAN, "Implicit VR Little Endian", False),
    Entry(EXPLICIT_LITTLE_ENDIAN, "Explicit VR Little Endian", False),
    Entry(ENCAPSULATED_UNCOMPRESSED, "Encapsulated Uncompressed Explicit VR Little Endian", False),
    Entry(DEFLATED_EXPLICIT_LITTLE_ENDIAN, "Deflated Explicit VR Little Endian", False),
    Entry(EXPLICIT_BIG_ENDIAN, "Explicit VR Big Endian", False),
    Entry(JPEG_BASELINE, "JPEG Baseline (Process 1)", True),
    Entry(f"{_JPEG}51", "JPEG Extended (Process 2 and 4)", True),
    Entry(f"{_JPEG}52", "JPEG Extended (Process 3 and 5)", True),
    Entry(f"{_JPEG}53", "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)", True),
    Entry(f"{_JPEG}54", "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)", True),
    Entry(f"{_JPEG}55", "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)", True),
    Entry(f"{_JPEG}56", "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)", True),
    Entry(f"{_JPEG}57", "JPEG Lossless, Non-Hierarchical (Process 14)", False),
    Entry(f"{_JPEG}58", "JPEG Lossless, Non-Hierarchical (Process 15)", False),
    Entry(f"{_JPEG}59", "JPEG Extended, Hierarchical (Process 16 and 18)", True),
    Entry(f"{_JPEG}60", "JPEG Extended, Hierarchical (Process 17 and 19)", True),
    Entry(f"{_JPEG}61", "JPEG Spectral Selection, Hierarchical (Process 20 and 22)", True),
    Entry(f"{_JPEG}62", "JPEG Spectral Selection, Hierarchical (Process 21 and 23)", True),
    Entry(f"{_JPEG}63", "JPEG Full Progression, Hierarchical (Process 24 and 26)", True),
    Entry(f"{_JPEG}64", "JPEG Full Progression, Hierarchical (Process 25 and 27)", True),
    Entry(f"{_JPEG}65", "JPEG Lossless, Hierarchical (Process 28)", False),
    Entry(f"{_JPEG}66", "JPEG Lossless, Hierarchical (Process 29)", False),
    Entry(
        f"{_JPEG}70",
        "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])",
        False,
    ),
    Entry(f"{_JPEG}80", "JPEG-LS Lossless Image Compression", False),
    Entry(f"{_JPEG}81", "JPEG-LS Lossy (Near-Lossless) Image Compression", True),
    Entry(f"{_JPEG}90", "JPEG 2000 Image Compression (Lossless Only)", False),
    Entry(f"{_JPEG}91", "JPEG 2000 Image Compression", True),
    Entry(f"{_JPEG}92", "JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)", False),
    Entry(f"{_JPEG}93", "JPEG 2000 Part 2 Multi-component Image Compression", True),
    Entry(f"{_JPEG}94", "JPIP Referenced", True),
    Entry(f"{_JPEG}95", "JPIP Referenced Deflate", True),
    Entry(f"{_JPEG}100", "MPEG2 Main Profile / Main Level", True),
    Entry(f"{_JPEG}100.1", "Fragmentable MPEG2 Main Profile / Main Level", True),
    Entry(f"{_JPEG}101", "MPEG2 Main Profile / High Level", True),
    Entry(f"{_JPEG}101.1", "Fragmentable MPEG2 Main Profile / High Level", True),
    Entry(f"{_JPEG}102", "MPEG-4 AVC/H.264 High Profile / Level 4.1", True),
    Entry(f"{_JPEG}102.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1", True),
    Entry(f"{_JPEG}103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", True),
    Entry(f"{_JPEG}103.1", "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", True),
    Entry(f"{_JPEG}104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", True),
    Entry(f"{_JPEG}104.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", True),
    Entry(f"{_JPEG}105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", True),
    Entry(f"{_JPEG}105.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", True),
    Entry(f"{_JPEG}106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", True),
    Entry(f"{_JPEG}106.1", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", True),
    Entry(f"{_JPEG}107", "HEVC/H.265 Main Profile / Level 5.1", True),
    Entry(f"{_JPEG}108", "HEVC/H.265 Main 10 Profile / Level 5.1", True),
    Entry(f"{_JPEG}110", "JPEG XL Lossless", False),
    Entry(f"{_JPEG}111", "JPEG XL JPEG Recompression", True),
    Entry(f"{_JPEG}112", "JPEG XL", True),
    Entry(f"{_JPEG}201", "High-Throughput JPEG 2000 Image Compression (Lossless Only)", False),
    Entry(
        f"{_JPEG}202",
        "High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)",
        False,
    ),
    Entry(f"{_JPEG}203", "High-Throughput JPEG 2000 Image Compression", True),
    Entry(f"{_JPEG}204", "JPIP HTJ2K Referenced", True),
    Entry(f"{_JPEG}205", "JPIP HTJ2K Referenced Deflate", True),
    Entry(RLE_LOSSLESS, "RLE Lossless", False),
    Entry(DEFLATED_IMAGE_FRAME, "Deflated Image Frame Compression", False),
)

KNOWN: Final = frozenset(entry.uid for entry in TABLE)
#: MPEG-2, H.264 and H.265.
VIDEO: Final = frozenset(entry.uid for entry in TABLE if entry.name.startswith(("MPEG", "HEVC", "Frag")))
#: Two views in one stream, of which FFmpeg decodes one.
STEREO_VIDEO: Final = frozenset({f"{_JPEG}106", f"{_JPEG}106.1"})
JPEG_XL: Final = frozenset(entry.uid for entry in TABLE if entry.name.startswith("JPEG XL"))
#: Those whose pixel data lies on a server, JPIP.
REFERENCED: Final = frozenset(entry.uid for entry in TABLE if entry.name.startswith("JPIP"))
#: Streams that end with FF D9: EOI of JPEG and JPEG-LS, EOC of JPEG 2000.
END_MARKED: Final = (
    frozenset(entry.uid for entry in TABLE if entry.uid.startswith(_JPEG)) - VIDEO - JPEG_XL - REFERENCED
)
#: JPEG 2000 and HTJ2K, part 1 and 15.
JPEG_2000: Final = frozenset(f"{_JPEG}{number}" for number in (90, 91, 201, 202, 203))
#: Those whose frames can be decoded in part.
SELECTABLE: Final = JPEG_2000 | {f"{_JPEG}92", f"{_JPEG}93"}


#: What decodes the bytes of a frame once they are inflated or out of their item: native little endian.
KERNEL_SYNTAXES: Final = {
    IMPLICIT_LITTLE_ENDIAN: EXPLICIT_LITTLE_ENDIAN,
    DEFLATED_EXPLICIT_LITTLE_ENDIAN: EXPLICIT_LITTLE_ENDIAN,
    ENCAPSULATED_UNCOMPRESSED: EXPLICIT_LITTLE_ENDIAN,
    DEFLATED_IMAGE_FRAME: EXPLICIT_LITTLE_ENDIAN,
}


def is_encapsulated(uid: str) -> bool:
    """Return whether pixel data in this transfer syntax lies in fragments (PS3.5 A.4)."""
    return uid in KNOWN and uid not in NATIVE


def name_of(uid: str) -> str:
    """Return the name and UID of a transfer syntax for a message."""
    return next((f"{entry.name} ({uid})" for entry in TABLE if entry.uid == uid), uid or "(none)")
