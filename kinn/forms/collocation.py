"""Where conditions are evaluated: the points of each kind of condition, as densely spread as those of the interior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from kinn.conditions import BoundaryCondition, Condition, Integral, Periodic, PointCondition, ResidualCondition
from kinn.conditions.residual import INTERIOR
from kinn.errors import InputError
from kinn.fields import Points
from kinn.forms.quadrature import rules_of
from kinn.geometry import BoundaryPoints, Rule
from kinn.problem import Array, Problem

#: The least number of points on a boundary.
FEWEST = 8


@dataclass(frozen=True)
class CollocationSampler:
    """How points of conditions are drawn.

    Attributes:
        problem: Whose conditions they are.
        spacing: The distance of neighbouring points on boundaries.
        density: The number of points inside for a unit of measure.
        method: See `Geometry.sample`.
        dtype: The precision of the points.
    """

    problem: Problem
    spacing: float
    density: float
    method: str
    dtype: torch.dtype

    def points(self, condition: Condition, group: tuple[str, ...], seed: int) -> Points | list[Points] | None:
        """Return the points of a condition in a group of subdomains, or None where it has none there.

        Several are those of integrals, with weights.

        Raises:
            InputError: If there is no rule for such a condition.
        """
        if isinstance(condition, ResidualCondition) and condition.on == INTERIOR:
            return self._inside(group[0], seed)
        if isinstance(condition, BoundaryCondition | ResidualCondition):
            return self._on_boundary(condition.on, group[0], seed)
        if isinstance(condition, Integral):
            return self._integrals(condition, group, seed)
        if isinstance(condition, PointCondition):
            return self._at_points(condition, group[0])
        if isinstance(condition, Periodic):
            return self._in_pairs(condition, group, seed)
        raise InputError(f"the strong form does not know the condition {type(condition).__name__}")

    def _drawn(self, subdomain: str, on: str, seed: int) -> BoundaryPoints:
        """Return points of a boundary as dense as those of the interior."""
        geometry = self.problem.subdomains[subdomain]
        boundary = geometry.boundary(on)
        if geometry.dim == 1:
            return boundary.sample(len(boundary.parts), method=self.method, seed=seed)
        count = max(FEWEST, round(boundary.measure / self.spacing ** (geometry.dim - 1)))
        return boundary.sample(count, method=self.method, seed=seed)

    def _on_boundary(self, on: str, subdomain: str, seed: int) -> Points:
        drawn = self._drawn(subdomain, on, seed)
        return self._made(drawn.points, drawn.normals)

    def _inside(self, subdomain: str, seed: int) -> Points:
        geometry = self.problem.subdomains[subdomain]
        count = max(1, round(self.density * geometry.measure))
        return self._made(geometry.sample(count, method=self.method, seed=seed))

    def _integrals(self, condition: Integral, group: tuple[str, ...], seed: int) -> list[Points]:
        """Return the points of each integral, one an instant."""
        geometries = [self.problem.subdomains[name] for name in group]
        rules = zip(*(rules_of(condition, geometry, seed) for geometry in geometries), strict=True)
        return [self._weighted(list(sides)) for sides in rules]

    def _weighted(self, sides: list[Rule]) -> Points:
        first, *others = (self._made(rule.points, rule.normals, weights=rule.weights) for rule in sides)
        first.opposite = tuple(others)
        return first

    def _at_points(self, condition: PointCondition, subdomain: str) -> Points | None:
        inside = self.problem.subdomains[subdomain].contains(condition.where)
        if not inside.any():
            return None
        observed = condition.observed
        return self._made(condition.where[inside], observed=None if observed is None else observed[inside])

    def _in_pairs(self, condition: Periodic, group: tuple[str, ...], seed: int) -> Points:
        """Return points of the first face, and opposite to each the one of the second that it is identified with."""
        axis, (_, there) = condition.span([self.problem.subdomains[s] for s in group])
        drawn = self._drawn(group[0], condition.on[0], seed)
        moved = drawn.points.copy()
        moved[:, axis] = there
        return self._made(drawn.points, drawn.normals, opposite=[self._made(moved, -drawn.normals)])

    def _made(
        self,
        x: Array,
        normals: Array | None = None,
        observed: Array | None = None,
        opposite: Sequence[Points] = (),
        weights: Array | None = None,
    ) -> Points:
        """Return points with what belongs to them, in the right precision."""
        made, outward, measured, shares = (
            None if a is None else torch.as_tensor(a, dtype=self.dtype) for a in (x, normals, observed, weights)
        )
        return self.problem.points(made, outward, measured, opposite, shares)
