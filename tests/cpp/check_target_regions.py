"""Fail if an AVX instruction stands outside the symbols of an avx2 namespace.

One inline function compiled with AVX2 and shared with portable code is enough to crash old processors: the
linker keeps one copy of it. So the library is disassembled and every function that holds a VEX- or EVEX-encoded
instruction must be named ``...::avx2::...``.
"""

from __future__ import annotations

import re
import subprocess
import sys

SYMBOL = re.compile(r"^[0-9a-f]+ <(.*)>:$")
# AVX mnemonics start with "v"; verr and verw are older instructions that do too.
AVX = re.compile(r"^\s*[0-9a-f]+:\s+(v(?!err\b|erw\b)[a-z0-9]+)\b")
BMI = re.compile(r"^\s*[0-9a-f]+:\s+(andn|bextr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|lzcnt)\b")


def leaks(disassembly: str) -> tuple[dict[str, str], int]:
    """Return the offending symbols with one instruction each, and the number of AVX2 symbols seen."""
    symbol = ""
    found: dict[str, str] = {}
    inside: set[str] = set()
    for line in disassembly.splitlines():
        if named := SYMBOL.match(line):
            symbol = named.group(1)
        elif instruction := AVX.match(line) or BMI.match(line):
            if "::avx2::" in symbol:
                inside.add(symbol)
            else:
                found.setdefault(symbol, instruction.group(1))
    return found, len(inside)


def main() -> int:
    """Disassemble the library named on the command line."""
    result = subprocess.run(
        ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", sys.argv[1]],
        check=True,
        capture_output=True,
        text=True,
    )
    found, inside = leaks(result.stdout)
    for symbol, instruction in found.items():
        print(f"{instruction} outside an avx2 namespace, in {symbol}")
    print(f"{inside} functions hold AVX2 code, {len(found)} outside their regions")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
