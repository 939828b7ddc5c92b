"""From files to series, and from series to the volumes in them."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from radpix._enhanced import images_of
from radpix._series.audit import analyse, combine, merge
from radpix._series.dimensions import OCCURRENCE, Split, check_names
from radpix._series.file_list import is_dangling, list_files
from radpix._series.findings import finding, name_slices
from radpix._series.grouping import Group, Traits, group_by_traits, split_repeats
from radpix._series.headers import NotAnImageError, NotDicomError, read_headers
from radpix._series.instance import Instance
from radpix._series.stacking import Stack
from radpix.errors import RadpixError, RadpixWarning
from radpix.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from radpix._progress import Progress
    from radpix.geometry import Finding, GeometryReport

__all__ = ["Instance", "ScanResult", "Series", "SkippedFile", "VolumePlan", "scan"]

PathLike = str | os.PathLike[str]

_PREFIX_END = 132  # PS3.10, 7.1: a preamble of 128 bytes, then DICM


class SkippedFile(NamedTuple):
    """A file, or a folder that cannot be read, that `scan` left out, and why."""

    path: str
    reason: Literal["not-dicom", "not-an-image", "unreadable"]
    detail: str = ""


class ScanResult(list["Series"]):
    """The series found by `scan`, and the files it left out.

    Attributes
    ----------
    skipped
        `SkippedFile` records of files that are not DICOM, not images, or not readable.
    """

    def __init__(self, series: Iterable[Series] = (), skipped: Iterable[SkippedFile] = ()) -> None:
        super().__init__(series)
        self.skipped: tuple[SkippedFile, ...] = tuple(skipped)


@dataclass(frozen=True)
class VolumePlan:
    """Slices that make one volume: what `radpix.load` would put together, known from the headers.

    Attributes
    ----------
    instances
        Sorted by position along the slices' normal, which is row direction x column direction.
    label
        What the slices are like, and what tells this volume from the others of its series.
    split
        The same by name: each dimension besides place in which the series was divided, the attribute, and its value
        in this volume. ``"occurrence"`` means that no attribute explains why positions repeat, and Instance Number
        alone says which images belong together.
    """

    instances: tuple[Instance, ...]
    label: str = ""
    split: tuple[Split, ...] = ()

    @property
    def series_uid(self) -> str:
        """The Series Instance UID."""
        return self.instances[0].series_instance_uid

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along (z, y, x), as (slices, rows, columns)."""
        first = self.instances[0]
        return len(self.instances), first.rows, first.columns

    @cached_property
    def affine(self) -> NDArray[np.float64] | None:
        """4 x 4 float64: (z, y, x, 1) to patient mm, LPS, of the slices stacked as they are; None without positions."""
        stack = Stack.of(self.instances)
        return None if stack is None else stack.affine

    @property
    def report(self) -> GeometryReport:
        """What is to be said about this volume's geometry."""
        return self._report

    @cached_property
    def _report(self) -> GeometryReport:
        return analyse(self.instances, is_guess=any(split.dimension == OCCURRENCE for split in self.split))

    def audit(self) -> GeometryReport:
        """Return `report`."""
        return self._report

    def __str__(self) -> str:
        return f"{len(self.instances)} slices, {self.label}"


@dataclass(frozen=True)
class Series:
    """The images of one DICOM series.

    Attributes
    ----------
    groups
        The images of each volume in it.
    """

    groups: tuple[Group, ...]

    @classmethod
    def of(
        cls,
        instances: Sequence[Instance],
        split_by: frozenset[str] = frozenset(),
        keep_together: frozenset[str] = frozenset(),
    ) -> Series:
        """Return the series of images.

        Parameters
        ----------
        instances
            At least one, all with the same Series Instance UID; that is not checked.
        split_by, keep_together
            As of `scan`, as sets of names that are taken as they are.

        Raises
        ------
        ValueError
            There is no image.
        """
        if not instances:
            raise ValueError("a series has at least one image")
        groups = group_by_traits(instances, split_by, keep_together)
        return cls(tuple(leaf for group in groups for leaf in split_repeats(group, keep_together)))

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """All images, volume by volume, each sorted by position."""
        return tuple(instance for group in self.groups for instance in group.instances)

    @property
    def uid(self) -> str:
        """The Series Instance UID."""
        return self.instances[0].series_instance_uid

    @property
    def study_uid(self) -> str:
        """The Study Instance UID."""
        return self.instances[0].study_instance_uid

    @property
    def number(self) -> int | None:
        """The Series Number, where there is one."""
        return self.instances[0].series_number

    @property
    def modality(self) -> str:
        """The Modality: ``"CT"``, ``"MR"``, ``"PT"``, ..."""
        return self.instances[0].modality

    @property
    def description(self) -> str:
        """The Series Description."""
        return self.instances[0].series_description

    @cached_property
    def _volumes(self) -> tuple[VolumePlan, ...]:
        return tuple(VolumePlan(group.instances, group.label, group.split) for group in self.groups)

    def volumes(self) -> list[VolumePlan]:
        """Return the volumes in the series, the largest first; one where the series is one volume.

        Images of another frame of reference, orientation, matrix, kind (localizer), stack, segment or complex
        component are volumes of their own, and so is each repetition of the same positions: time point, echo,
        b-value, ... `VolumePlan.split` names what was told apart by which attribute.
        """
        return list(self._volumes)

    def audit(self) -> GeometryReport:
        """Return what is wrong with the series as one volume, and with each volume in it."""
        plans = self._volumes
        if len(plans) == 1:
            return plans[0].report
        found = [found for plan in plans for found in plan.report.findings]
        return combine([*_mixtures(self.groups), *merge(found)], len(self.instances))

    def __str__(self) -> str:
        name = f"{self.modality} {self.description}".strip()
        return f"{name}: {len(self.instances)} images, {self.uid}"


