"""Combinations of shapes: union, intersection and difference, whose boundaries keep their names and are trimmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from kinn.errors import InputError
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part, number_duplicates
from kinn.geometry.boundary.transformed import ReversedPatch
from kinn.geometry.csg.trimming import INSIDE, OPPOSITE, OUTSIDE, SAME, PointClassifier, trim
from kinn.geometry.distances.rfunctions import Region, intersection, union
from kinn.geometry.geometry import Geometry
from kinn.geometry.quadrature.cells import Bricks, Cells
from kinn.geometry.quadrature.cut import cut_cells
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.types import Array


class Boolean(Geometry):
    """Two shapes combined by `symbol`.

    Names of the second shape that the first one has too are numbered: "disk", "disk-2". A part of either boundary is
    kept where it really bounds the result; a stretch that both shapes share is kept once where they lie on the same
    side of it, and is no boundary of a union, nor of an intersection, of shapes on opposite sides.

    Raises:
        InputError: The shapes have different coordinates, or the result, or a shape combined further, is empty. A
            difference finds that out when it is first used.
    """

    symbol: ClassVar[str]
    first_keeps: ClassVar[tuple[int, ...]]  # where parts of the first boundary must lie with regard to the second shape
    second_keeps: ClassVar[tuple[int, ...]]  # and the other way round; shared curve_spans belong to the first
    extends: ClassVar[bool] = False  # whether the result is larger than its operands, not smaller
    subtracts: ClassVar[bool] = False  # whether the second boundary is that of a hole: turned round, not outer, no face

    def __init__(self, first: Geometry, second: Geometry) -> None:
        if first.coordinates != second.coordinates:
            ours, theirs = (", ".join(shape.coordinates) for shape in (first, second))
            raise InputError(f"cannot combine shapes in different coordinates: ({ours}) {self.symbol} ({theirs})")
        self.first, self.second, self.axis_names = first, second, first.axis_names
        self.expensive_level = first.expensive_level or second.expensive_level

    def __repr__(self) -> str:
        return f"({self.first!r} {self.symbol} {self.second!r})"

    def keeps_face(self, axis: int, side: int, shape: Geometry, other: Geometry) -> bool:
        """Whether a full face of one shape still has the result, and its boundary, strictly on one side."""
        return True  # the result lies in the shape

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        first, second = self.first, self.second
        scale, rounding = min(first.size, second.size), max(first.rounding, second.rounding)
        parts = self._trimmed(first.parts, first, PointClassifier(second, self.first_keeps, scale, rounding))
        for part in self._trimmed(second.parts, second, PointClassifier(first, self.second_keeps, scale, rounding)):
            label = self.second_label(part.label)
            if any(_share_zero_set(part, other) for other in first.parts):
                # a stretch that both shapes have went to the first: its implicit function vanishes there too
                part = replace(part, positive_inside=False, negative_outside=False)
            if self.subtracts:
                inside, outside = part.negative_outside, part.positive_inside
                patch = ReversedPatch(part.patch)
                part = replace(part, patch=patch, face=None, positive_inside=inside, negative_outside=outside)
            parts.append(replace(part, label=label))
        if not parts:
            raise InputError(f"{self!r} is an empty domain: no boundary is left of it")
        # What is positive all over a shape is so all over what is cut out of it, and the same holds for its outside.
        if self.extends:
            return tuple(replace(part, positive_inside=False) for part in parts)
        return tuple(replace(part, negative_outside=False) for part in parts)

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        return (*self.first.labels, *map(self.second_label, self.second.labels))

    def second_label(self, label: Label) -> Label:
        """Label that a part of the second shape bears here."""
        outer = label.outer and not self.subtracts
        return replace(label, name=self._new_names[label.name], owner=self._new_names[label.owner], outer=outer)

    @cached_property
    def _new_names(self) -> dict[BoundaryName, BoundaryName]:
        """The names of the second shape, and the next free number of each that the first shape has too."""
        names = (name for label in self.second.labels for name in (label.name, label.owner))
        return number_duplicates(names, self.first.labels)

    def _trimmed(self, parts: Sequence[Part], shape: Geometry, classifier: PointClassifier) -> list[Part]:
        result = []
        for part in parts:
            patch, face = trim(part.patch, classifier), part.face
            if patch is None:
                continue
            if face and (patch is not part.patch or not self.keeps_face(face.axis, face.side, shape, classifier.shape)):
                face = None
            result.append(replace(part, patch=patch, face=face))
        return result

    @cached_property
    def measure(self) -> float:
        """Length, area or volume.

        In one dimension the sum of the intervals, in two that of the strips, exact to rounding. In three
        the volume of boxes, those at the boundary cut by it, good to about 1e-5 of the bounding box; beyond, and
        of closed surfaces of triangles, quasi Monte Carlo with an error of about 1e-4.
        """
        if self.dim <= 2:
            return sum(float(np.sum(cells.measures)) for cells in self.cells(QuadratureSpec(0)))
        return super().measure

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        """Intervals, in the plane strips, in space boxes and points near the boundary; beyond, a sequence."""
        if self.dim == 3 and not self.expensive_level:
            return cut_cells(self.level, self.bounds, self.measure, spec, self.rounding)
        if self.dim != 1:
            return super().cells(spec)
        ends = np.sort([part.patch.at(np.zeros((1, 0))).points[0] for part in self.parts], axis=0)
        return (Bricks(ends[::2], ends[1::2]),)


class Union(Boolean):
    """The points of either shape, written `first | second`."""

    symbol = "|"
    extends = True
    first_keeps = (OUTSIDE, SAME)
    second_keeps = (OUTSIDE,)

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        (a, b), (c, d) = self.first.bounds, self.second.bounds
        return np.minimum(a, c), np.maximum(b, d)

    def level(self, points: Array) -> Array:
        """Smaller of the levels; inside it is a bound for the distance, not the distance."""
        return np.minimum(self.first.level(points), self.second.level(points))

    @property
    def region(self) -> Region:
        return union((self.first.region, self.second.region))

    def keeps_face(self, axis: int, side: int, shape: Geometry, other: Geometry) -> bool:
        if side == 0:
            return bool(other.bounds[0][axis] > shape.bounds[0][axis])
        return bool(other.bounds[1][axis] < shape.bounds[1][axis])


class Intersection(Boolean):
    """The points of both shapes, written `first & second`."""

    symbol = "&"
    first_keeps = (INSIDE, SAME)
    second_keeps = (INSIDE,)

    def __init__(self, first: Geometry, second: Geometry) -> None:
        super().__init__(first, second)
        lower, upper = self.bounds
        if not np.all(lower < upper):
            raise InputError(f"{self!r} is an empty domain: the shapes do not overlap")

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        (a, b), (c, d) = self.first.bounds, self.second.bounds
        return np.maximum(a, c), np.minimum(b, d)

    def level(self, points: Array) -> Array:
        """Larger of the levels; outside it is a bound for the distance, not the distance."""
        return np.maximum(self.first.level(points), self.second.level(points))

    @property
    def region(self) -> Region:
        return intersection((self.first.region, self.second.region))


class Difference(Boolean):
    """The points of the first shape that are not inside the second one, written `first - second`."""

    symbol = "-"
    first_keeps = (OUTSIDE, OPPOSITE)
    second_keeps = (INSIDE,)
    subtracts = True

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.first.bounds

    def level(self, points: Array) -> Array:
        return np.maximum(self.first.level(points), -self.second.level(points))

    @property
    def region(self) -> Region:
        return intersection((self.first.region, self.second.region.complement()))


def _share_zero_set(part: Part, other: Part) -> bool:
    """Whether a part that knows where its implicit function is positive lies on the same zero set as another part."""
    if not (part.positive_inside or part.negative_outside):
        return False
    try:
        return part.patch.implicit.matches(other.patch.implicit) != 0
    except InputError:  # the other has no implicit function
        return False
