"""The commands and their options; what they do is in the module of the same name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import typer.main

from radpix._version import __version__
from radpix.cli.console import show, tolerant_streams
from radpix.cli.faults import guarded

__all__ = ["app", "run"]

app = typer.Typer(
    name="radpix",
    help="Look into DICOM images, audit their geometry, and draw them in true millimetres. "
    "Research use; not a medical device.",
    epilog="Exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage, 130 interrupted.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Source = Annotated[
    Path, typer.Argument(metavar="PATH", help="A DICOM file, or a folder (with those below it).")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table (schema: docs/cli.md).")]
WindowOption = Annotated[
    str | None,
    typer.Option(
        "--window",
        "-w",
        metavar="NAME|C,W",
        help="A preset (lung, bone, ...) or center,width in the values' unit. Default: the series' own.",
    ),
]
Width = Annotated[int, typer.Option("--size", metavar="N", help="Width of the picture in pixels.")]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and the backend.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Handle the options before the command; ``--debug`` was taken out by `run`."""
    del debug
    if version:
        from radpix import backend

        used = backend()
        show(f"radpix {__version__} ({used.name}, {used.cpu_level}, {used.num_threads} threads)")
        raise typer.Exit


@app.command()
def info(path: Source, json: Json = False) -> None:
    """Tell what is in a file or folder: series, sizes, spacing, geometry, transfer syntax. No patient data."""
    from radpix.cli.info import info as command

    command(path, as_json=json)


@app.command()
def audit(
    path: Source,
    series: Annotated[
        str | None, typer.Option(metavar="UID", help="Only this series: UID or number.")
    ] = None,
    protocol: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rules on acquisition, in TOML (docs/volumes.md).")
    ] = None,
    json: Json = False,
) -> None:
    """Check whether the slices of each series form a regular volume; exit status 1 if one does not."""
    from radpix.cli.audit import audit as command

    raise typer.Exit(command(path, series=series, as_json=json, protocol=protocol))


@app.command()
def render(
    path: Source,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The PNG file to write.")],
    window: WindowOption = None,
    series: Annotated[str | None, typer.Option(metavar="UID", help="Which series: UID or number.")] = None,
    volume: Annotated[
        int | None, typer.Option(metavar="N", help="Which volume of a series with several, from 0.")
    ] = None,
    center: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y,Z", help="Patient position in mm (LPS) all planes pass. Default: the middle."
        ),
    ] = None,
    slab: Annotated[
        float, typer.Option(metavar="MM", help="Thickness of the maximum intensity slab.")
    ] = 20.0,
    on_irregular: Annotated[
        str, typer.Option(metavar="raise|resample|keep", help="What to do with irregularly spaced slices.")
    ] = "raise",
    size: Width = 1800,
) -> None:
    """Draw a series: axial, coronal, sagittal, oblique and slab MIP, to scale, with patient directions."""
    from radpix.cli.render import Choices
    from radpix.cli.render import render as command

    choices = Choices(
        window=window,
        series=series,
        volume=volume,
        center=center,
        slab=slab,
        on_irregular=on_irregular,
        size=size,
    )
    command(path, output, choices)


@app.command()
def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="New or empty folder to write into.")
    ] = Path("radpix-demo"),
    window: WindowOption = None,
    size: Annotated[str, typer.Option(hidden=True)] = "full",
) -> None:
    """Generate a CT, write it as DICOM, read it back, draw it, and show the time of every step."""
    from radpix.cli.demo import demo as command

    command(output, window=window, size=size)


@app.command()
def bench(
    threads: Annotated[int | None, typer.Option(metavar="N", help="Threads of the second column.")] = None,
    size: Annotated[str, typer.Option(hidden=True)] = "full",
) -> None:
    """Time radpix and the packages installed beside it on the same generated volume, results compared first."""
    from radpix.cli.bench import bench as command

    command(threads=threads, size=size)


def run(arguments: list[str]) -> int:
    """Parse the arguments, run the command, and return the exit status; without arguments, show the help."""
    tolerant_streams()
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    arguments = arguments or ["--help"]
    command = typer.main.get_command(app)
    return guarded(lambda: command.main(arguments, prog_name="radpix", standalone_mode=False), debug=debug)
