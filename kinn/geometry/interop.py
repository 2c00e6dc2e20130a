"""Geometries of other libraries, through the methods of DeepXDE's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part
from kinn.geometry.boundary.patch import BoundaryPoints
from kinn.geometry.boundary.scattered import point_measures, scattered_patches
from kinn.geometry.csg.products import TimeInterval
from kinn.geometry.geometry import Geometry
from kinn.geometry.sampling import unit_cube
from kinn.geometry.types import Array, Mask

_METHODS = ("inside", "on_boundary", "boundary_normal", "random_boundary_points")
_VOLUME_POINTS = 2**16
_BOUNDARY_POINTS = 2**13
_CORNER = 1e-3  # normals shorter than this, as some libraries give in corners, are none


class DeepXDEGeometry(Geometry):
    """A geometry with DeepXDE's methods `inside`, `on_boundary`, `boundary_normal` and `random_boundary_points`.

    Its interior is sampled by rejection, in proportion to measure. The points that it draws on its boundary are
    weighted by the measure that each stands for, so that samples are in proportion to measure there too.

    Args:
        geometry: The object; it also has `dim` and `bbox`.
        boundaries: Names for parts of the boundary: functions that take points (N, d) and tell which belong, (N,).
            The remainder is the part called "rest", or "boundary" where there are no names.

    Raises:
        InputError: A method is missing, or what it gives is of the wrong shape or not finite.
    """

    def __init__(self, geometry: Any, boundaries: Mapping[str, Callable[[Array], Any]] | None = None) -> None:
        kind = type(geometry).__name__
        missing = [name for name in (*_METHODS, "dim", "bbox") if not hasattr(geometry, name)]
        if missing:
            raise InputError(f"a {kind} is no geometry: it has no {', no '.join(missing)}")
        self.geometry = geometry
        self._dim = arguments.integer(geometry.dim, f"the dimension of a {kind}", 1)
        lower, upper = (
            arguments.point(np.ravel(corner), f"the bounding box of a {kind}", self._dim) for corner in geometry.bbox
        )
        if not np.all(np.less(lower, upper)):
            raise InputError(f"{kind} is an empty domain: its bounding box runs from {lower} to {upper}")
        self._bounds = np.array(lower), np.array(upper)
        self.predicates = dict(boundaries or {})

    def __repr__(self) -> str:
        return f"DeepXDEGeometry({type(self.geometry).__name__})"

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self._bounds

    @cached_property
    def measure(self) -> float:
        lower, upper = self.bounds
        share = float(np.mean(self._query("inside", lower + unit_cube(_VOLUME_POINTS, self.dim) * (upper - lower))))
        if share == 0:
            raise InputError(f"{self!r} is an empty domain: none of {_VOLUME_POINTS} points lies inside")
        return share * float(np.prod(upper - lower))

    def level(self, points: Array) -> Array:
        """Raise: nothing is known of distances.

        Raises:
            InputError: Always.
        """
        raise InputError(f"{self!r} cannot be combined with shapes of KINN: combine it in its own library")

    def contains(self, points: Array) -> Mask:
        x = arguments.points(points, self.coordinates)
        return self._query("inside", x) | self._query("on_boundary", x)

    def _query(self, method: str, points: Array) -> Mask:
        return np.asarray(getattr(self.geometry, method)(points), dtype=bool).reshape(len(points))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        samples = self._located
        sizes = point_measures(samples.points, self.dim - 1)
        owner, parts, unclaimed = BoundaryName("geometry"), [], np.ones(len(sizes), dtype=bool)
        for name, predicate in self.predicates.items():
            members = unclaimed & np.asarray(predicate(samples.points), dtype=bool).reshape(len(sizes))
            if not members.any():
                raise InputError(f"boundary {name!r} of {self!r} is empty: it contains none of {len(sizes)} points")
            parts.append((name, members))
            unclaimed = unclaimed & ~members
        if unclaimed.any():
            parts.append(("rest" if self.predicates else "boundary", unclaimed))
        return tuple(
            Part(Label(BoundaryName(name), owner), patch)
            for name, members in parts
            for patch in scattered_patches(samples[members], sizes[members])
        )

    @cached_property
    def _located(self) -> BoundaryPoints:
        """Points of the boundary and normals there, drawn once; the state of numpy's own generator is put back."""
        state = np.random.get_state()  # noqa: NPY002 - the generator that DeepXDE draws from
        try:
            np.random.seed(0)  # noqa: NPY002
            drawn = np.asarray(self.geometry.random_boundary_points(_BOUNDARY_POINTS), dtype=np.float64)
        finally:
            np.random.set_state(state)  # noqa: NPY002
        if drawn.ndim != 2 or drawn.shape[1] != self.dim or not len(drawn) or not np.isfinite(drawn).all():
            raise InputError(f"{self!r} gives no finite points of {self.dim} coordinates on its boundary")
        try:
            normals = np.asarray(self.geometry.boundary_normal(drawn), dtype=np.float64).reshape(drawn.shape)
        except NotImplementedError:
            raise InputError(f"{self!r} has no normals in its own library: use a shape of KINN") from None
        lengths = np.linalg.norm(normals, axis=1)
        clear = lengths > _CORNER
        if not clear.any():
            raise InputError(f"{self!r} gives no normals on its boundary")
        samples = BoundaryPoints(drawn[clear], normals[clear] / lengths[clear, None])
        if self.dim > 1:
            return samples
        return samples[np.sort(np.unique(np.round(samples.points[:, 0], 6), return_index=True)[1])]  # each end once


def adapt(geometry: Any, boundaries: Mapping[str, Callable[[Array], Any]] | None = None) -> Geometry:
    """Geometry of another library as one of KINN's.

    Args:
        geometry: An object with DeepXDE's methods: in space, a `TimeDomain`, or a product `GeometryXTime` of both.
            A geometry of KINN is returned as it is.
        boundaries: Names for parts of the boundary in space; see `DeepXDEGeometry`.

    Raises:
        InputError: It lacks a method, or gives something else than it should.
    """
    if isinstance(geometry, Geometry):
        return geometry
    if hasattr(geometry, "geometry") and hasattr(geometry, "timedomain"):
        return adapt(geometry.geometry, boundaries) * adapt(geometry.timedomain)
    if hasattr(geometry, "t0") and hasattr(geometry, "t1"):
        return TimeInterval(geometry.t0, geometry.t1)
    return DeepXDEGeometry(geometry, boundaries)
