"""Time: an interval of it, and the product of a shape in space with such an interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kinn.errors import InputError
from kinn.geometry.base import Geometry
from kinn.geometry.boundary import Face, Label, Name, Part
from kinn.geometry.box import Interval
from kinn.geometry.carriers import Carrier, Plane
from kinn.geometry.distance import Patch
from kinn.geometry.pieces import Array, BoundaryPoints, Mask, Piece, Segment
from kinn.geometry.regions import Half, Region, between, intersection

_INSTANTS = ("initial", "final")


class TimeInterval(Interval):
    """The time from t0 to t1: a domain with the one coordinate "t" (for ODEs) and boundaries "initial" and "final"."""

    def __init__(self, t0: float, t1: float, *, name: str = "time") -> None:
        super().__init__(t0, t1, name=name)

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Time alone."""
        return ("t",)

    @property
    def side_names(self) -> tuple[tuple[str, str], ...]:
        """Initial and final."""
        return (_INSTANTS,)


def instant(dim: int, t: float, side: int) -> Plane:
    """Return the time since t (`side` 0) or until t (`side` 1) as the last of `dim` coordinates."""
    sign = 1.0 - 2.0 * side
    return Plane((0.0,) * (dim - 1) + (sign,), -sign * t)


def between_instants(dim: int, t0: float, t1: float) -> Region:
    """Return the slab between two values of the last of `dim` coordinates."""
    return intersection((Half(instant(dim, t0, 0), t1 - t0), Half(instant(dim, t1, 1), t1 - t0)))


