"""Conditions at single points: prescribed values, and measurements."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from kinn.conditions.condition import Condition
from kinn.conditions.types import TimeWindow, Traces
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry.types import Array, Mask


@dataclass(frozen=True, eq=False)
class PointCondition(Condition):
    """A condition on a field at single points."""

    field: str

    @property
    @abstractmethod
    def locations(self) -> Array:
        """The points (N, d)."""

    @abstractmethod
    def at_rows(self, rows: Mask) -> Self:
        """Condition at some of its points, those where `rows` (N,) is true."""

    def in_window(self, window: TimeWindow) -> Condition | None:
        t = self.locations[:, window.axis]
        start, end = window.span
        inside = (start <= t) & ((t <= end) if window.last else (t < end))
        return self.at_rows(inside) if inside.any() else None


@dataclass(frozen=True, eq=False)
class PointValue(PointCondition):
    """The field, or a derivative of it, takes a value at points: a pressure that is fixed at one, a load at another.

    Attributes:
        value: A number, or a function of coordinates.
        at: One point, d numbers, or several, `N x d`.
        derivative: "" for the field itself, "x" or "xy" for a derivative of it.
        weight: The factor of the mean square in the loss, relative to the default.
    """

    data_names: ClassVar[tuple[str, ...]] = ("value",)

    value: Any
    _: KW_ONLY
    at: Any
    derivative: str = ""
    weight: float = 1.0

    def __post_init__(self) -> None:
        at = np.atleast_2d(_finite(self.at, self.label))
        if at.ndim != 2 or at.size == 0:
            raise InputError(f"{self.label} is given at a point (d,) or at points (N, d), not {at.shape}")
        super().__post_init__()
        object.__setattr__(self, "at", at)

    @property
    def locations(self) -> Array:
        return np.asarray(self.at)

    def at_rows(self, rows: Mask) -> Self:
        return replace(self, at=self.locations[rows])

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        return [traces[0][self.field].derivative(self.derivative) - self.datum("value", p)]

    def essential_part(self) -> Condition:
        if self.derivative:
            raise InputError(f"{self.label} gives a derivative at a point, which an energy does not feel")
        return self


@dataclass(frozen=True, eq=False)
class Observation(PointCondition):
    """The field was measured at points.

    Attributes:
        points: A `N x d` array.
        values: A `N` array.
        noise: The standard deviation of the measurements, if it is known: sets of measurements are weighted by it
            against each other, and the standard deviations of unknown constants follow from it.
        weight: The factor of the mean square in the loss, relative to the default.
    """

    points: Array
    values: Array
    _: KW_ONLY
    noise: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        points = _finite(self.points, self.label)
        points = points[:, None] if points.ndim == 1 else points
        values = _finite(self.values, self.label)
        if points.ndim != 2 or len(points) == 0 or values.shape != (len(points),):
            raise InputError(
                f"{self.label} needs points (N, d) and values (N,) with N >= 1, not {points.shape} and {values.shape}"
            )
        if self.noise is not None and not 0 < self.noise < float("inf"):
            raise InputError(
                f"the noise of {self.label} is a standard deviation, positive and finite: not {self.noise}"
            )
        super().__post_init__()
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "values", values)

    @property
    def locations(self) -> Array:
        return self.points

    @property
    def observed(self) -> Array:
        return self.values

    def at_rows(self, rows: Mask) -> Self:
        return replace(self, points=self.points[rows], values=self.values[rows])

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        return [traces[0][self.field] - p.field(p.observed, f"the values of {self.label}")]

    def essential_part(self) -> Condition:
        raise InputError(f"the energy form does not know {self.label}: solve the strong form")


def _finite(data: Any, label: str) -> Array:
    array = np.asarray(data, dtype=np.float64)
    if not np.isfinite(array).all():
        raise InputError(f"{label} holds data that is not finite")
    return array
