"""Conditions: what the fields satisfy on boundaries, at the start, between subdomains and at observed points.

A condition states its residual; where it is evaluated and how it is weighted is the form's affair. Soft conditions
enter the loss, hard ones are built into the trial functions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from kinn.calculus import grad
from kinn.errors import InputError, unknown
from kinn.fields import Field, Points

#: The fields of one subdomain by name.
Traces = Mapping[str, Field]

ENFORCEMENTS = ("soft", "hard")


@dataclass(frozen=True)
class Condition(ABC):
    """A relation that the fields satisfy somewhere.

    Attributes:
        field: The name of the field it is about.
    """

    #: The word that names the kind in messages and records.
    kind: ClassVar[str]
    #: How many subdomains meet in it.
    sides: ClassVar[int] = 1

    field: str

    @property
    def label(self) -> str:
        """What messages and records call the condition."""
        where = getattr(self, "on", None)
        return f"{self.kind}({self.field!r}, on={where!r})" if where else f"{self.kind}({self.field!r})"

    @abstractmethod
    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return the residuals, zero where the condition holds.

        Args:
            traces: The fields by name, of each of the `sides` subdomains that meet here.
            p: The points, with normals on boundaries (outward from the first subdomain).
        """


@dataclass(frozen=True)
class BoundaryCondition(Condition):
    """A condition on a named boundary.

    Attributes:
        on: The name of the boundary.
        enforce: "soft" (weighted in the loss) or "hard" (built into the trial function).
        weight: The factor of its square in the loss, relative to the default: a number, or a function of the
            coordinates (to balance a residual that is singular somewhere).
    """

    _: KW_ONLY
    on: str
    enforce: str = "soft"
    weight: float | Callable[..., Any] = 1.0

    def __post_init__(self) -> None:
        if self.enforce not in ENFORCEMENTS:
            raise unknown("enforcement", self.enforce, ENFORCEMENTS, self.label)
        _check_weight(self.weight, self.label)


@dataclass(frozen=True)
class Dirichlet(BoundaryCondition):
    """The field takes a value on a boundary: u = value.

    Attributes:
        value: A number, or a function of the coordinates.
    """

    kind: ClassVar[str] = "Dirichlet"

    value: Any

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return u - value."""
        return [traces[0][self.field] - p.field(self.value, f"the value of {self.label}")]


@dataclass(frozen=True)
class Neumann(BoundaryCondition):
    """The normal derivative takes a value on a boundary: n . grad u = flux, n the outward unit normal.

    Attributes:
        flux: A number, or a function of the coordinates.
    """

    kind: ClassVar[str] = "Neumann"

    flux: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.enforce == "hard":
            raise InputError(f"{self.label} cannot be enforced hard; hard enforcement is for Dirichlet and Initial")

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return n . grad u - flux."""
        return [grad(traces[0][self.field]) @ p.n - p.field(self.flux, f"the flux of {self.label}")]


@dataclass(frozen=True)
class Initial(BoundaryCondition):
    """The field, or a time derivative of it, takes a value at the start.

    Attributes:
        value: A number, or a function of the coordinates.
        derivative: "" for the field itself, "t" for its rate.
    """

    kind: ClassVar[str] = "Initial"

    value: Any
    _: KW_ONLY
    on: str = "initial"
    derivative: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.derivative and self.enforce == "hard":
            raise InputError(f"{self.label} on a derivative cannot be enforced hard; only the value can")

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return the field (or its derivative) minus the value."""
        u = traces[0][self.field]
        rate = getattr(u, self.derivative) if self.derivative else u
        return [rate - p.field(self.value, f"the value of {self.label}")]


@dataclass(frozen=True)
class Interface(BoundaryCondition):
    """Two subdomains meet: jumps of the field and of its normal derivative, first subdomain minus second.

    Attributes:
        value: The jump of the field; None to leave it free.
        flux: The jump of the normal derivative; None to leave it free.
        coefficients: Factors of the normal derivatives on the two sides (conductivities, say).
    """

    kind: ClassVar[str] = "Interface"
    sides: ClassVar[int] = 2

    _: KW_ONLY
    value: Any = 0.0
    flux: Any = 0.0
    coefficients: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.enforce == "hard":
            raise InputError(f"{self.label} cannot be enforced hard; hard enforcement is for Dirichlet and Initial")

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return the jump of the value and the jump of the flux, each minus what it should be."""
        first, second = (trace[self.field] for trace in traces)
        out = []
        if self.value is not None:
            out.append(first - second - p.field(self.value, f"the value of {self.label}"))
        if self.flux is not None:
            a, b = self.coefficients
            jump = a * (grad(first) @ p.n) - b * (grad(second) @ p.n)
            out.append(jump - p.field(self.flux, f"the flux of {self.label}"))
        return out


@dataclass(frozen=True, eq=False)
class Observation(Condition):
    """The field was measured at points.

    Attributes:
        points: A `N x d` array.
        values: A `N` array.
        weight: The factor of the mean square in the loss, relative to the default.
    """

    kind: ClassVar[str] = "Observation"

    points: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    _: KW_ONLY
    weight: float = 1.0

    def __post_init__(self) -> None:
        points = np.asarray(self.points, dtype=np.float64)
        points = points[:, None] if points.ndim == 1 else points
        values = np.asarray(self.values, dtype=np.float64)
        if points.ndim != 2 or len(points) == 0 or values.shape != (len(points),):
            raise InputError(
                f"{self.label} needs points (N, d) and values (N,) with N >= 1, not {points.shape} and {values.shape}"
            )
        if not (np.isfinite(points).all() and np.isfinite(values).all()):
            raise InputError(f"{self.label} holds data that is not finite")
        _check_weight(self.weight, self.label)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "values", values)

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return u - values."""
        return [traces[0][self.field] - p.field(p.observed, f"the values of {self.label}")]


def _check_weight(weight: float | Callable[..., Any], label: str) -> None:
    if not callable(weight) and not (np.isfinite(weight) and weight > 0):
        raise InputError(f"the weight of {label} is positive and finite, not {weight}")