@dataclass(frozen=True)
class Lateral(Piece):
    """A piece of a boundary in space over the time from t0 to t1; its normals have no component in time."""

    base: Piece
    t0: float
    t1: float

    @property
    def rejects(self) -> bool:
        """As the piece in space."""
        return self.base.rejects

    @property
    def dim(self) -> int:
        """One more than that of the piece in space."""
        return self.base.dim + 1

    @property
    def measure(self) -> float:
        """Measure of the piece in space times the duration."""
        return self.base.measure * (self.t1 - self.t0)

    def at(self, unit: Array) -> BoundaryPoints:
        """Return points whose last parameter is the time."""
        base = self.base.at(unit[:, :-1])
        time = self.t0 + unit[:, -1] * (self.t1 - self.t0)
        return BoundaryPoints(
            np.column_stack([base.points, time]), np.column_stack([base.normals, np.zeros(len(unit))])
        )

    def accepts(self, located: BoundaryPoints) -> Mask:
        """Return which points the piece in space accepts."""
        return self.base.accepts(BoundaryPoints(located.points[:, :-1], located.normals[:, :-1]))

    @property
    def carrier(self) -> Carrier:
        """That of the piece in space."""
        return self.base.carrier.lifted()

    def extent(self, start: float, end: float) -> Region:
        """Return the disk around a stretch of the line that a point runs through."""
        first, last = self.at(np.array([[start], [end]])).points
        return between(first, last)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Those of the piece in space, during the time."""
        during = between_instants(self.dim + 1, self.t0, self.t1)
        return tuple(
            Patch(patch.carrier.lifted(), intersection((patch.region.lifted(), during))) for patch in self.base.patches
        )


@dataclass(frozen=True)
class Instant(Piece):
    """A whole shape in space at time t, the domain lying after (`side` 0) or before it (`side` 1)."""

    space: Geometry
    t: float
    side: int

    @property
    def rejects(self) -> bool:
        """As the shape."""
        return self.space.rejects

    @property
    def dim(self) -> int:
        """That of the shape."""
        return self.space.dim

    @property
    def measure(self) -> float:
        """Measure of the shape."""
        return self.space.measure

    def at(self, unit: Array) -> BoundaryPoints:
        """Return points of the shape, or of its bounding box where the shape rejects."""
        return self._lift(self.space.from_unit(unit))

    def accepts(self, located: BoundaryPoints) -> Mask:
        """Return which points lie in the shape."""
        return self.space.contains(located.points[:, :-1])

    def sample(self, n: int, method: str = "sobol", seed: int = 0, stream: int = 0) -> BoundaryPoints:
        """Return n points of the shape, sampled in its own way."""
        return self._lift(self.space.sample(n, method=method, seed=seed))

    @property
    def carrier(self) -> Carrier:
        """The plane of constant time."""
        return instant(self.dim + 1, self.t, self.side)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """The shape at this time."""
        return (Patch(self.carrier, self.space.region.lifted()),)

    def _lift(self, points: Array) -> BoundaryPoints:
        normals = np.zeros((len(points), self.dim + 1))
        normals[:, -1] = 2.0 * self.side - 1.0
        return BoundaryPoints(np.column_stack([points, np.full(len(points), self.t)]), normals)


class SpaceTime(Geometry):
    """A shape in space times an interval of time, written `shape * TimeInterval(0, 1)`.

    The last coordinate is "t". The boundaries of the shape keep their names (also "boundary" and "outer", which hold
    nothing of the first and last instant); "initial" and "final" are added.

    Raises:
        InputError: The second factor is no TimeInterval, the first already has time, or a boundary of the shape is
            called "initial" or "final".
    """

    def __init__(self, space: Geometry, time: Geometry) -> None:
        if not isinstance(time, TimeInterval):
            raise InputError("a domain can only be multiplied by time: shape * TimeInterval(t0, t1)")
        if "t" in space.coordinates:
            raise InputError("a domain has only one time: the first factor of shape * TimeInterval(t0, t1) has one too")
        self.space, self.time = space, time
        self.rejects = space.rejects
        taken = [name for name in space.boundaries if name in _INSTANTS]
        if taken:
            raise InputError(f"a boundary in space may not be called {taken[0]!r}: time has one of this name")

    def __repr__(self) -> str:
        return f"{self.space!r} * {self.time!r}"

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Those of the shape, then t."""
        return (*self.space.coordinates, "t")

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Those of the shape and of the time."""
        (lower, upper), (t0, t1) = self.space.bounds, self.time.bounds
        return np.concatenate([lower, t0]), np.concatenate([upper, t1])

    @property
    def measure(self) -> float:
        """Measure of the shape times the duration."""
        return self.space.measure * self.time.measure

    def level(self, points: Array) -> Array:
        """Return the larger of the levels in space and in time."""
        return np.maximum(self.space.level(points[:, :-1]), self.time.level(points[:, -1:]))

    @property
    def region(self) -> Region:
        """The shape, during the time."""
        return intersection(
            (self.space.region.lifted(), between_instants(self.dim, self.time.lower[0], self.time.upper[0]))
        )

    def from_unit(self, unit: Array) -> Array:
        """Return points whose last parameter is the time."""
        return np.column_stack([self.space.from_unit(unit[:, :-1]), self.time.from_unit(unit[:, -1:])])

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The boundary in space over the whole time, then the initial and the final instant."""
        spans = (self.time.lower[0], self.time.upper[0])
        sides = tuple(
            replace(part, piece=Lateral(part.piece, *spans), negative_outside=False) for part in self.space.parts
        )
        owner = Name(self.time.name)
        return sides + tuple(
            Part(Label(Name(name), owner, lateral=False), piece, Face(self.dim - 1, t, side), positive_inside=True)
            for side, (name, t) in enumerate(zip(_INSTANTS, spans, strict=True))
            for piece in _instant(self.space, t, side)
        )


def _instant(space: Geometry, t: float, side: int) -> list[Piece]:
    """Return the pieces of a shape at one instant; in one dimension they are segments, so that they can be trimmed."""
    if space.dim != 1:
        return [Instant(space, t, side)]
    ends = sorted(float(part.piece.at(np.zeros((1, 0))).points[0, 0]) for part in space.parts)
    normal = (0.0, 2.0 * side - 1.0)
    return [Segment((a, t), (b, t), normal) for a, b in zip(ends[::2], ends[1::2], strict=True)]
