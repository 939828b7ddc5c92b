"""Fail unless python/radpix/_core.pyi declares exactly what the built extension module offers.

Functions are compared by name and by the names of their parameters, as the module's own signatures give them;
types are the stub's: pybind11 cannot know that a parameter is, say, a `Grid`.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from radpix import _core

STUB = Path(__file__).parents[1] / "python" / "radpix" / "_core.pyi"
IGNORED = {"__doc__", "__file__", "__loader__", "__name__", "__package__", "__spec__"}


def declared() -> dict[str, list[str] | None]:
    """Return what the stub declares: parameter names of functions, None for everything else."""
    names: dict[str, list[str] | None] = {}
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            names[node.name] = [a.arg for a in node.args.posonlyargs + node.args.args + node.args.kwonlyargs]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names[node.target.id] = None
        elif isinstance(node, ast.ClassDef):
            names[node.name] = None
    return names


def offered() -> dict[str, list[str] | None]:
    """Return the same for the module, read from the signatures that pybind11 writes into the docstrings."""
    names: dict[str, list[str] | None] = {}
    for name in sorted(set(dir(_core)) - IGNORED):
        signature = re.match(rf"{name}\((.*)\) -> ", getattr(_core, name).__doc__ or "")
        is_function = callable(getattr(_core, name)) and signature is not None
        names[name] = (
            re.findall(r"(?:^|, )(\w+): ", signature.group(1)) if is_function and signature else None
        )
    return names


def main() -> int:
    """Compare and report."""
    stub, module = declared(), offered()
    faults = [f"only in the module: {name}" for name in sorted(module.keys() - stub.keys())]
    faults += [f"only in the stub: {name}" for name in sorted(stub.keys() - module.keys())]
    faults += [
        f"{name}: the stub has {stub[name]}, the module {module[name]}"
        for name in sorted(stub.keys() & module.keys())
        if stub[name] != module[name]
    ]
    sys.stdout.writelines(f"{STUB.name}: {fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
