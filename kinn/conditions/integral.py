"""Integral conditions over a domain, a boundary or a line inside, and the quadratures they are evaluated with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import torch

from kinn.calculus import grad
from kinn.conditions.condition import Condition, call_on_fields, subdomains_with
from kinn.conditions.inner_boundary import polyline, split_rule
from kinn.conditions.types import Sampler, TimeWindow, Traces
from kinn.errors import InputError, check_name
from kinn.fields import TIME, Field, Points, call_by_name
from kinn.geometry import Boundary, Geometry, Rule, SpaceTime

#: What an integral is taken of.
INTEGRANDS = ("value", "flux")

#: The order of the quadratures and their least number of points, by the dimension of what is integrated over.
RULES = {0: (0, 1), 1: (11, 64), 2: (11, 576), 3: (7, 1728)}

#: The same for more dimensions.
BEYOND = (5, 4096)


@dataclass(frozen=True)
class Integral(Condition):
    """An integral over the domain or a boundary takes a value: a mass that is conserved, a mean that fixes a constant.

    It may also be taken over a line or a surface inside the domain: a flow that was measured through a cross-section.

    In a domain of space and time it is taken over space, at instants spread over the time; over "initial" and "final"
    at these.

    Attributes:
        field: The name of the field; None where `of` is a function.
        value: What the integral is: a number, or a function of t.
        over: The name of the boundary, or None for the whole domain. Inside the domain the points (x, y) of a straight line,
            two or more, its normals to the right of the way from the first to the last; or a boundary of another shape
            (`Disk((0, 0), 1).boundary("disk")`), its normals outward from that.
        of: "value" for the field itself, "flux" for its normal derivative (on a boundary), or a function of all fields
            in order and the points, which have normals `p.n` on a boundary.
        mean: Whether `value` is that of the mean instead.
        instants: At how many instants it is taken.
        weight: The factor of its square in the loss, relative to the default.
    """

    field: str | None
    value: Any
    _: KW_ONLY
    over: Any = None
    of: str | Callable[..., Any] = "value"
    mean: bool = False
    instants: int = 16
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not callable(self.of):
            check_name("integrand", self.of, INTEGRANDS, self.label)
            if self.field is None:
                raise InputError(f"{self.label} needs the name of a field, or a function to take the integral of")
            if self.of == "flux" and self.over is None:
                raise InputError(f"{self.label} takes a flux through a boundary: over='right'")
        if self.instants < 1:
            raise InputError(f"{self.label} is taken at 1 instant or more, not {self.instants}")
        if self.over is not None and not isinstance(self.over, str | Boundary):
            object.__setattr__(self, "over", polyline(self.over, f"Integral({self.field!r})"))
        super().__post_init__()

    @property
    def label(self) -> str:
        if not isinstance(self.over, Boundary):
            return super().label
        return f"{type(self).__name__}({'' if self.field is None else f'{self.field!r}, '}over={self.over.name!r})"

    @property
    def is_interior(self) -> bool:
        return False  # it is one number, and no equation at points

    def subdomain_groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        if callable(self.value) and not any(TIME in g.coordinates for g in subdomains.values()):
            raise InputError("its value is a number, for it can depend on time alone, and there is none")
        if isinstance(self.over, Boundary):
            return (tuple(split_rule(_quadrature(self.over), subdomains)),)
        return (tuple(subdomains) if self.over is None else subdomains_with(subdomains, self.over),)

    def collocation_points(self, sampler: Sampler, group: Sequence[str], seed: int) -> list[Points]:
        subdomains = sampler.subdomains
        inner = split_rule(_quadrature(self.over), subdomains) if isinstance(self.over, Boundary) else {}
        rules = (self._rules(subdomains[name], seed, inner.get(name)) for name in group)
        return [sampler.quadrature(at_instant) for at_instant in zip(*rules, strict=True)]

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """The mean of the integrand minus its value, one number for all points together.

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
        value = call_by_name(self.value, (TIME,), (p.t,)) if callable(self.value) else self.value
        target = torch.as_tensor(p.field(value, f"the value of {self.label}").value, dtype=total.dtype).mean()
        mean = total / measure - (target if self.mean else target / measure)
        return [Field(p.names, lambda a: 0.0 if any(a) else mean)]

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return {f"the integrand of {self.label}": self.of} if callable(self.of) else {}

    def essential_part(self) -> Condition:
        raise InputError(f"the energy form does not know {self.label}: solve the strong form")

    def in_window(self, window: TimeWindow) -> Condition | None:
        return self._in_window(window, self.over if isinstance(self.over, str) else None)

    def _integrand(self, trace: Traces, p: Points) -> Field:
        if callable(self.of):
            integrand: Field = p.field(call_on_fields(self.of, trace, p), f"the integrand of {self.label}")
            return integrand
        assert self.field is not None
        u = trace[self.field]
        return u if self.of == "value" else grad(u) @ p.n

    def _rules(self, geometry: Geometry, seed: int, inner: Rule | None) -> list[Rule]:
        """Quadratures in a subdomain: one, or one for each instant in space and time; `inner` on a boundary inside."""
        over = self.over

        def in_space(space: Geometry) -> Rule:
            return inner or _quadrature(space.boundary(over) if isinstance(over, str) else space)

        if not isinstance(geometry, SpaceTime):
            return [in_space(geometry)]
        (t0,), (t1,) = geometry.time.bounds
        if over in ("initial", "final"):
            return [_at_instant(_quadrature(geometry.space), t0 if over == "initial" else t1)]
        rule = in_space(geometry.space)
        # spread evenly, and elsewhere for another seed
        shift = np.random.default_rng(seed).random()
        return [_at_instant(rule, t0 + (t1 - t0) * (n + shift) / self.instants) for n in range(self.instants)]


def _quadrature(domain: Geometry | Boundary) -> Rule:
    order, points = RULES.get(domain.dim, BEYOND)
    return domain.quadrature(order, points=points)


def _at_instant(rule: Rule, t: float) -> Rule:
    """A quadrature in space at an instant."""
    points = np.column_stack([rule.points, np.full(len(rule.points), t)])
    normals = None if rule.normals is None else np.column_stack([rule.normals, np.zeros(len(points))])
    return Rule(points, rule.weights, normals)
