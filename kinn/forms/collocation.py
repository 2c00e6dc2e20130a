"""Collocation points of conditions, on boundaries as densely spread as those of the interior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from kinn.fields import Points
from kinn.geometry import Geometry, Rule
from kinn.problem import Array, Problem

#: The least number of points on a boundary.
FEWEST = 8

#: Weights of mean 1 that differ by less are equal.
EQUAL = 1e-9


@dataclass(frozen=True)
class PointSampler:
    """Points of single places and of quadratures; see `kinn.conditions.Sampler`.

    Attributes:
        problem: The problem.
        dtype: The precision of the points.
    """

    problem: Problem
    dtype: torch.dtype

    @property
    def subdomains(self) -> Mapping[str, Geometry]:
        """The subdomains by name."""
        return self.problem.subdomains

    def at(self, subdomain: str, locations: Array, observed: Array | None = None) -> Points | None:
        """Those of single points (N, d) that lie in a subdomain; None if none does."""
        inside = self.subdomains[subdomain].contains(locations)
        if not inside.any():
            return None
        return self._points(locations[inside], observed=None if observed is None else observed[inside])

    def quadrature(self, rules: Sequence[Rule]) -> Points:
        """Points of quadratures, one rule in each subdomain of a group."""
        first, *others = (self._points(rule.points, rule.normals, weights=rule.weights) for rule in rules)
        first.paired_points = tuple(others)
        return first

    def _points(
        self, x: Array, normals: Array | None = None, *, observed: Array | None = None, weights: Array | None = None
    ) -> Points:
        """Points in the given precision."""
        tensors = (None if a is None else torch.as_tensor(a, dtype=self.dtype) for a in (x, normals, observed, weights))
        points, outward, measured, shares = tensors
        return self.problem.points(points, outward, measured, weights=shares)


@dataclass(frozen=True)
class CollocationSampler(PointSampler):
    """Draws the collocation points of conditions.

    Attributes:
        spacing: The distance of neighbouring points on boundaries.
        density: The number of points inside for a unit of measure.
        method: See `Geometry.sample`.
    """

    spacing: float
    density: float
    method: str = "sobol"

    def interior(self, subdomain: str, seed: int) -> Points:
        """Points inside a subdomain, in proportion to its measure."""
        geometry = self.subdomains[subdomain]
        count = max(1, round(self.density * geometry.measure))
        return self.collocation(geometry.collocation(count, method=self.method, seed=seed))

    def boundary(self, subdomain: str, name: str, seed: int) -> Points:
        """Points of a boundary, as dense as those of the interior, on meshes by the numbers of elements and faces."""
        geometry = self.subdomains[subdomain]
        boundary = geometry.boundary(name)
        if not boundary.dim:
            count = len(boundary.parts)
        elif boundary.cell_count and geometry.cell_count:
            per_cell = (self.density * geometry.measure / geometry.cell_count) ** (1 / geometry.dim)
            closer = self.density ** (-1 / geometry.dim) / self.spacing
            count = max(FEWEST, round(boundary.cell_count * (closer * per_cell) ** boundary.dim))
        else:
            count = max(FEWEST, round(boundary.measure / self.spacing**boundary.dim))
        return self.collocation(boundary.collocation(count, method=self.method, seed=seed))

    def collocation(self, rule: Rule) -> Points:
        """Points of a rule; their weights, of mean 1, are left out where they are equal."""
        weights = rule.weights * (len(rule) / rule.measure)
        uneven = bool(np.ptp(weights) > EQUAL)
        return self._points(rule.points, rule.normals, weights=weights if uneven else None)
