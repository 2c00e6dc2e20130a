"""What a solution of a problem shows beside its fields: deformed shapes, stresses, lines, units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

#: The two ends of a line, d numbers each.
Ends: TypeAlias = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Postprocess:
    """What figures and files show beside fields and errors.

    Attributes:
        displacement: The fields that are a displacement, in the order of the coordinates in space: files have it as a vector, and
            a figure shows the deformed shape.
        stress: A function that is called as a residual and returns the rows of the stress, for files.
        lines: Straight lines by name, each by its two ends, along which all fields are drawn beside the solution known.
        units: The units of coordinates, fields and what is derived, by name, for labels.
    """

    displacement: Sequence[str] = ()
    stress: Callable[..., Any] | None = None
    lines: Mapping[str, Ends] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
