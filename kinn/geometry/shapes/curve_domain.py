"""Regions inside a smooth closed curve, given as a function or by points that a spline joins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.arclength import ArcLength
from kinn.geometry.boundary.boundary import Part, single_part
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.closed_curve import ClosedCurve, fit, spline
from kinn.geometry.distances.curve_distance import ClosedCurveDistance, CurveSegment
from kinn.geometry.distances.implicit import ImplicitFunction
from kinn.geometry.distances.rfunctions import FullSpace, HalfSpace, Region
from kinn.geometry.geometry import Geometry
from kinn.geometry.types import Array


@dataclass(frozen=True, eq=False)
class ClosedCurvePatch(BoundaryPatch):
    """A closed curve."""

    loop: ClosedCurve

    dim = 1

    @cached_property
    def arc_length(self) -> ArcLength:
        """Arc length by the parameter."""
        return ArcLength(lambda t: np.linalg.norm(self.loop(t, 1), axis=1), self.loop.breaks)

    @property
    def measure(self) -> float:
        return self.arc_length.total

    def at(self, unit: Array) -> BoundaryPoints:
        t = self.arc_length.parameter(unit[:, 0])
        return BoundaryPoints(self.loop(t), self.loop.normals(t))

    @cached_property
    def breaks(self) -> tuple[float, ...]:
        joints = np.array(self.loop.breaks[1:-1])
        return tuple((self.arc_length.length(joints) / self.arc_length.total).tolist())

    @property
    def implicit(self) -> ImplicitFunction:
        return ClosedCurveDistance(self.loop)

    def trimming_region(self, start: float, end: float) -> Region:
        if end - start >= 1 - 1e-12:
            return FullSpace()
        first, last = self.arc_length.parameter(np.array([start, end]) % 1.0).tolist()
        return HalfSpace(CurveSegment(self.loop, first, last + (last < first)), self.loop.radius)


class CurveDomain(Geometry):
    """The region inside a smooth closed curve, whose only boundary bears its name.

    Args:
        curve: The curve r(t): takes parameters (m,) and gives x and y, as a pair of arrays or as one (m, 2). It must
            come back to where it began with the same tangent; which way round it goes does not matter.
        span: The first and the last parameter.
        name: Name of the region and of its boundary.

    Raises:
        InputError: The curve is not finite, not closed, not smooth, stands still, or crosses itself.
    """

    def __init__(
        self, curve: Callable[[Array], Any], span: Sequence[float] = (0.0, 1.0), *, name: str = "curve"
    ) -> None:
        if not callable(curve):
            raise InputError(
                f"a curve is a function of its parameter, got {curve!r}; points: CurveDomain.through(points)"
            )
        start, end = arguments.point(span, "the span of a curve", 2)
        if not start < end:
            raise InputError(f"the span of a curve must rise, got {start:g} and {end:g}")
        self.loop, self.name = ClosedCurve(fit(curve, start, end)), arguments.label(name)

    @classmethod
    def through(cls, points: Sequence[Sequence[float]], *, name: str = "curve") -> CurveDomain:
        """Region inside the periodic cubic spline through points (x, y), the last joined to the first, which it may repeat.

        Raises:
            InputError: Fewer than three points, a repeated or infinite one, or a spline that crosses itself.
        """
        corners = np.array(arguments.loop(points, "a point of a curve"))
        if len(corners) < 3:
            raise InputError(f"a curve needs at least 3 points, got {len(corners)}")
        domain = cls.__new__(cls)
        domain.loop, domain.name = ClosedCurve(spline(corners)), arguments.label(name)
        return domain

    def __repr__(self) -> str:
        (x0, y0), (x1, y1) = self.bounds
        return f"CurveDomain(..., name={self.name!r}) from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g})"

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.loop.bounds

    @property
    def measure(self) -> float:
        return self.loop.area

    def level(self, points: Array) -> Array:
        return self.loop.nearest(points)[1]

    @property
    def region(self) -> Region:
        return HalfSpace(ClosedCurveDistance(self.loop), 2 * self.loop.radius)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return single_part(self.name, ClosedCurvePatch(self.loop))
