"""Boundary patches: parametrised points, curves and surfaces with outward normals; charts of surfaces.

Charts are exact smooth maps of the square [-1, 1]^2 that together cover a surface: a sphere has six, a triangle three, so
that surface panels are of one kind. They run counter-clockwise seen from outside: the vector product of their derivatives
points out of the domain.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kinn.errors import InputError
from kinn.geometry import distances
from kinn.geometry.quadrature.cells import CellPoints, Cells
from kinn.geometry.quadrature.reference_cells import LINE, Circle, Factor
from kinn.geometry.quadrature.rule import QuadratureSpec, Rule
from kinn.geometry.sampling import sample_by_rejection, unit_cube
from kinn.geometry.types import Array, Indices, Mask

#: Maps points (m, 2) of the square to points (m, d) of a surface, or of a plane shape.
Chart: TypeAlias = Callable[[Array], Array]


def quadrilateral_chart(corners: Array) -> Chart:
    """Bilinear chart of a quadrilateral (4, d), its corners counter-clockwise."""

    def chart(uv: Array) -> Array:
        low, high = (1 - uv) / 2, (1 + uv) / 2
        shares = [low[:, 0] * low[:, 1], high[:, 0] * low[:, 1], high[:, 0] * high[:, 1], low[:, 0] * high[:, 1]]
        return np.asarray(np.stack(shares, axis=1) @ corners)

    return chart


def triangle_charts(corners: Array) -> list[Chart]:
    """Quadrilaterals between the corners of a triangle (3, d), the middles of its sides and its centre."""
    middles, centre = (corners + np.roll(corners, -1, axis=0)) / 2, corners.mean(axis=0)
    return [quadrilateral_chart(np.array([corners[k], middles[k], centre, middles[k - 1]])) for k in range(3)]


def reverse_chart(chart: Chart) -> Chart:
    """Chart with the opposite orientation."""
    return lambda uv: chart(uv[:, ::-1])


def orient_chart(chart: Chart, normal: Array) -> Chart:
    """Chart oriented such that the vector product of its derivatives in the middle points along a normal."""
    step = 1e-4
    points = chart(np.array([[step, 0.0], [-step, 0.0], [0.0, step], [0.0, -step]]))
    return chart if np.cross(points[0] - points[1], points[2] - points[3]) @ normal > 0 else reverse_chart(chart)


Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class BoundaryPoints:
    """Points on a boundary, (n, d), and the outward unit normals there, (n, d)."""

    points: Array
    normals: Array

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: Mask | NDArray[np.intp] | slice) -> BoundaryPoints:
        return BoundaryPoints(self.points[index], self.normals[index])


class BoundaryPatch(ABC):
    """A patch of a boundary, the image of the unit cube of dimension `dim` (0: a point, 1: a curve, 2: a surface).

    The map carries the uniform measure of the cube to the uniform measure of the patch: a curve is run through at
    constant speed. Sampling, quadrature and trimming all rest on this, so a curve without a closed form for its arc
    length has to invert it numerically.
    """

    @property
    @abstractmethod
    def dim(self) -> int:
        """Dimension of the parameter."""

    @property
    @abstractmethod
    def measure(self) -> float:
        """Length or area; 1 for a point."""

    @property
    def rejects(self) -> bool:
        """Whether `accepts` turns points away; never for curves, which are cut at their crossings instead."""
        return False

    @abstractmethod
    def at(self, unit: Array) -> BoundaryPoints:
        """Points and outward unit normals at parameters `unit`, (m, dim), in the same order."""

    def accepts(self, samples: BoundaryPoints) -> Mask:
        """Whether points that `at` gave belong to the patch, (m,)."""
        return np.ones(len(samples), dtype=bool)

    @property
    def curve_spans(self) -> tuple[BoundaryPatch, Spans]:
        """A smooth curve, and the spans of its parameter that this curve consists of."""
        return self, ((0.0, 1.0),)

    @property
    def smooth(self) -> bool:
        """Whether it is a curve or surface, not single points of one."""
        return True

    @property
    def periodic(self) -> bool:
        """Whether a curve is closed and smooth all round."""
        return False

    @property
    def breaks(self) -> tuple[float, ...]:
        """Parameters of a curve, inside (0, 1), where it is less smooth than elsewhere."""
        return ()

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        """Cells that the patch consists of, on which quadratures are built; they depend on `spec` if they are points."""
        return curve_cells(self) if self.dim == 1 else (PatchCells(self, np.array([[0.0, 1.0]])),)

    @property
    def implicit(self) -> distances.ImplicitFunction:
        """The function on whose zero set the patch lies, positive behind the patch (against its normals).

        Raises:
            InputError: None is known.
        """
        raise InputError("no smooth distance is known for such a boundary: enforce its conditions soft")

    def trimming_region(self, start: float, end: float) -> distances.Region:
        """Region that trims the zero set to the curve between two parameters (`end` > 1 goes round).

        By default that of a straight curve: the ball whose diameter it is. Points and surfaces fill their zero sets.
        """
        if self.dim != 1:
            return distances.FullSpace()
        return distances.diametral_ball(*self.at(np.array([[start], [end]])).points)

    def charts(self) -> list[Chart]:
        """Charts that cover a surface in space, for its panels.

        Raises:
            InputError: None are known.
        """
        what = "what another shape cuts off it" if self.rejects else f"a {type(self).__name__.lower()}"
        raise InputError(
            f"it is {what}, and surfaces of the inverse form are whole spheres, sides of boxes and cylinders, triangles "
            "and faces of meshes"
        )

    @property
    def zero_sets(self) -> tuple[distances.TrimmedZeroSet, ...]:
        """The trimmed zero sets that the patch consists of, for smooth distances."""
        return (distances.TrimmedZeroSet(self.implicit, self.trimming_region(0.0, 1.0)),)

    def rim(self, n: int) -> Array:
        """Ends of a curve, (k, d); of a surface random points, n on each edge; a point itself."""
        if self.dim == 0:
            return self.at(np.zeros((1, 0))).points
        if self.dim == 1:
            curve, spans = self.curve_spans
            return curve.at(np.reshape(spans, (-1, 1))).points
        draw, edges = np.random.default_rng(0), []
        for axis, end in product(range(self.dim), (0.0, 1.0)):
            edges.append(draw.random((n, self.dim)))
            edges[-1][:, axis] = end
        samples = self.at(np.concatenate(edges))
        return samples.points[self.accepts(samples)]

    def sample(self, n: int, method: str = "sobol", seed: int = 0, stream: int = 0) -> BoundaryPoints:
        """Points of the patch, n of them; the arguments are those of `unit_cube`."""

        def draw(m: int) -> Array:
            samples = self.draw(m, method, seed, stream)
            return np.stack([samples.points, samples.normals], axis=1)

        found = sample_by_rejection(n, draw, "a boundary patch", spread=method == "uniform")
        return BoundaryPoints(found[:, 0], found[:, 1])

    @property
    def cell_count(self) -> float:
        """Number of lines or squares that the faces of elements amount to; 0 where there are none."""
        return 0.0

    def collocation(self, n: int, method: str = "sobol", seed: int = 0, stream: int = 0) -> Rule:
        """Points with weights for residuals, as dense as the faces of elements, or uniform; see `Geometry.collocation`."""
        samples = self.sample(n, method, seed, stream)
        return Rule(samples.points, np.full(n, self.measure / n), samples.normals)

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        """Points accepted among m candidates."""
        samples = self.at(unit_cube(m, self.dim, method, seed, stream=stream))
        return samples[self.accepts(samples)] if self.rejects else samples


@dataclass(frozen=True, eq=False)
class PatchCells(Cells):
    """Images of the unit cube under a patch, which keeps ratios of measure; of a curve those of spans of its parameter.

    Attributes:
        patch: The patch.
        spans: For each cell where its first parameter begins and ends, (C, 2).
        around: Whether it is one cell that goes all round a smooth closed curve.
    """

    patch: BoundaryPatch
    spans: Array
    around: bool = False

    @property
    def factors(self) -> tuple[Factor, ...]:
        return (Circle(),) if self.around else (LINE,) * self.patch.dim

    @property
    def count(self) -> int:
        return len(self.spans)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        start, end = self.spans[which].T
        if self.patch.dim:
            unit = np.column_stack([start + (end - start) * unit[:, 0], unit[:, 1:]])
        samples = self.patch.at(unit)
        return CellPoints(samples.points, self.patch.measure * (end - start), samples.normals)


def curve_cells(patch: BoundaryPatch) -> tuple[Cells, ...]:
    """Stretches of a patch that is a curve, divided where the curve is less smooth."""
    curve, spans = patch.curve_spans
    if curve.periodic and spans == ((0.0, 1.0),):
        return (PatchCells(curve, np.array(spans), around=True),)
    divided = [
        stretch
        for start, end in spans
        for stretch in pairwise([start, *(t for t in curve.breaks if start < t < end), end])
    ]
    return (PatchCells(curve, np.array(divided)),)
