"""Write the CxtVLC codewords of ISO/IEC 15444-15 (annex C) as a C++ table.

    python tools/make_ht_tables.py TABLE0.csv TABLE1.csv > cpp/src/codec/jpeg2000/ht_codewords.hpp

The CSV files have one codeword a line: context, significance pattern, u_off, e_k, e_1, codeword (first bit lowest)
and its length.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

HEAD = """// SPDX-License-Identifier: Apache-2.0
/// The CxtVLC codewords of ISO/IEC 15444-15, annex C. Written by tools/make_ht_tables.py.
#pragma once

#include <array>
#include <cstdint>

namespace radpix::jpeg2000 {

/// One codeword, first bit lowest, with what it stands for.
struct HtCodeword {
    std::uint8_t context, significance, has_u, e_k, e_1, bits, length;
};
"""


def rows(path: str) -> list[str]:
    """Return the initialisers of one table."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        names = ("c_q", "rho", "u_off", "e_k", "e_1", "cwd", "cwd_len")
        return ["{" + ", ".join(row[name] for name in names) + "}" for row in csv.DictReader(file)]


def write(text: str) -> None:
    """Write one line or more to the standard output."""
    sys.stdout.write(text + "\n")


def main() -> None:
    """Write the header."""
    write(HEAD)
    write("// clang-format off")
    for name, path in zip(("ht_first_row_codewords", "ht_codewords"), sys.argv[1:], strict=True):
        lines = rows(path)
        write(f"inline constexpr std::array<HtCodeword, {len(lines)}> {name}{{{{")
        for i in range(0, len(lines), 5):
            write("    " + ", ".join(lines[i : i + 5]) + ",")
        write("}};\n")
    write("// clang-format on\n\n} // namespace radpix::jpeg2000")


if __name__ == "__main__":
    main()
