"""Conditions of any form: a residual of one's own on a boundary or inside, and integrals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import torch

from kinn.calculus import grad
from kinn.conditions.condition import Condition, Traces, Weight, check_weight, having
from kinn.errors import InputError, unknown
from kinn.fields import TIME, Field, Points, called
from kinn.geometry import Geometry

#: Where a condition holds that holds on no boundary.
INTERIOR = "interior"

#: What an integral is taken of.
INTEGRANDS = ("value", "flux")


@dataclass(frozen=True)
class ResidualCondition(Condition):
    """A residual of one's own, zero where the condition holds.

    Attributes:
        residual: Called with the fields in order and the points, as that of the PDE; returns a field or several. On a
            boundary the points have normals, `p.n`.
        on: The name of the boundary, or "interior".
        weight: See `Weight`.
    """

    kind: ClassVar[str] = "ResidualCondition"

    residual: Callable[..., Field | Sequence[Field]]
    _: KW_ONLY
    on: str
    weight: Weight = 1.0

    def __post_init__(self) -> None:
        if not callable(self.residual):
            raise InputError(f"the residual of {self.label} is no function: {self.residual!r}")
        check_weight(self.weight, self.label)

    def groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """Return each subdomain that has the boundary; all for the interior."""
        return tuple((name,) for name in (subdomains if self.on == INTERIOR else having(subdomains, self.on)))

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return what the residual gives."""
        out = self.residual(*(traces[0][name] for name in p.fields), p)
        return [out] if isinstance(out, Field) or not isinstance(out, Sequence) else list(out)


@dataclass(frozen=True)
class Integral(Condition):
    """An integral over the domain or a boundary takes a value: a mass that is conserved, a mean that fixes a constant.

    In a domain of space and time it is taken over space, at instants spread over the time; over "initial" and "final"
    at these.

    Attributes:
        field: The name of the field; None where `of` is a function.
        value: What the integral is: a number, or a function of t.
        over: The name of the boundary, or None for the whole domain.
        of: "value" for the field itself, "flux" for its normal derivative (on a boundary), or a function of all fields
            in order and the points.
        mean: Whether `value` is that of the mean instead.
        instants: At how many instants it is taken.
        weight: The factor of its square in the loss, relative to the default.
    """

    kind: ClassVar[str] = "Integral"

    field: str | None
    value: Any
    _: KW_ONLY
    over: str | None = None
    of: str | Callable[..., Any] = "value"
    mean: bool = False
    instants: int = 16
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not callable(self.of):
            if self.of not in INTEGRANDS:
                raise unknown("integrand", self.of, INTEGRANDS, self.label)
            if self.field is None:
                raise InputError(f"{self.label} needs the name of a field, or a function to take the integral of")
            if self.of == "flux" and self.over is None:
                raise InputError(f"{self.label} takes a flux through a boundary: over='right'")
        if self.instants < 1:
            raise InputError(f"{self.label} is taken at 1 instant or more, not {self.instants}")
        check_weight(self.weight, self.label)

    @property
    def label(self) -> str:
        """What messages and records call the condition."""
        parts = [repr(self.field)] * (self.field is not None) + [f"over={self.over!r}"] * (self.over is not None)
        return f"{self.kind}({', '.join(parts)})"

    def groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """Return one group: all subdomains, or those that have the boundary."""
        return (tuple(subdomains) if self.over is None else having(subdomains, self.over),)

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return the mean of the integrand minus what it should be, one number for all points together.

        Args:
            traces: The fields by name, of each subdomain.
            p: The points in the first subdomain with the weights of a quadrature, those of the others opposite to them.
        """
        total, measure = torch.zeros((), dtype=p.tensor.dtype), 0.0
        for n, trace in enumerate(traces):
            at = p.side(n)
            weights = at.weights
            assert weights is not None
            values = torch.as_tensor(self._integrand(trace, at).value, dtype=weights.dtype)
            total = total + (weights * values).sum()
            measure += float(weights.sum())
        value = called(self.value, (TIME,), (p.t,)) if callable(self.value) else self.value
        wanted = torch.as_tensor(p.field(value, f"the value of {self.label}").value, dtype=total.dtype).mean()
        mean = total / measure - (wanted if self.mean else wanted / measure)
        return [Field(p.names, lambda a: 0.0 if any(a) else mean)]

    def _integrand(self, trace: Traces, p: Points) -> Field:
        if callable(self.of):
            made: Field = p.field(self.of(*(trace[name] for name in p.fields), p), f"the integrand of {self.label}")
            return made
        assert self.field is not None
        u = trace[self.field]
        return u if self.of == "value" else grad(u) @ p.n
