"""Conditions of any form: a user's residual on a boundary, in the interior or at points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from kinn.conditions.condition import Condition, call_on_fields
from kinn.conditions.points import point_array, points_in_dimension
from kinn.conditions.types import INTERIOR, TimeWindow, Traces, Weight
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry.types import Array


@dataclass(frozen=True, eq=False)
class ResidualCondition(Condition):
    """A user's residual, zero where the condition holds.

    Attributes:
        residual: Called with the fields in order and the points, as that of the PDE; returns a field or several. On a
            boundary the points have normals, `p.n`.
        on: The name of the boundary, or "interior".
        at: In its place one point, d numbers, or several, `N x d`.
        weight: See `Weight`.
    """

    natural_in_derivatives: ClassVar[bool] = True

    residual: Callable[..., Field | Sequence[Field]]
    _: KW_ONLY
    on: str | None = None
    at: Any = None
    weight: Weight = 1.0

    def __post_init__(self) -> None:
        if not callable(self.residual):
            raise InputError(f"the residual of {self.label} is no function: {self.residual!r}")
        if (self.on is None) == (self.at is None):
            raise InputError(
                f"{type(self).__name__} holds on='a boundary', on='interior' or at=points: give one of them"
            )
        super().__post_init__()
        if self.at is not None:
            object.__setattr__(self, "at", point_array(self.at, self.label))

    @property
    def label(self) -> str:
        return super().label if self.at is None else f"{type(self).__name__}(at points)"

    @property
    def boundaries(self) -> tuple[str, ...]:
        return () if self.on is None or self.on == INTERIOR else (self.on,)

    @property
    def locations(self) -> Array | None:
        return None if self.at is None else np.asarray(self.at)

    def in_dimension(self, dimension: int) -> Self:
        return self if self.at is None else replace(self, at=points_in_dimension(self.at, dimension))

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        out = call_on_fields(self.residual, traces[0], p)
        return [out] if isinstance(out, Field) or not isinstance(out, Sequence) else list(out)

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return {f"the residual of {self.label}": self.residual}

    def in_window(self, window: TimeWindow) -> Condition | None:
        if self.at is None:
            return super().in_window(window)
        inside = window.contains(self.at)
        return replace(self, at=self.at[inside]) if inside.any() else None
