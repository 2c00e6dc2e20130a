"""What every condition is: a relation between fields that holds somewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from kinn.errors import InputError, unknown
from kinn.fields import Field, Points
from kinn.geometry import Geometry

#: The fields of one subdomain by name.
Traces: TypeAlias = Mapping[str, Field]

ENFORCEMENTS = ("soft", "hard")

#: The factor of a condition's square in the loss, relative to the default: a number, or a function of the coordinates
#: (to balance a residual that is singular somewhere).
Weight: TypeAlias = float | Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Condition(ABC):
    """A relation that the fields satisfy somewhere."""

    #: The word that names the kind in messages and records.
    kind: ClassVar[str]

    @property
    def label(self) -> str:
        """What messages and records call the condition."""
        field, where = (getattr(self, name, None) for name in ("field", "on"))
        parts = [repr(field)] * (field is not None) + [f"on={where!r}"] * (where is not None)
        return f"{self.kind}({', '.join(parts)})"

    @property
    def about(self) -> tuple[str, ...]:
        """The names of the fields it is about, as far as it names them."""
        field = getattr(self, "field", None)
        return () if field is None else (field,)

    def groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """Return the groups of subdomains that it is evaluated in; those of a group take part together.

        Raises:
            InputError: If it holds on a boundary that there is not, or between subdomains that do not meet in it.
        """
        return tuple((name,) for name in subdomains)

    @abstractmethod
    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return the residuals, zero where the condition holds.

        Args:
            traces: The fields by name, of each subdomain of the group.
            p: The points, with normals on boundaries (outward from the first subdomain).
        """


@dataclass(frozen=True)
class BoundaryCondition(Condition):
    """A condition on a field on a named boundary.

    Attributes:
        field: The name of the field.
        on: The name of the boundary.
        enforce: "soft" (weighted in the loss) or "hard" (built into the trial function).
        weight: See `Weight`.
    """

    field: str
    _: KW_ONLY
    on: str
    enforce: str = "soft"
    weight: Weight = 1.0

    def __post_init__(self) -> None:
        check_enforcement(self.enforce, self.label)
        check_weight(self.weight, self.label)

    def groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """Return each subdomain that has the boundary."""
        return tuple((name,) for name in having(subdomains, self.on))


def having(subdomains: Mapping[str, Geometry], boundary: str) -> tuple[str, ...]:
    """Return the names of the subdomains that have a boundary.

    Raises:
        InputError: If none has; the line names the nearest boundary.
    """
    found, failure = [], None
    for name, geometry in subdomains.items():
        try:
            geometry.boundary(boundary)
        except InputError as error:
            failure = error
        else:
            found.append(name)
    if failure is not None and not found:
        raise failure
    return tuple(found)


def check_enforcement(enforce: str, label: str, *, hard: bool = True) -> None:
    """Refuse an enforcement that there is not, and "hard" where `hard` is not to be had."""
    if enforce not in ENFORCEMENTS:
        raise unknown("enforcement", enforce, ENFORCEMENTS, label)
    if enforce == "hard" and not hard:
        raise InputError(f"{label} cannot be enforced hard: enforce it soft")


def check_weight(weight: Weight, label: str) -> None:
    """Refuse a weight that is no positive number."""
    if not callable(weight) and not (np.isfinite(weight) and weight > 0):
        raise InputError(f"the weight of {label} is positive and finite, not {weight}")
