"""The axes of a sweep: which settings there are, and all combinations of their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from kinn.errors import InputError, unknown
from kinn.experiments.specification import Axes
from kinn.runs.settings import PARTS
from kinn.training_options import option_kinds

#: What a sweep may set beside the settings of parts, as `[study]` does for all.
PLAIN = (
    "points",
    "budget",
    "iterations",
    "dtype",
    "clock",
    *(name for name, kind in option_kinds().items() if kind.scalar),
)

#: The parts whose settings carry their name in front.
PREFIXES = ("problem", *PARTS)


def combinations(sweep: Axes, groups: Iterable[Axes]) -> list[dict[str, Any]]:
    """Return every combination of values by name: the lists of the sweep crossed, those of each group gone through together.

    Raises:
        InputError: If a name is none of a setting, or stands in two places.
    """
    groups = list(groups)
    names = [*sweep, *(name for group in groups for name in group)]
    for name in names:
        _check(name)
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"{min(twice)} is swept twice")
    axes = [[{name: value} for value in values] for name, values in sweep.items()]
    axes += [
        [dict(zip(group, values, strict=True)) for values in zip(*group.values(), strict=True)] for group in groups
    ]
    return [{name: value for part in parts for name, value in part.items()} for parts in product(*axes)]


def _check(name: str) -> None:
    part, dot, _ = name.partition(".")
    if dot and part not in PREFIXES:
        raise unknown("part", part, PREFIXES, f"the sweep of {name!r}")
    if not dot and name not in PLAIN:
        raise unknown("setting", name, [*PLAIN, *(f"{prefix}.NAME" for prefix in PREFIXES)], "a sweep")


def of_part(values: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return the values that go to a part, by the names it has for them."""
    return {name.removeprefix(f"{part}."): value for name, value in values.items() if name.startswith(f"{part}.")}
