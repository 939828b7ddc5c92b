"""Every public name says what it is; every function what it gives back, in which shape and type, and what it raises."""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cached_property
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The modules whose ``__all__`` is the public API; all others serve these.
MODULES = (
    "radpix",
    "radpix.errors",
    "radpix.exchange",
    "radpix.limits",
    "radpix.presentation",
    "radpix.pydicom_plugin",
    "radpix.series",
    "radpix.threads",
)

#: Special methods that a caller meets by their names; object's own are documented by Python.
SPECIAL = frozenset({"__array__", "__dlpack__", "__dlpack_device__"})

SHAPE = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)|\d x \d|of the (?:pixels|positions|indices)|shape")
DTYPE = re.compile(r"\b(?:u?int(?:8|16|32|64)|float(?:32|64)|bool|dtype|type)\b")
MEASURE = re.compile(r"\b(?:mm|degrees|radians|pixels|voxels|[Ii]nd(?:ex|ices)|number|count|HU|[Uu]nit)\b")


def callables_of(name: str, item: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is documented for one public name: itself, and the public members of a class."""
    if isinstance(item, FunctionType):
        yield name, item
    if not inspect.isclass(item) or not item.__module__.startswith("radpix"):
        return
    yield name, item
    for key, member in vars(item).items():
        if key.startswith("_") and key not in SPECIAL:
            continue
        if isinstance(member, (property, cached_property, classmethod, staticmethod, FunctionType)):
            yield f"{name}.{key}", member


def public_items() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            item = getattr(module, name)
            if not isinstance(item, ModuleType):
                found.update(callables_of(name if module_name == "radpix" else f"{module_name}.{name}", item))
    return found


ITEMS = public_items()


def function_of(item: Any) -> FunctionType | None:
    """Return the function behind a method or property, None for a class."""
    if isinstance(item, property):
        item = item.fget
    elif isinstance(item, cached_property):
        item = item.func
    elif isinstance(item, (classmethod, staticmethod)):
        item = item.__func__
    return item if isinstance(item, FunctionType) else None


def faults_of(item: Any) -> list[str]:
    """Return what the docstring lacks."""
    function = function_of(item)
    text = inspect.getdoc(function or item) or ""
    if not text or text.startswith(f"{getattr(item, '__name__', '')}("):  # that of a dataclass is made up
        return ["docstring"]
    if function is None:
        return []
    signature = inspect.signature(function)
    returned = str(signature.return_annotation)
    is_property = isinstance(item, (property, cached_property))
    takes = [one for one in signature.parameters if one not in {"self", "cls"}]
    result = re.search(r"^Returns\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", text, re.MULTILINE | re.DOTALL)
    told = result.group(1) if result else text
    faults = []
    if (
        returned != "None"
        and not is_property
        and not re.search(r"^(?:Return |Share )|^Returns\n---|^Yields\n---", text, re.MULTILINE)
    ):
        faults.append("Returns")
    if takes and not re.search(r"^Raises\n------\n", text, re.MULTILINE):
        faults.append("Raises")
    if "NDArray" in returned and not (SHAPE.search(told) and DTYPE.search(told)):
        faults.append("shape and dtype")
    if re.match(r"float\b|tuple\[float|tuple\[int", returned) and not MEASURE.search(told):
        faults.append("unit")
    return faults


@pytest.mark.parametrize("name", ITEMS)
def test_a_public_name_is_documented(name: str) -> None:
    assert faults_of(ITEMS[name]) == []


def test_the_public_names_are_found() -> None:
    assert len(ITEMS) > 130
    assert {
        "Volume.crop",
        "Plane.normal",
        "Series.of",
        "read_nifti",
        "radpix.threads.set_num_threads",
    } <= set(ITEMS)


def test_a_docstring_that_lacks_something_is_found() -> None:
    def silent(volume: Any) -> float:
        return float(volume)

    assert faults_of(silent) == ["docstring"]
    silent.__doc__ = "Turn a volume into one value."
    assert faults_of(silent) == ["Returns", "Raises", "unit"]
    silent.__doc__ = "Return a length in mm.\n\nRaises\n------\nTypeError\n    Not a volume."
    assert faults_of(silent) == []
