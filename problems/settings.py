"""Checks of settings that several problems share."""

from __future__ import annotations

from math import isfinite
from operator import index

from kinn.errors import InputError


def whole_number(problem: str, setting: str, value: int, lowest: int, highest: int | None = None) -> None:
    """Refuse what is not a whole number within bounds: half a wave too much, and the exact solution is none.

    Raises:
        InputError: If the value is not whole or lies outside [lowest, highest].
    """
    try:
        index(value)
    except TypeError:
        raise InputError(f"{setting} of {problem} is a whole number, not {value}") from None
    if value < lowest or (highest is not None and value > highest):
        bounds = f"at least {lowest}" if highest is None else f"{lowest} to {highest}"
        raise InputError(f"{setting} of {problem} is {bounds}, not {value}")


def finite_number(problem: str, setting: str, value: float) -> None:
    """Refuse infinities and NaN.

    Raises:
        InputError: If the value is not finite.
    """
    if not isfinite(value):
        raise InputError(f"{setting} of {problem} is a finite number, not {value}")
