"""Conditions at single points: prescribed values, and measurements."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from kinn.conditions.condition import Condition, call_on_fields
from kinn.conditions.types import TimeWindow, Traces
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry.types import Array, Mask


@dataclass(frozen=True, eq=False)
class PointCondition(Condition):
    """A condition at single points."""

    @property
    @abstractmethod
    def locations(self) -> Array:
        """The points (N, d)."""

    @abstractmethod
    def at_rows(self, rows: Mask) -> Self:
        """Condition at some of its points, those where `rows` (N,) is true."""

    def in_window(self, window: TimeWindow) -> Condition | None:
        inside = window.contains(self.locations)
        return self.at_rows(inside) if inside.any() else None


@dataclass(frozen=True, eq=False)
class PointValue(PointCondition):
    """The field, or a derivative of it, takes a value at points: a pressure that is fixed at one, a load at another.

    Attributes:
        field: The name of the field.
        value: A number, or a function of coordinates.
        at: One point, d numbers, or several, `N x d`; in one dimension also N numbers.
        derivative: "" for the field itself, "x" or "xy" for a derivative of it.
        weight: The factor of the mean square in the loss, relative to the default.
    """

    data_names: ClassVar[tuple[str, ...]] = ("value",)

    field: str
    value: Any
    _: KW_ONLY
    at: Any
    derivative: str = ""
    weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "at", point_array(self.at, self.label))

    @property
    def locations(self) -> Array:
        return np.asarray(self.at)

    def at_rows(self, rows: Mask) -> Self:
        return replace(self, at=self.locations[rows])

    def in_dimension(self, dimension: int) -> Self:
        return replace(self, at=points_in_dimension(self.locations, dimension))

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        return [traces[0][self.field].derivative(self.derivative) - self.datum("value", p)]

    def essential_part(self) -> Condition:
        if self.derivative:
            raise InputError(f"{self.label} gives a derivative at a point, which an energy does not feel")
        return self


@dataclass(frozen=True, eq=False)
class Observation(PointCondition):
    """A field, a derivative of one, or a function of the fields was measured at points.

    Attributes:
        quantity: The name of a field, "u"; a derivative of it, "u.x"; or a function of all fields in order and the points
            that returns a field: `lambda S, I, R, p: S + I`.
        points: A `N x d` array; in one dimension also N numbers, for a single value also d numbers.
        values: A `N` array, or `N x 1`.
        noise: The standard deviation of the measurements, if it is known: sets of measurements are weighted by it
            against each other, and the standard deviations of unknown constants follow from it.
        weight: The factor of the mean square in the loss, relative to the default.
    """

    quantity: str | Callable[..., Any]
    points: Array
    values: Array
    _: KW_ONLY
    noise: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.quantity, str) and not callable(self.quantity):
            raise InputError(
                f"{type(self).__name__} is of the name of a field, a derivative such as 'u.x' or a function of the fields, "
                f"not {self.quantity!r}"
            )
        points, values = _finite(self.points, self.label), _finite(self.values, self.label)
        if values.ndim == 0 or (values.ndim == 2 and values.shape[1] == 1):
            values = values.reshape(-1)
        if points.ndim < 2:
            points = points.reshape((1, -1) if len(values) == 1 else (-1, 1))
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
    def field_names(self) -> tuple[str, ...]:
        return (self.quantity.partition(".")[0],) if isinstance(self.quantity, str) else ()

    @property
    def observed(self) -> Array:
        return self.values

    def at_rows(self, rows: Mask) -> Self:
        return replace(self, points=self.points[rows], values=self.values[rows])

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        return [self._measurand(traces[0], p) - p.field(p.observed, f"the values of {self.label}")]

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return {f"the quantity of {self.label}": self.quantity} if callable(self.quantity) else {}

    def essential_part(self) -> Condition:
        raise InputError(f"the energy form does not know {self.label}: solve the strong form")

    def _measurand(self, trace: Traces, p: Points) -> Field:
        """What was measured, as a field."""
        if callable(self.quantity):
            measurand: Field = p.field(call_on_fields(self.quantity, trace, p), f"the quantity of {self.label}")
            return measurand
        name, _, derivative = self.quantity.partition(".")
        return trace[name].derivative(derivative) if derivative else trace[name]


def point_array(data: Any, label: str) -> Array:
    """Points (N, d), one of them where they are d numbers.

    Raises:
        InputError: If they are not finite, or no points.
    """
    points = np.atleast_2d(_finite(data, label))
    if points.ndim != 2 or points.size == 0:
        raise InputError(f"{label} is given at a point (d,) or at points (N, d), not {points.shape}")
    return points


def points_in_dimension(points: Array, dimension: int) -> Array:
    """Points (N, d) of which a single row of N numbers is a column in one dimension."""
    return points.reshape(-1, 1) if dimension == 1 and len(points) == 1 else points


def _finite(data: Any, label: str) -> Array:
    try:
        array = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{label} holds data that are no numbers: {' '.join(str(error).split())}") from error
    if not np.isfinite(array).all():
        raise InputError(f"{label} holds data that is not finite")
    return array
