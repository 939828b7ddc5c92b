"""Plans for objects that are described alike: whatever differs in one attribute is shown as if there were no plan."""

from __future__ import annotations

import sys
import threading
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from tests.python import display_objects as made
from tests.python import objects

import radpix
from radpix._display import plans as _plans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: The function of the same name hides it.
MODULE = sys.modules["radpix.display"]

CT = (objects.noise((20, 30), "uint16", stored=12) >> 1) + 5
SIGNED = objects.noise((20, 30), "int16")


def ct(**attributes: Any) -> Dataset:
    terms: dict[str, Any] = {
        "WindowCenter": 40,
        "WindowWidth": 400,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
    }
    return made.image(CT, stored=12, **(terms | attributes))


def deleted(*keywords: str) -> Callable[[Dataset], None]:
    def delete(dataset: Dataset) -> None:
        for keyword in keywords:
            delattr(dataset, keyword)

    return delete


def changed(**attributes: Any) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)

    return change


def with_pixels(values: Any) -> Callable[[Dataset], None]:
    return lambda dataset: setattr(
        dataset, "PixelData", values if isinstance(values, bytes) else values.tobytes()
    )


def with_high_bits(dataset: Dataset) -> None:
    dataset.PixelData = (CT | 0x5000).tobytes()


def with_overlay(dataset: Dataset) -> None:
    made.add_overlay(dataset, CT > 1000)


def with_supplemental_palette(dataset: Dataset) -> None:
    made.add_palette(dataset, [bytes(range(256))] * 3, [256, 1800, 8])
    dataset.PixelPresentation = "COLOR"


def group(**attributes: Any) -> Dataset:
    item = Dataset()
    item.FrameVOILUTSequence = [made.voi_item(**attributes)]
    return item


#: What one object has that its sibling, whose plan there is, has not.
DIFFERENCES: dict[str, Callable[[Dataset], None]] = {
    "nothing": changed(),
    "a window": changed(WindowCenter=41),
    "windows": changed(WindowCenter=[1, 2], WindowWidth=[300, 400]),
    "no window": deleted("WindowCenter", "WindowWidth"),
    "more centers than widths": changed(WindowCenter=[1, 2]),
    "a width of 0": changed(WindowWidth=0),
    "a function": changed(VOILUTFunction="SIGMOID"),
    "an unknown function": changed(VOILUTFunction="CUBIC"),
    "a slope": changed(RescaleSlope="1.5"),
    "no slope": deleted("RescaleSlope"),
    "polarity": changed(PhotometricInterpretation="MONOCHROME1"),
    "a shape": changed(PresentationLUTShape="INVERSE"),
    "fewer bits": changed(BitsStored=11, HighBit=10),
    "a high bit": changed(HighBit=15),
    "signed pixels": changed(PixelRepresentation=1),
    "no sign": deleted("PixelRepresentation"),
    "values beyond Bits Stored": with_high_bits,
    "padding": changed(PixelPaddingValue=int(CT[0, 0])),
    "a padding range": changed(PixelPaddingValue=0, PixelPaddingRangeLimit=900),
    "padding that is absent": changed(PixelPaddingValue=0),
    "other rows": changed(Rows=10, Columns=60),
    "fewer rows": changed(Rows=19),
    "more rows": changed(Rows=21),
    "frames": changed(NumberOfFrames=2, Rows=10),
    "a class": changed(SOPClassUID="1.2.840.10008.5.1.4.1.1.12.1", PixelIntensityRelationship="LOG"),
    "a relationship": changed(PixelIntensityRelationship="LOG"),
    "a VOI LUT": lambda dataset: setattr(dataset, "VOILUTSequence", [made.lut([5] * 9, 0, 8)]),
    "a Modality LUT": lambda dataset: setattr(dataset, "ModalityLUTSequence", [made.lut([5] * 9, 0, 8)]),
    "an overlay": with_overlay,
    "a shutter": changed(
        ShutterShape="CIRCULAR", CenterOfCircularShutter=[10, 10], RadiusOfCircularShutter=5
    ),
    "a supplemental palette": with_supplemental_palette,
    "functional groups": changed(PerFrameFunctionalGroupsSequence=[group(WindowCenter=1, WindowWidth=99)]),
    "a shared group": changed(SharedFunctionalGroupsSequence=[group(WindowCenter=1, WindowWidth=99)]),
    "short data": with_pixels(CT.tobytes()[:-4]),
    "long data": with_pixels(CT.tobytes() + b"\0\0"),
    "an empty window": changed(WindowCenter=None),
}


@pytest.fixture(autouse=True)
def plans() -> Iterator[None]:
    _plans._PLANS.clear()
    yield
    _plans._PLANS.clear()


def as_bytes(dataset: Dataset) -> bytes:
    file = BytesIO()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def source_of(dataset: Dataset, kind: str, folder: Path) -> Any:
    if kind == "data set":
        return dataset
    data = as_bytes(dataset)
    if kind == "bytes":
        return data
    if kind == "read data set":
        return dcmread(BytesIO(data))
    path = folder / "image.dcm"
    path.write_bytes(data)
    return path


