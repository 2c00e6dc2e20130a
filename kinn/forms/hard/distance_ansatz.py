"""Hard conditions on boundaries of any shape, by smooth distance functions: values, normal derivatives and mixtures.

With distances phi_i to the boundaries, of order m_i (1 where a value is given, 2 where the normal derivative is too),
values are satisfied by v = g + d N: d is the product of the phi_i^m_i, and g blends the data of the boundaries with
weights w_i = phi_i^-m_i / sum_k phi_k^-m_k, which are 1 on their own boundary and 0 on the others (Rvachev, Sheiko,
Shapiro and Tsukanov 2001). A normal derivative h of u on a boundary k is then brought about by

    u = v - sum_k w_k phi_k (grad phi_k . grad v + h),

for grad phi_k = -n there and the weight, of order 2 in the distances to boundaries of this kind, changes neither values
nor derivatives elsewhere (after Sukumar and Srivastava 2022, Comput. Methods Appl. Mech. Engrg. 389, 114333). A Robin
condition is one with h = (value - alpha v) / beta.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import add, mul
from typing import Any

import torch

from kinn.conditions import BoundaryDatum
from kinn.errors import InputError
from kinn.fields import TIME, Field, Points
from kinn.forms.hard import TrialMap, cache_components
from kinn.forms.hard.corner_lift import CornerLift, SideDatum, straight_or_closed
from kinn.geometry import Boundary, Geometry
from kinn.geometry.boundary.boundary import Part
from kinn.geometry.distances.stacking import reduce_balanced

#: What is added to distances, relative to the size of the domain, so that weights are numbers where boundaries meet.
TINY = 1e-13

#: Up to how many parts of a boundary have a factor each.
MAX_FACTORS = 12

#: At how many points inside the size of d is measured.
PROBES = 256


@dataclass(frozen=True)
class NormalDatum:
    """A prescribed normal derivative h = (value - alpha u) / beta.

    Attributes:
        value: A number or a function of coordinates, as the others.
        alpha: 0 but for Robin conditions.
        beta: 1 but for Robin conditions.
        label: What messages call the condition.
    """

    value: Any
    alpha: Any
    beta: Any
    label: str

    def __call__(self, p: Points, u: Field) -> Field:
        """The derivative h at points of a boundary where the field is u."""
        value, alpha, beta = (
            p.field(data, f"a coefficient of {self.label}") for data in (self.value, self.alpha, self.beta)
        )
        return (value - alpha * u) / beta

    def equals(self, other: NormalDatum | None) -> bool:
        """Whether another prescribes the same."""
        return other is not None and all(_same(getattr(self, n), getattr(other, n)) for n in ("value", "alpha", "beta"))


@dataclass(frozen=True)
class Constraint:
    """Data of a field on a boundary.

    Attributes:
        boundary: The boundary.
        label: What messages call the condition, or the first of them.
        value: The value of the field, if it is prescribed: a number or a function of coordinates.
        normal: The normal derivative, if it is prescribed.
    """

    boundary: Boundary
    label: str
    value: Any = None
    normal: NormalDatum | None = None

    @property
    def order(self) -> int:
        """The order m of the distance."""
        return 1 if self.normal is None else 2

    @cached_property
    def factors(self) -> list[Boundary]:
        """Boundaries whose distances have a product that is zero on this one.

        The distance to all of it at once has unbounded second derivatives in corners, a product has not. Parts that
        are no zero set of a function that is positive all over the domain stay together, and all parts where they are
        many: their corners are flat, and a product of many distances is steep at the boundary.
        """
        if len(self.boundary.parts) > MAX_FACTORS:
            return [self.boundary]
        separate: list[list[Part]] = []
        together: list[Part] = []
        for part in self.boundary.parts:
            if not part.positive_inside:
                together.append(part)
                continue
            same = [group for group in separate if group[0].patch.implicit.matches(part.patch.implicit) == 1]
            same[0].append(part) if same else separate.append([part])
        groups = [*separate, together] if together else separate
        return [Boundary(self.boundary.name, tuple(group), self.boundary.size) for group in groups]


class DistanceAnsatz:
    """Trial functions of one field on one subdomain.

    Args:
        constraints: The constraints, of boundaries without common parts.
        geometry: The subdomain.
        to_points: Makes points of an array (N, d).
    """

    def __init__(
        self, constraints: Sequence[Constraint], geometry: Geometry, to_points: Callable[[Any], Points]
    ) -> None:
        self.constraints = tuple(constraints)
        self.size = geometry.size
        probes = to_points(geometry.sample(PROBES, seed=1))
        self.scales = [1.0] * len(self.constraints)
        # powers of distances to many parts are small: each is scaled to 1 at most
        self.scales = [1.0 / float(torch.as_tensor(power.value).abs().max()) for power in self._powers(probes)]
        self.corner_lift = self._corner_lift(probes)

    def __call__(self, p: Points) -> TrialMap:
        """Map from N to u at points."""
        lift, distance = cache_components(p, self._lift), cache_components(p, self._product)
        corrections = [
            (cache_components(p, partial(self._weight, n)), self._normal_residual(constraint, p))
            for n, constraint in enumerate(self.constraints)
            if constraint.value is None and constraint.normal
        ]

        def trial(network: Field) -> Field:
            v = lift + distance * network
            return reduce_balanced(add, [v, *(weight * -residual(v) for weight, residual in corrections)])

        return trial

    @property
    def _valued(self) -> list[int]:
        """The numbers of the constraints that prescribe values."""
        return [n for n, constraint in enumerate(self.constraints) if constraint.value is not None]

    def _lift(self, p: Points) -> Field:
        """The function g, which blends the data of the boundaries."""
        if self.corner_lift is not None:
            return self.corner_lift(p)
        powers = self._powers(p)
        parts = zip(self._valued, _weights([powers[n] for n in self._valued]), strict=True)
        return reduce_balanced(
            add, [weight * self._data(self.constraints[n], p) for n, weight in parts] or [p.field(0.0, "zero")]
        )

    def _corner_lift(self, probes: Points) -> CornerLift | None:
        """Lift that is smooth at corners; None where it does not apply or is not finite at points inside."""
        if len(self.constraints) < 2 or len(probes.names) != 2 or TIME in probes.names:
            return None
        sides = []
        for constraint in self.constraints:
            for part in constraint.boundary.parts:
                ends = straight_or_closed(part)
                if constraint.normal is not None or ends is None:
                    return None
                sides.append(SideDatum(part, constraint.value, constraint.label, ends))
        lift = CornerLift.of(sides, self.size)
        if lift is None:
            return None
        try:
            value = torch.as_tensor(lift(probes).value)
        except InputError:  # data that are not defined beyond their side
            return None
        return lift if bool(value.isfinite().all()) else None

    def _product(self, p: Points) -> Field:
        """The function d, zero where a value is prescribed."""
        powers = self._powers(p)
        return reduce_balanced(mul, [powers[n] for n in self._valued] or [p.field(1.0, "one")])

    def _weight(self, n: int, p: Points) -> Field:
        """The weight of a boundary among all."""
        return _weights(self._powers(p))[n]

    def _powers(self, p: Points) -> list[Field]:
        """Powers of the distances to the boundaries, of the orders of their constraints, scaled to 1 at most."""
        out = []
        for constraint, scale in zip(self.constraints, self.scales, strict=True):
            distances = (_distance(factor, p) * (1.0 / self.size) for factor in constraint.factors)
            power = reduce_balanced(mul, distances) * scale
            out.append(power * power if constraint.order == 2 else power)
        return out

    def _data(self, constraint: Constraint, p: Points) -> Field:
        """The contribution of a boundary to g: its value, and its normal derivative where that is prescribed too."""
        value = p.field(constraint.value, f"the value of {constraint.label}")
        return value if constraint.normal is None else value - self._normal_residual(constraint, p)(value)

    def _normal_residual(self, constraint: Constraint, p: Points) -> Callable[[Field], Field]:
        """The map from v to phi (grad phi . grad v + h)."""
        phi, normal = _distance(constraint.boundary, p), constraint.normal
        assert normal is not None
        inward = _gradient(phi)

        def residual(v: Field) -> Field:
            along = reduce_balanced(add, (a * b for a, b in zip(inward, _gradient(v), strict=True)))
            return phi * (along + normal(p, v))

        return residual


def _distance(boundary: Boundary, p: Points) -> Field:
    """Smooth distance to a boundary."""
    return p.field(boundary.distance(*p.coordinates), f"the distance to {boundary.name!r}")


def _weights(powers: Sequence[Field]) -> list[Field]:
    """Weights of boundaries from the powers of their distances: each is 1 where its own power is 0."""
    if len(powers) < 2:
        return [power * 0.0 + 1.0 for power in powers]
    products = _products_of_others([power + TINY for power in powers])
    total = reduce_balanced(add, products)
    return [product / total for product in products]


def _products_of_others(values: Sequence[Field], outside: Field | None = None) -> list[Field]:
    """For each of at least two values the product of all others, times what is outside of them."""
    if len(values) == 1:
        assert outside is not None
        return [outside]
    halves = values[: len(values) // 2], values[len(values) // 2 :]
    first, second = (reduce_balanced(mul, half) for half in halves)
    factors = (second, first) if outside is None else (outside * second, outside * first)
    return [p for half, factor in zip(halves, factors, strict=True) for p in _products_of_others(half, factor)]


def _gradient(u: Field) -> list[Field]:
    """Derivatives along all coordinates, time included."""
    return [u.derivative(name) for name in u.coordinates]


def merge_constraints(
    boundaries: Sequence[Boundary], data: Sequence[BoundaryDatum], labels: Sequence[str], size: float
) -> list[Constraint]:
    """One constraint of a domain of this size for each part of the boundary, parts with equal data joined.

    Raises:
        InputError: If a value or a normal derivative is prescribed twice on one part of the boundary.
    """
    parts_by_name: dict[str, Constraint] = {}
    for boundary, datum, label in zip(boundaries, data, labels, strict=True):
        for name in dict.fromkeys(part.name for part in boundary.parts):
            parts = tuple(part for part in boundary.parts if part.name == name)
            known = parts_by_name.get(name, Constraint(Boundary(name, parts, size), label))
            if (known.value if datum.order == 1 else known.normal) is not None:
                raise InputError(
                    f"{label} is enforced hard on a boundary that another hard condition has already: "
                    f"{known.label} holds {name!r}"
                )
            if datum.order == 1:
                parts_by_name[name] = replace(known, value=datum.value)
            else:
                normal = NormalDatum(datum.value, datum.alpha, datum.beta, label)
                parts_by_name[name] = replace(known, normal=normal)
    out: list[Constraint] = []
    for leaf in parts_by_name.values():
        for n, other in enumerate(out):
            if _same(leaf.value, other.value) and (
                leaf.normal.equals(other.normal) if leaf.normal else not other.normal
            ):
                parts = (*other.boundary.parts, *leaf.boundary.parts)
                out[n] = replace(other, boundary=Boundary(f"{other.boundary.name}, {leaf.boundary.name}", parts, size))
                break
        else:
            out.append(leaf)
    return out


def _same(a: Any, b: Any) -> bool:
    """Whether two data are one function, or equal numbers."""
    return a is b or (not callable(a) and not callable(b) and a == b)