_MIXED = {
    "image_type": ("mixed-image-type", "localizers or mosaics among the images"),
    "frame_of_reference": ("mixed-frame-of-reference", "several frames of reference"),
    "orientation": ("mixed-orientation", "several orientations"),
    "matrix": ("mixed-matrix", "several sizes, pixel spacings or kinds of pixels"),
    "values": ("mixed-values", "several modalities, units or kinds of rescale"),
}


def _mixtures(groups: Sequence[Group]) -> Iterator[Finding]:
    """Say in what the volumes of a series differ."""
    for trait, (code, words) in _MIXED.items():
        kinds: dict[object, list[Group]] = defaultdict(list)
        for group in groups:
            kinds[getattr(group.traits, trait)].append(group)
        if len(kinds) > 1:
            first = [same[0].instances[0] for same in kinds.values()]
            counts = ", ".join(str(sum(len(g.instances) for g in same)) for same in kinds.values())
            yield finding(
                code, "error", f"the series has {words} ({counts} images): {name_slices(first)}", first
            )
    repeats: dict[Traits, list[Group]] = defaultdict(list)
    for group in groups:
        repeats[group.traits].append(group)
    for same in repeats.values():
        if len(same) > 1:
            every = [instance for group in same for instance in group.instances]
            labels = "; ".join(group.label for group in same[:6]) + ("; ..." if len(same) > 6 else "")
            one_position = [group.instances[0] for group in same]
            yield finding(
                "duplicate-position",
                "error",
                f"the same positions occur {len(same)} times, such as {name_slices(one_position)}; as volumes they"
                f" are told apart by: {labels}",
                every,
                volumes=len(same),
            )
            yield from _incomplete(same)


def _incomplete(groups: Sequence[Group]) -> Iterator[Finding]:
    """Say which repetitions of the same positions have fewer slices: at the end of a stack, no gap tells of them."""
    whole = max(len(group.instances) for group in groups)
    short = [group for group in groups if len(group.instances) < whole]
    if short:
        counts = "; ".join(f"{group.label}: {len(group.instances)}" for group in short[:6])
        yield finding(
            "incomplete-repetition",
            "warning",
            f"{len(short)} of {len(groups)} volumes at the same positions lack slices, the others have {whole}:"
            f" {counts}" + ("; ..." if len(short) > 6 else ""),
            [instance for group in short for instance in group.instances],
            missing=sum(whole - len(group.instances) for group in short),
        )


def _images(path: str, result: Instance | Exception) -> tuple[Instance, ...] | SkippedFile:
    """Return the images in a file, or why it is left out."""
    if isinstance(result, NotDicomError) or (isinstance(result, OSError) and is_dangling(path)):
        return SkippedFile(path, "not-dicom")
    if isinstance(result, NotAnImageError):
        return SkippedFile(path, "not-an-image")
    if isinstance(result, Exception):
        return SkippedFile(path, "unreadable", f"{type(result).__name__}: {result}")
    if not (
        result.number_of_frames > 1
        or result.functional_groups
        or result.is_mosaic
        or result.modality == "RTDOSE"
    ):
        return (result,)
    try:
        return images_of(result)
    except (OSError, RadpixError) as error:
        return SkippedFile(path, "unreadable", f"{type(error).__name__}: {error}")