def outcome(source: Any, **arguments: Any) -> tuple[Any, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result: Any = radpix.display(source, **arguments)
        except Exception as error:
            result = type(error), str(error)
    return result, [w.message.code for w in caught if isinstance(w.message, radpix.RadpixWarning)]


def assert_same(source: Any, monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> None:
    """Show something three times and once more without plans."""
    found = [outcome(source, **arguments) for _ in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(MODULE, "shown_by_plan", lambda *_: None)
        wanted = outcome(source, **arguments)
    for image, codes in found:
        assert codes == wanted[1]
        np.testing.assert_equal(image, wanted[0])


@pytest.mark.parametrize("kind", ["data set", "read data set", "bytes", "file"])
@pytest.mark.parametrize("difference", DIFFERENCES)
def test_a_plan_is_for_those_that_are_described_alike(
    difference: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):  # a data set's elements are converted when they are first read
        radpix.display(source_of(ct(), kind, tmp_path))
    assert len(_plans._PLANS) in {1, 2}
    other = ct()
    DIFFERENCES[difference](other)
    assert_same(source_of(other, kind, tmp_path), monkeypatch)


@pytest.mark.parametrize("kind", ["data set", "bytes", "file"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize(
    "pixels",
    [CT, SIGNED, CT.astype(np.uint8), CT.astype(np.uint32)],
    ids=["uint16", "int16", "uint8", "uint32"],
)
def test_plans_show_what_is_shown_without(
    pixels: Any, dtype: Any, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = made.image(pixels, WindowCenter=[40, 1000], WindowWidth=[400, 3000])
    source = source_of(dataset, kind, tmp_path)
    for window in (
        None,
        0,
        1,
        2,
        (40, 400),
        radpix.Window(40, 400, "SIGMOID"),
        "bone",
        True,
        (1, 2, 3),
        [1, 2],
    ):
        assert_same(source, monkeypatch, window=window, dtype=dtype, num_threads=2)
    assert len(_plans._PLANS) == 5


def test_what_has_been_seen_is_shown_by_its_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [source_of(ct(), kind, tmp_path) for kind in ("data set", "bytes", "file")]
    wanted = [radpix.display(source) for source in sources * 2]
    monkeypatch.setattr(MODULE, "decode", None)
    for source, image in zip(sources, wanted, strict=False):
        found = radpix.display(source)
        np.testing.assert_array_equal(found, image)
        assert found.flags.writeable


def test_frames_are_found_by_plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = np.stack([CT, CT // 2, CT // 3])
    dataset = made.image(frames, frames=3, stored=12, WindowCenter=500, WindowWidth=1000)
    for kind in ("data set", "bytes", "file"):
        source = source_of(dataset, kind, tmp_path)
        for index in (0, 1, 2, -1, -3, 3, -4):
            assert_same(source, monkeypatch, index=index)


def test_limits_hold_for_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    source = as_bytes(ct())
    radpix.display(source)
    for limit in ("max_pixels_per_frame", "max_bytes_per_call"):
        with monkeypatch.context() as patched:
            patched.setattr(radpix.limits, limit, 599)
            with pytest.raises(radpix.LimitError):
                radpix.display(source)


def test_windows_of_pixels_are_no_plan() -> None:
    dataset = ct()
    del dataset.WindowCenter, dataset.WindowWidth
    radpix.display(dataset)
    assert not _plans._PLANS


def test_plans_do_not_pile_up() -> None:
    dataset = ct()
    for center in range(600):
        radpix.display(dataset, window=(center, 100))
    assert 0 < len(_plans._PLANS) <= 256
    dataset.WindowCenter, dataset.WindowWidth = [float(one) for one in range(200)], [9.0] * 200
    data = as_bytes(dataset)
    _plans._PLANS.clear()
    radpix.display(data)
    assert not _plans._PLANS


def test_attributes_that_are_repeated_make_no_key() -> None:
    data = as_bytes(ct())
    place = data.index(b"\x28\x00\x50\x10DS")
    length = 8 + int.from_bytes(data[place + 6 : place + 8], "little")
    often = data[:place] + data[place : place + length] * 100 + data[place + length :]
    np.testing.assert_array_equal(radpix.display(often), radpix.display(data))
    assert len(_plans._PLANS) == 1


def test_data_that_goes_on_behind_the_pixels_is_read_by_pydicom(monkeypatch: pytest.MonkeyPatch) -> None:
    data = as_bytes(ct())
    radpix.display(data)
    late = Dataset()
    late.add_new(0xFFFCFFFC, "OB", b"\0\0")
    file = BytesIO()
    late.save_as(file, implicit_vr=False, little_endian=True)
    assert_same(data + file.getvalue(), monkeypatch)


def test_threads_share_plans() -> None:
    dataset = ct()
    wanted = radpix.display(dataset)
    results: list[Any] = []
    workers = [threading.Thread(target=lambda: results.append(radpix.display(dataset))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 8
    assert all(np.array_equal(one, wanted) for one in results)
