"""Output of a solution beside its fields: deformed shapes, stresses, lines, units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kinn.errors import InputError, check_name, unknown

#: The two ends of a line, d numbers each.
Ends: TypeAlias = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Postprocess:
    """What figures and files show beside fields and errors.

    Attributes:
        displacement: The fields that are a displacement, in the order of the coordinates in space: files have it as a vector,
            and a figure shows the deformed shape.
        stress: A function that is called as a residual and returns the rows of the stress, for files.
        lines: Straight lines by name, each by its two ends, along which all fields are drawn beside the exact or reference solution.
        units: The units of coordinates, fields and derived fields, by name, for labels.
    """

    displacement: Sequence[str] = ()
    stress: Callable[..., Any] | None = None
    lines: Mapping[str, Ends] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def check(self, fields: Sequence[str], space: Sequence[str], known: Sequence[str], where: str) -> None:
        """Check that the displacement and the units are those of fields that there are.

        Args:
            fields: The names of the fields.
            space: The names of the coordinates in space.
            known: The names of all that may have a unit.
            where: Whose output it is, for messages.

        Raises:
            InputError: Names what is not there.
        """
        for name in self.displacement:
            check_name("field", name, fields, where)
        if self.displacement and len(self.displacement) != len(space):
            raise InputError(
                f"{where} has a displacement of {len(self.displacement)} components in {len(space)} coordinates"
            )
        for name in self.units:
            if name not in known:
                raise unknown("coordinate, field or derived field", name, known, where)
