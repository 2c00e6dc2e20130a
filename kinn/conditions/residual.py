"""Conditions of any form: a user's residual on a boundary or in the interior."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from kinn.conditions.condition import Condition
from kinn.conditions.types import INTERIOR, Traces, Weight
from kinn.errors import InputError
from kinn.fields import Field, Points


@dataclass(frozen=True)
class ResidualCondition(Condition):
    """A user's residual, zero where the condition holds.

    Attributes:
        residual: Called with the fields in order and the points, as that of the PDE; returns a field or several. On a
            boundary the points have normals, `p.n`.
        on: The name of the boundary, or "interior".
        weight: See `Weight`.
    """

    natural_in_derivatives: ClassVar[bool] = True

    residual: Callable[..., Field | Sequence[Field]]
    _: KW_ONLY
    on: str
    weight: Weight = 1.0

    def __post_init__(self) -> None:
        if not callable(self.residual):
            raise InputError(f"the residual of {self.label} is no function: {self.residual!r}")
        super().__post_init__()

    @property
    def boundaries(self) -> tuple[str, ...]:
        return () if self.on == INTERIOR else (self.on,)

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        out = self.residual(*(traces[0][name] for name in p.fields), p)
        return [out] if isinstance(out, Field) or not isinstance(out, Sequence) else list(out)

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return {f"the residual of {self.label}": self.residual}
