"""Products of a shape with an interval of one more coordinate, the last; their lateral and end patches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import Face, Label, Part, slab
from kinn.geometry.boundary.edges import Segment
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints, Chart, orient_chart, reverse_chart
from kinn.geometry.distances.implicit import ImplicitFunction
from kinn.geometry.distances.rfunctions import Region, TrimmedZeroSet, intersection
from kinn.geometry.geometry import CLOSE, Geometry
from kinn.geometry.quadrature.cells import Cells, EmbeddedCells, LiftedCells
from kinn.geometry.quadrature.rule import QuadratureSpec, Rule
from kinn.geometry.sampling import unit_cube
from kinn.geometry.types import Array, Mask, delegated

#: Charts round a lateral face above a closed smooth curve.
_AROUND = 4


@dataclass(frozen=True)
class Lateral(BoundaryPatch):
    """A patch of a shape's boundary times the interval; its normals have no component along the last coordinate."""

    base: BoundaryPatch
    start: float
    end: float

    rejects = delegated("rejects")

    @property
    def dim(self) -> int:
        return self.base.dim + 1

    @property
    def measure(self) -> float:
        return self.base.measure * (self.end - self.start)

    def at(self, unit: Array) -> BoundaryPoints:
        base = self.base.at(unit[:, :-1])
        last = self.start + unit[:, -1] * (self.end - self.start)
        return BoundaryPoints(
            np.column_stack([base.points, last]), np.column_stack([base.normals, np.zeros(len(unit))])
        )

    def accepts(self, samples: BoundaryPoints) -> Mask:
        return self.base.accepts(BoundaryPoints(samples.points[:, :-1], samples.normals[:, :-1]))

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return extrude_cells(self.base, spec, self.start, self.end)

    def charts(self) -> list[Chart]:
        if self.base.rejects or self.base.dim != 1:
            return super().charts()
        curve, spans = self.base.curve_spans
        count = _AROUND + 1 if self.base.periodic else 2
        return [
            self._chart(curve, float(first), float(last))
            for start, end in spans
            for first, last in pairwise(np.linspace(start, end, count))
        ]

    def _chart(self, curve: BoundaryPatch, first: float, last: float) -> Chart:
        def chart(uv: Array) -> Array:
            along = first + (last - first) * (uv[:, :1] + 1) / 2
            height = self.start + (self.end - self.start) * (uv[:, 1:] + 1) / 2
            return np.concatenate([curve.at(along).points, height], axis=1)

        return orient_chart(chart, np.append(curve.at(np.array([[(first + last) / 2]])).normals[0], 0.0))

    @property
    def implicit(self) -> ImplicitFunction:
        return self.base.implicit.lifted()

    @property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        within = slab(self.dim + 1, self.dim, self.start, self.end)
        return tuple(
            TrimmedZeroSet(zero_set.function.lifted(), intersection((zero_set.region.lifted(), within)))
            for zero_set in self.base.zero_sets
        )

    def rim(self, n: int) -> Array:
        """Random points, n above each point of the rim of the patch below."""
        if self.dim == 1:
            return super().rim(n)
        rim = np.repeat(self.base.rim(n), n, axis=0)
        last = self.start + (self.end - self.start) * np.random.default_rng(0).random((len(rim), 1))
        return np.column_stack([rim, last])


@dataclass(frozen=True)
class Cap(BoundaryPatch):
    """A shape at one value of the last coordinate, the domain lying above (`side` 0) or below it (`side` 1)."""

    base: Geometry
    value: float
    side: int

    rejects = delegated("rejects")
    dim = delegated("dim")
    measure = delegated("measure")

    def at(self, unit: Array) -> BoundaryPoints:
        """Points of the shape, or of its bounding box where the shape rejects."""
        return self._lift(self.base.from_unit(unit))

    def accepts(self, samples: BoundaryPoints) -> Mask:
        return self.base.contains(samples.points[:, :-1])

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        return self._lift(self.base.draw(m, method, seed))

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return tuple(EmbeddedCells(cells, self.value, self.side) for cells in self.base.cells(spec))

    def charts(self) -> list[Chart]:

        def lift(chart: Chart) -> Chart:
            return lambda uv: np.column_stack([chart(uv), np.full(len(uv), self.value)])

        charts = [lift(chart) for chart in self.base.charts()]
        return charts if self.side else [reverse_chart(chart) for chart in charts]

    @property
    def implicit(self) -> ImplicitFunction:
        return Face(self.dim, self.value, self.side).plane(self.dim + 1)

    @property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        return (TrimmedZeroSet(self.implicit, self.base.region.lifted()),)

    def _lift(self, points: Array) -> BoundaryPoints:
        normals = np.zeros((len(points), self.dim + 1))
        normals[:, -1] = 2.0 * self.side - 1.0
        return BoundaryPoints(np.column_stack([points, np.full(len(points), self.value)]), normals)


