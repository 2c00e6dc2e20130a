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
from functools import partial, reduce
from operator import add, mul
from typing import Any

import torch

from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.hard.trial_map import TrialMap, cache_components
from kinn.geometry import Boundary, Geometry
from kinn.geometry.boundary.boundary import Part

#: What is added to distances, relative to the size of the domain, so that weights are numbers where boundaries meet.
TINY = 1e-13

#: At how many points inside the size of d is measured.
PROBES = 256


@dataclass(frozen=True)
class NormalDatum:
    """A normal derivative that is given, h = (value - alpha u) / beta.

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
        """Return h at points of a boundary where the field is u."""
        value, alpha, beta = (
            p.field(data, f"a coefficient of {self.label}") for data in (self.value, self.alpha, self.beta)
        )
        return (value - alpha * u) / beta

    def equals(self, other: NormalDatum | None) -> bool:
        """Whether it says the same as another."""
        return other is not None and all(_same(getattr(self, n), getattr(other, n)) for n in ("value", "alpha", "beta"))


@dataclass(frozen=True)
class Constraint:
    """A boundary on which a field is held.

    Attributes:
        boundary: The boundary.
        label: What messages call the condition, or the first of them.
        value: The value of the field, if it is given: a number or a function of coordinates.
        slope: The normal derivative, if it is given.
    """

    boundary: Boundary
    label: str
    value: Any = None
    slope: NormalDatum | None = None

    @property
    def order(self) -> int:
        """The order m of the distance."""
        return 1 if self.slope is None else 2

    @property
    def factors(self) -> list[Boundary]:
        """Boundaries whose distances have a product that is zero on this one.

        The distance to all of it at once has unbounded second derivatives in corners, a product has not. Parts that
        are no zero set of a function that is positive all over the domain stay together.
        """
        whole: list[list[Part]] = []
        rest: list[Part] = []
        for part in self.boundary.parts:
            if not part.positive_inside:
                rest.append(part)
                continue
            same = [group for group in whole if group[0].patch.implicit.matches(part.patch.implicit) == 1]
            same[0].append(part) if same else whole.append([part])
        groups = [*whole, rest] if rest else whole
        return [Boundary(self.boundary.name, tuple(group), self.boundary.size) for group in groups]


class DistanceAnsatz:
    """The trial functions of one field on one subdomain.

    Args:
        held: The boundaries on which the field is held.
        geometry: The subdomain.
        made: Makes points of an array (N, d).
    """

    def __init__(self, held: Sequence[Constraint], geometry: Geometry, made: Callable[[Any], Points]) -> None:
        self.held = tuple(held)
        self.size = geometry.size
        probes = made(geometry.sample(PROBES, seed=1))
        self.scales = [1.0] * len(self.held)
        # powers of distances to many parts are small: each is scaled to 1 at most
        self.scales = [1.0 / float(torch.as_tensor(power.value).abs().max()) for power in self._powers(probes)]

    def __call__(self, p: Points) -> TrialMap:
        """Return u at points as a function of N there."""
        lift, distance = cache_components(p, self._lift), cache_components(p, self._product)
        corrections = [n for n, h in enumerate(self.held) if h.value is None and h.slope]
        turned = [(cache_components(p, partial(self._weight, n)), self._turning(self.held[n], p)) for n in corrections]

        def dress(network: Field) -> Field:
            v = lift + distance * network
            return reduce(add, (weight * -turn(v) for weight, turn in turned), v)

        return dress

    @property
    def _given(self) -> list[int]:
        """The numbers of the boundaries on which a value is given."""
        return [n for n, h in enumerate(self.held) if h.value is not None]

    def _lift(self, p: Points) -> Field:
        """Return g, which blends the data of the boundaries."""
        powers = self._powers(p)
        parts = zip(self._given, _weights([powers[n] for n in self._given]), strict=True)
        return reduce(add, (weight * self._value(self.held[n], p) for n, weight in parts), p.field(0.0, "zero"))

    def _product(self, p: Points) -> Field:
        """Return d, zero where a value is given."""
        powers = self._powers(p)
        return reduce(mul, (powers[n] for n in self._given), p.field(1.0, "one"))

    def _weight(self, n: int, p: Points) -> Field:
        """Return the weight of a boundary among all."""
        return _weights(self._powers(p))[n]

    def _powers(self, p: Points) -> list[Field]:
        """Return for each boundary a power of its distance, of the order that is given on it, of 1 at most."""
        out = []
        for held, scale in zip(self.held, self.scales, strict=True):
            distances = (_distance(factor, p) * (1.0 / self.size) for factor in held.factors)
            power = reduce(mul, distances) * scale
            out.append(power * power if held.order == 2 else power)
        return out

    def _value(self, held: Constraint, p: Points) -> Field:
        """Return what a boundary brings to g: its value, and its normal derivative where that is given too."""
        value = p.field(held.value, f"the value of {held.label}")
        return value if held.slope is None else value - self._turning(held, p)(value)

    def _turning(self, held: Constraint, p: Points) -> Callable[[Field], Field]:
        """Return phi (grad phi . grad v + h) as a function of v."""
        phi, slope = _distance(held.boundary, p), held.slope
        assert slope is not None
        inward = _gradient(phi)

        def turn(v: Field) -> Field:
            along = reduce(add, (a * b for a, b in zip(inward, _gradient(v), strict=True)))
            return phi * (along + slope(p, v))

        return turn


def _distance(boundary: Boundary, p: Points) -> Field:
    """Return the smooth distance to a boundary."""
    return p.field(boundary.distance(*p.coordinates), f"the distance to {boundary.name!r}")


def _weights(powers: Sequence[Field]) -> list[Field]:
    """Return the weights of boundaries from the powers of their distances: each is 1 where its own power is 0."""
    if len(powers) < 2:
        return [power * 0.0 + 1.0 for power in powers]
    safe = [power + TINY for power in powers]
    products = [reduce(mul, (s for m, s in enumerate(safe) if m != n)) for n in range(len(safe))]
    total = reduce(add, products)
    return [product / total for product in products]


def _gradient(u: Field) -> list[Field]:
    """Return the derivatives along all coordinates, time included."""
    return [u.derivative(name) for name in u.coordinates]


def merge_constraints(conditions: Sequence[Constraint], size: float) -> list[Constraint]:
    """Return boundaries with all that is given on them together, those with equal data as one.

    Raises:
        InputError: If a value or a normal derivative is given twice on one part of the boundary.
    """
    leaves: dict[str, Constraint] = {}
    for condition in conditions:
        for name in dict.fromkeys(part.name for part in condition.boundary.parts):
            parts = tuple(part for part in condition.boundary.parts if part.name == name)
            known = leaves.get(name, Constraint(Boundary(name, parts, size), condition.label))
            if (condition.value is not None and known.value is not None) or (condition.slope and known.slope):
                raise InputError(
                    f"{condition.label} is enforced hard on a boundary that another hard condition has already: "
                    f"{known.label} holds {name!r}"
                )
            value = known.value if condition.value is None else condition.value
            leaves[name] = replace(known, value=value, slope=condition.slope or known.slope)
    out: list[Constraint] = []
    for leaf in leaves.values():
        for n, other in enumerate(out):
            if _same(leaf.value, other.value) and (leaf.slope.equals(other.slope) if leaf.slope else not other.slope):
                parts = (*other.boundary.parts, *leaf.boundary.parts)
                out[n] = replace(other, boundary=Boundary(f"{other.boundary.name}, {leaf.boundary.name}", parts, size))
                break
        else:
            out.append(leaf)
    return out


def _same(a: Any, b: Any) -> bool:
    """Whether two data are one function, or equal numbers."""
    return a is b or (not callable(a) and not callable(b) and a == b)
