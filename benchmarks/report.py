"""Run the benchmarks and write their table and plot: ``python -m benchmarks.report``.

Writes ``docs/benchmarks.md``, ``docs/pictures/benchmarks.png`` and, between its markers, the README's table. Give a
pytest-benchmark JSON file to report on an earlier run, and ``-k`` to run some of the benchmarks only.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "pictures" / "benchmarks.png"
README = ROOT / "README.md"
#: What the README shows: one line for each kind of work.
HEADLINES = (
    "window of 300",
    "resample CT to 1 mm, linear",
    "oblique plane, linear",
    "oblique max of 20 mm",
    "curved reformat",
    "fusion of PET and CT",
    "MIP of CT along z",
    "ray casting of CT, composite",
    "JPEG decode, lossless SV1, CR",
    "JPEG decode, 8-bit colour 4:2:0",
    "JPEG-LS decode, lossless, CR",
    "JPEG 2000 5-3 decode, CR",
    "JPEG 2000 HT 5-3 decode, CR",
    "RLE decode, CR",
    "display of 512 x 512, window",
    "ultrasound of 800 x 600, one by one, JPEG",
    "load CT",
    "scan 8 tags",
)
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


@dataclass(frozen=True)
class Row:
    """One piece of work at one thread count: medians in seconds by system."""

    work: str
    threads: int
    pixels: int
    goal: float | None
    medians: dict[str, float]

    @property
    def peers(self) -> dict[str, float]:
        """Return the other systems' medians."""
        return {system: seconds for system, seconds in self.medians.items() if system != "radpix"}

    @property
    def best_peer(self) -> str | None:
        """Return the name of the fastest peer."""
        return min(self.peers, key=self.peers.__getitem__) if self.peers else None

    @property
    def ratio(self) -> float | None:
        """Return how many times faster radpix is than the fastest peer."""
        best = self.best_peer
        return self.peers[best] / self.medians["radpix"] if best else None


def run(expression: str | None, target: Path) -> None:
    """Run the benchmarks and leave pytest-benchmark's JSON at ``target``."""
    command = [sys.executable, "-m", "pytest", "benchmarks", "-q", f"--benchmark-json={target}"]
    if expression:
        command += ["-k", expression]
    subprocess.run(command, cwd=ROOT, check=True)


def rows(record: dict[str, Any]) -> list[Row]:
    """Group a record's benchmarks by work and thread count."""
    grouped: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for entry in record["benchmarks"]:
        info = entry["extra_info"]
        grouped[info["work"], info["threads"]].append(entry)
    found = []
    for (work, threads), entries in grouped.items():
        # Some peers are given a part of the work: rates are compared.
        pixels = max(entry["extra_info"]["pixels"] for entry in entries)
        medians = {
            entry["extra_info"]["system"]: entry["stats"]["median"] * pixels / entry["extra_info"]["pixels"]
            for entry in entries
        }
        goals = [entry["extra_info"]["goal"] for entry in entries if entry["extra_info"]["goal"]]
        if "radpix" in medians:
            found.append(Row(work, threads, pixels, goals[0] if goals else None, medians))
    return found


def milliseconds(seconds: float) -> str:
    """Return a time with three significant digits."""
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"


def table(found: list[Row], *, all_peers: bool) -> str:
    """Return a Markdown table, a row a line of work."""
    head = ["work", "threads", "radpix", "Mpixel/s", "best peer", "ratio"]
    if all_peers:
        head += ["goal", "other peers"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for row in found:
        best = row.best_peer
        cells = [
            row.work,
            str(row.threads),
            milliseconds(row.medians["radpix"]),
            f"{row.pixels / row.medians['radpix'] / 1e6:.0f}",
            f"{best} {milliseconds(row.peers[best])}" if best else "-",
            f"**{row.ratio:.1f}x**" if row.ratio else "-",
        ]
        if all_peers:
            others = sorted((s, n) for n, s in row.peers.items() if n != best)
            cells.append(f">= {row.goal:g}x" if row.goal else "-")
            cells.append(", ".join(f"{name} {milliseconds(seconds)}" for seconds, name in others) or "-")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plot(found: list[Row]) -> None:
    """Draw ratios to the best peer as bars on a logarithmic axis."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    shown = [row for row in found if row.ratio][::-1]
    figure, axes = plt.subplots(figsize=(9, 0.8 + 0.34 * len(shown)), layout="constrained")
    ratios = [row.ratio or 0.0 for row in shown]
    bars = axes.barh(
        [row.work for row in shown], ratios, color=["#2a9d8f" if r >= 1 else "#e76f51" for r in ratios]
    )
    labels = [f"{ratio:.1f}x {row.best_peer}" for ratio, row in zip(ratios, shown, strict=True)]
    axes.bar_label(bars, labels, padding=4, fontsize=8)
    axes.axvline(1, color="0.3", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(min([0.8, *ratios]), max([2.0, *ratios]) * 2.2)
    axes.set_xlabel("times faster than the best peer, one thread (median, log scale)")
    axes.spines[["top", "right"]].set_visible(False)
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT, dpi=100, pil_kwargs={"optimize": True})


def machine(record: dict[str, Any]) -> str:
    """Return the line that says where and when this was measured."""
    cpu = record["machine_info"].get("cpu", {}).get("brand_raw", platform.processor())
    versions = f"Python {record['machine_info']['python_version']}"
    return f"Measured {record['datetime'][:10]} on {cpu}, {versions}; medians, all systems in one run."


def write(found: list[Row], record: dict[str, Any]) -> None:
    """Write the documents and the plot."""
    TABLE.write_text(
        "# Benchmarks\n\nGenerated by `python -m benchmarks.report`; do not edit. Every result is asserted against the "
        f"peer's or an oracle's before it is timed. {machine(record)}\n\nThe ratio is the best peer's time over "
        f"radpix's. Absolute times of a shared machine mean little; ratios in one run do.\n\n"
        f"{table(found, all_peers=True)}\n\n![ratios](pictures/benchmarks.png)\n",
        encoding="utf-8",
    )
    headlines = [row for row in found if row.threads == 1 and row.work.startswith(HEADLINES)]
    plot(headlines)
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    short = table(headlines, all_peers=False)
    README.write_text(f"{before}{BEGIN}\n{short}\n\n{machine(record)}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Run, or read an earlier run, and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("json", nargs="?", type=Path, help="a pytest-benchmark JSON file of an earlier run")
    parser.add_argument("-k", dest="expression", help="run only the benchmarks that match, as in pytest")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = arguments.json or Path(folder) / "benchmarks.json"
        if arguments.json is None:
            run(arguments.expression, source)
        record = json.loads(source.read_text(encoding="utf-8"))
    found = rows(record)
    write(found, record)
    print(table(found, all_peers=True))


if __name__ == "__main__":
    main()