def extrude_cells(base: BoundaryPatch | Geometry, spec: QuadratureSpec, start: float, end: float) -> tuple[Cells, ...]:
    """Cells of a patch or a shape times an interval."""
    scaled = spec.scaled(power=base.dim / (base.dim + 1))
    return tuple(LiftedCells(cells, start, end) for cells in base.cells(scaled))


def end_patches(base: Geometry, value: float, side: int) -> list[BoundaryPatch]:
    """Patches of one end; of a shape in one dimension they are segments, so that they can be trimmed."""
    if base.dim != 1:
        return [Cap(base, value, side)]
    ends = sorted(float(part.patch.at(np.zeros((1, 0))).points[0, 0]) for part in base.parts)
    normal = (0.0, 2.0 * side - 1.0)
    return [Segment((a, value), (b, value), normal) for a, b in zip(ends[::2], ends[1::2], strict=True)]


class Prism(Geometry):
    """A shape times an interval.

    Args:
        base: The shape.
        ends: The interval.
    """

    def __init__(self, base: Geometry, ends: tuple[float, float]) -> None:
        self.base, self.ends = base, ends
        self.rejects, self.expensive_level = base.rejects, base.expensive_level

    @property
    @abstractmethod
    def cap_labels(self) -> Sequence[Label]:
        """The labels of the lower and the upper end."""

    @property
    def bounds(self) -> tuple[Array, Array]:
        lower, upper = self.base.bounds
        return np.append(lower, self.ends[0]), np.append(upper, self.ends[1])

    @property
    def measure(self) -> float:
        return self.base.measure * (self.ends[1] - self.ends[0])

    def level(self, points: Array) -> Array:
        start, end = self.ends
        return np.maximum(self.base.level(points[:, :-1]), np.maximum(start - points[:, -1], points[:, -1] - end))

    def contains(self, points: Array) -> Mask:
        x = arguments.points(points, self.coordinates)
        slack = CLOSE * self.rounding
        within = (x[:, -1] >= self.ends[0] - slack) & (x[:, -1] <= self.ends[1] + slack)
        return np.asarray(within & self.base.contains(x[:, :-1]))

    @property
    def region(self) -> Region:
        return intersection((self.base.region.lifted(), slab(self.dim, self.dim - 1, *self.ends)))

    @property
    def cell_count(self) -> float:
        return self.base.cell_count

    def collocation(self, n: int, *, method: str = "sobol", seed: int = 0) -> Rule:
        if not self.cell_count or method == "uniform":
            return super().collocation(n, method=method, seed=seed)
        rule, (start, end) = self.base.collocation(n, method=method, seed=seed), self.ends
        along = np.random.default_rng([seed, n]).permutation(unit_cube(n, 1, method, seed, stream=1))
        points = np.column_stack([rule.points, start + along * (end - start)])
        return Rule(points, rule.weights * (end - start))

    def from_unit(self, unit: Array) -> Array:
        start, end = self.ends
        return np.column_stack([self.base.from_unit(unit[:, :-1]), start + unit[:, -1] * (end - start)])

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return extrude_cells(self.base, spec, *self.ends)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        sides = tuple(
            replace(part, patch=Lateral(part.patch, *self.ends), negative_outside=False) for part in self.base.parts
        )
        return sides + tuple(
            Part(label, patch, Face(self.dim - 1, value, side), positive_inside=True)
            for side, (label, value) in enumerate(zip(self.cap_labels, self.ends, strict=True))
            for patch in end_patches(self.base, value, side)
        )