def scan(
    paths: PathLike | Iterable[PathLike],
    *,
    recursive: bool = True,
    progress: Progress | None = None,
    num_threads: int | None = None,
    split_by: Iterable[str] = (),
    keep_together: Iterable[str] = (),
) -> ScanResult:
    """Find the image series in files and folders, from the headers only.

    Parameters
    ----------
    paths
        A file, a folder, or several.
    recursive
        Whether to descend into folders below.
    progress
        Called as ``progress(files done, files in all)``.
    num_threads
        Files read at once. Default: `radpix.get_num_threads`.
    split_by
        Dimensions that make volumes of their own wherever images differ in them, also where no position repeats:
        ``"localizer"``, ``"frame_of_reference"``, ``"stack"``, ``"segment"``, ``"component"`` (which do anyway),
        ``"time"``, ``"time_offset"``, ``"echo_time"``, ``"echo"``, ``"inversion_time"``, ``"b_value"``,
        ``"gradient"``, ``"rr_interval"``, ``"cardiac_phase"``, ``"respiratory_phase"``, ``"trigger_time"``,
        ``"frame_reference_time"``, ``"contrast_phase"``, ``"energy"``, ``"energy_window"``, ``"detector"``,
        ``"image_type"``, ``"acquisition"``, ``"acquisition_time"``, ``"content_time"``.
    keep_together
        Dimensions by which nothing is split; also ``"dimension_index"``, what an enhanced object counts by its
        Dimension Index Values where no attribute explains it, and ``"occurrence"``, the last resort of
        `VolumePlan.split`. Positions that repeat for no other reason are then a finding of the volume.

    Returns
    -------
    ScanResult
        A list of `Series` in the order of study, Series Number and UID; empty where there is no image. Its
        ``skipped`` holds the files left out.

    Raises
    ------
    FileNotFoundError
        A path does not exist.
    ValueError
        ``split_by`` or ``keep_together`` names what is no dimension.

    Warns
    -----
    RadpixWarning
        With code ``"unreadable-file"``, once: files that are DICOM and cannot be read, folders that cannot be, and
        files that are named as the images are and hold nothing.

    Examples
    --------
    >>> import tempfile
    >>> import radpix
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     radpix.scan(folder)
    []
    """
    threads = thread_count(num_threads)
    rules = check_names(split_by, "split_by"), check_names(keep_together, "keep_together")
    files, closed = list_files(paths, recursive=recursive)
    found: list[Instance] = []
    skipped = [SkippedFile(folder, "unreadable", reason) for folder, reason in closed]
    for done, (path, result) in enumerate(zip(files, read_headers(files, threads), strict=True), 1):
        images = _images(path, result)
        if isinstance(images, SkippedFile):
            skipped.append(images)
        else:
            found += images
        if progress is not None:
            progress(done, len(files))
    skipped = _cut_short(skipped, found)
    _warn_unreadable(skipped)
    return ScanResult(series_of(found, *rules), skipped)


def series_of(
    images: Iterable[Instance],
    split_by: frozenset[str] = frozenset(),
    keep_together: frozenset[str] = frozenset(),
) -> list[Series]:
    """Return the series that images belong to, in the order of study, Series Number and UID."""
    by_series: dict[tuple[str, str], list[Instance]] = defaultdict(list)
    for image in images:
        by_series[image.study_instance_uid, image.series_instance_uid].append(image)
    series = [Series.of(same, split_by, keep_together) for same in by_series.values()]
    return sorted(series, key=lambda one: (one.study_uid, one.number or 0, one.uid))


def _cut_short(skipped: Sequence[SkippedFile], images: Sequence[Instance]) -> list[SkippedFile]:
    """Call files "unreadable" that are named as the images are and end in front of the prefix DICM.

    A disk that was full leaves such files, and a data set of which not all was fetched leaves links to nothing: at the
    end of a stack, nothing else would tell that slices are lost.
    """
    if not any(file.reason == "not-dicom" for file in skipped):
        return list(skipped)
    kinds = {_kind(image.path) for image in images}

    def judged(file: SkippedFile) -> SkippedFile:
        kind = _kind(file.path)
        if file.reason != "not-dicom" or kind not in kinds or Path(file.path).name.startswith("."):
            return file
        if is_dangling(file.path):
            return SkippedFile(file.path, "unreadable", "a link to nothing; obtain the file")
        size = Path(file.path).stat().st_size
        if size > (_PREFIX_END if kind else 0):
            return file
        return SkippedFile(file.path, "unreadable", f"the file has {size} bytes; obtain it again")

    return [judged(file) for file in skipped]


def _kind(path: str) -> str:
    """Return the suffix, empty for none and for the last component of a UID."""
    suffix = Path(path).suffix.lower()
    return "" if suffix[1:].isdigit() else suffix


def _warn_unreadable(skipped: Sequence[SkippedFile]) -> None:
    unreadable = [file for file in skipped if file.reason == "unreadable"]
    if unreadable:
        shown = "; ".join(f"{file.path} ({file.detail})" for file in unreadable[:5])
        more = f"; and {len(unreadable) - 5} more" if len(unreadable) > 5 else ""
        message = f"left out {len(unreadable)} unreadable DICOM files or folders: {shown}{more}"
        warnings.warn(RadpixWarning(message, "unreadable-file"), stacklevel=3)
