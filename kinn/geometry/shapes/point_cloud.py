"""Domains known by points alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from scipy.spatial import Delaunay, QhullError, cKDTree

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part
from kinn.geometry.boundary.patch import BoundaryPoints
from kinn.geometry.boundary.scattered import point_measures, proportional_indices, scattered_patches
from kinn.geometry.geometry import Geometry
from kinn.geometry.quadrature.cells import Cells, Simplices, WeightedPoints
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.types import Array, Mask

#: Cells between points are found up to this dimension.
MOST_DIMENSIONS = 3

#: Cells of less volume than this share of the median are left out.
SLIVER = 1e-9

_WITHIN = 1.5  # a point belongs to the cloud up to this many of its spacings away from one of its points


class PointCloud(Geometry):
    """A domain given by points inside and, by name, points on its boundary; samples are taken from them.

    Asked for more points than there are, samples repeat them. Integrals are those over the cells between the points, up to
    three dimensions and where points of the boundary are known; so they do not depend on how densely points lie. A cloud can
    be multiplied by time, but not combined with other shapes.

    Args:
        points: Points inside, (N, d).
        boundary: For each boundary its points, (M, d), and the outward normals there, (M, d), of any length.
        measure: Length, area or volume of the domain; that of the cells, or estimated from the spacing of the points, where
            it is not given.
        name: Name of the cloud, which all boundaries together answer to.

    Raises:
        InputError: Nothing given, not finite, of different dimension, or normals of no length.
    """

    rejects = False

    def __init__(
        self,
        points: Any,
        boundary: Mapping[str, tuple[Any, Any]] | None = None,
        *,
        measure: float | None = None,
        name: str = "cloud",
    ) -> None:
        self.name = arguments.label(name)
        self.points = _finite(points, "the points of a cloud")
        self.samples = {
            arguments.label(key, "the name of a boundary"): self._located(key, value)
            for key, value in (boundary or {}).items()
        }
        self._measure = None if measure is None else arguments.positive(measure, "the measure of a cloud")

    def _located(self, name: str, value: Any) -> BoundaryPoints:
        """Points and unit normals of a boundary."""
        try:
            points, normals = value
        except (TypeError, ValueError):
            raise InputError(f"boundary {name!r} of a cloud needs a pair: its points and the normals there") from None
        points, normals = (
            _finite(points, f"the points of boundary {name!r}"),
            _finite(normals, f"its normals ({name!r})"),
        )
        if points.shape != normals.shape or points.shape[1] != self.points.shape[1]:
            raise InputError(
                f"boundary {name!r} of a cloud in {self.points.shape[1]} dimensions has points of shape {points.shape} "
                f"and normals of shape {normals.shape}"
            )
        lengths = np.linalg.norm(normals, axis=1)
        if np.min(lengths) == 0:
            raise InputError(
                f"boundary {name!r} of a cloud has a normal of no length, at point {int(np.argmin(lengths))}"
            )
        return BoundaryPoints(points, normals / lengths[:, None])

    def __repr__(self) -> str:
        return f"PointCloud({len(self.points)} points, boundary={list(self.samples)}, name={self.name!r})"

    @cached_property
    def _everything(self) -> Array:
        return np.concatenate([self.points, *(samples.points for samples in self.samples.values())])

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        return self._everything.min(axis=0), self._everything.max(axis=0)

    @cached_property
    def measure(self) -> float:
        if self._measure is not None:
            return self._measure
        if self._simplices is not None:
            return float(np.sum(self._simplices.volumes))
        return float(np.sum(point_measures(self.points, self.points.shape[1])))

    @cached_property
    def _simplices(self) -> Simplices | None:
        """Cells between the points, those of the boundary included; None where they are not known."""
        points, first = np.unique(self._everything, axis=0, return_index=True)
        d = points.shape[1]
        if not self.samples or d > MOST_DIMENSIONS or len(points) < d + 2:
            return None
        if d == 1:  # sorted, as np.unique leaves them
            rows = np.stack([np.arange(len(points) - 1), np.arange(1, len(points))], axis=1)
        else:
            try:
                rows = Delaunay(points).simplices
            except QhullError:  # all on a line or a plane
                return None
        corners = points[rows]
        away = corners.mean(axis=1, keepdims=True) - corners
        normals = np.concatenate([np.zeros_like(self.points), *(samples.normals for samples in self.samples.values())])[
            first
        ]
        on_boundary = (first >= len(self.points))[rows].all(axis=1)
        # cells of the boundary alone lie behind it, in holes and bays before it; others are no wider than points are apart
        inside = np.sum(away * normals[rows], axis=(1, 2)) < 0
        near = (np.linalg.norm(away, axis=2) <= self._tree[1][first][rows]).any(axis=1)
        cells = Simplices(corners)
        wide = cells.volumes > SLIVER * np.median(cells.volumes)  # points along a straight side leave slivers
        return Simplices(corners[np.where(on_boundary, inside, near) & wide])

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        if self._simplices is not None:
            return (self._simplices,)
        weights = point_measures(self.points, self.points.shape[1])
        return (WeightedPoints(self.points, weights * (self.measure / weights.sum())),)

    def level(self, points: Array) -> Array:
        """Raise: a cloud has no surface.

        Raises:
            InputError: Always.
        """
        raise InputError("a cloud of points cannot be combined with other shapes: combine first, then make the cloud")

    @cached_property
    def _tree(self) -> tuple[cKDTree, Array]:
        """The points in a search tree, and how far around each the domain is taken to reach."""
        everything = self._everything
        tree = cKDTree(everything)
        count = min(2 * everything.shape[1] + 1, len(everything))
        return tree, _WITHIN * tree.query(everything, [count])[0][:, 0] + 1e-9 * self.size

    def contains(self, points: Array) -> Mask:
        """Which of the points, (N, d), lie among those of the cloud, as densely as these lie, (N,)."""
        tree, reach = self._tree
        distance, nearest = tree.query(arguments.points(points, self.coordinates))
        return np.asarray(distance <= reach[nearest])

    def from_unit(self, unit: Array) -> Array:
        return np.asarray(self.points[(unit[:, 0] * len(self.points)).astype(int)])

    def draw(self, m: int, method: str, seed: int) -> Array:
        return np.asarray(self.points[proportional_indices(m, np.ones(len(self.points)), method, seed)])

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        owner = BoundaryName(self.name)
        return tuple(
            Part(Label(BoundaryName(name), owner), patch)
            for name, samples in self.samples.items()
            for patch in scattered_patches(samples, point_measures(samples.points, self.dim - 1))
        )


def _finite(values: Any, what: str) -> Array:
    """Values as an (N, d) array; errors name them as `what`."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} must be an (N, d) array of numbers") from None
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(f"{what} must be an (N, d) array with N and d at least 1, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise InputError(f"{what} must be finite")
    return array
