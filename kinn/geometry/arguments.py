"""Checks of what a user gives a shape: each raises one clear line, so that the shapes themselves stay readable."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Sequence
from keyword import iskeyword
from typing import Any

import numpy as np

from kinn.errors import InputError
from kinn.geometry.types import Array


def number(value: Any, what: str) -> float:
    """The `value` as a finite float, or raise InputError that names it as `what`."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{what} must be a number, got {value!r}") from None
    if not math.isfinite(result):
        raise InputError(f"{what} must be finite, got {result}")
    return result


def positive(value: Any, what: str) -> float:
    """The `value` as a finite float greater than zero, or raise InputError."""
    result = number(value, what)
    if result <= 0:
        raise InputError(f"{what} must be positive, got {result:g}")
    return result


def point(value: Any, what: str, dim: int | None = None) -> tuple[float, ...]:
    """The `value` as a tuple of finite floats (of length `dim` where that is given), or raise InputError."""
    if isinstance(value, numbers.Real):
        value = (value,)
    try:
        items = list(value)
    except TypeError:
        raise InputError(f"{what} must be a sequence of numbers, got {value!r}") from None
    if not items or (dim is not None and len(items) != dim):
        raise InputError(f"{what} needs {dim or 'some'} coordinates, got {len(items)}")
    return tuple(number(item, what) for item in items)


def loop(points: Any, what: str) -> list[tuple[float, ...]]:
    """Points (x, y) of a closed line, without the last one where it repeats the first, or raise InputError."""
    found = [point(value, what, 2) for value in points]
    return found[:-1] if len(found) > 3 and found[-1] == found[0] else found


def integer(value: Any, what: str, least: int) -> int:
    """The `value` as an integer of at least `least`, or raise InputError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise InputError(f"{what} must be an integer, got {value!r}")
    if int(value) < least:
        raise InputError(f"{what} must be at least {least}, got {value}")
    return int(value)


def label(value: Any, what: str = "the name of a shape") -> str:
    """The `value` as a name, a string that is not blank, or raise InputError."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{what} must be a non-empty string, got {value!r}")
    return value


def axis_names(names: Sequence[Any], dim: int) -> None:
    """Raise InputError unless these are names for `dim` coordinates of space, by which derivatives can be spelled."""
    if len(names) != dim:
        raise InputError(f"a shape in {dim} dimensions has {dim} coordinates to name, got {len(names)}: {names}")
    for name in names:
        if not isinstance(name, str) or not name.isidentifier() or iskeyword(name) or name == "t":
            raise InputError(f'the coordinate {name!r} is no name, a word such as "r", or is the time "t"')
    for name in names:
        others = "|".join(other for other in names if other != name)
        if len(set(names)) < dim or (others and re.fullmatch(f"(?:{others})+", name)):
            raise InputError(f"the coordinate {name!r} can be read as another one, or several: {', '.join(names)}")


def points(values: Any, coordinates: Sequence[str]) -> Array:
    """The `values` as an (N, d) float64 array whose columns are the `coordinates`, or raise InputError."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != len(coordinates):
        raise InputError(
            f"points must be an (N, {len(coordinates)}) array ({', '.join(coordinates)}), got {array.shape}"
        )
    return array
