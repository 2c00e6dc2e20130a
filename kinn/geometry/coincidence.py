"""Whether boundaries of two shapes coincide, as those that an interface joins must."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from scipy.spatial import cKDTree

from kinn.errors import InputError
from kinn.geometry.boundary.boundary import Boundary
from kinn.geometry.geometry import Geometry
from kinn.geometry.types import Array

#: Points of each boundary that are tried, and those that they are searched among.
TRIED, SEARCHED = 128, 2048

#: How far a point may lie off the other boundary, relative to the size of the shapes: exact ones, and facets or points.
EXACT, FACETED = 1e-7, 1e-2

#: How far it may lie off the nearest of the points searched, relative to their spacing.
SPACINGS = 4.0


def check_coincidence(first: Geometry, second: Geometry, name: str, names: tuple[str, str]) -> None:
    """Check that the boundary of one name is the same set for two shapes, which lie on both sides of it.

    Args:
        first: A shape.
        second: Another.
        name: The name of the boundary in both.
        names: What messages call the two.

    Raises:
        InputError: Tells a point of one that is not on the other.
    """
    boundaries = first.boundary(name), second.boundary(name)
    one, two = (boundary.sample(SEARCHED if boundary.dim else len(boundary.parts), seed=5) for boundary in boundaries)
    exact = all(part.face is not None or part.patch.smooth for b in boundaries for part in b.parts)
    tolerance = (EXACT if exact else FACETED) * max(first.size, second.size)
    for samples, others, other, owners in ((one, two, second, names), (two, one, first, names[::-1])):
        points = samples.points[np.random.default_rng(0).permutation(len(samples.points))[:TRIED]]
        off = _gaps(points, others.points, other, boundaries[0], tolerance)
        if off.any():
            at = ", ".join(f"{c} = {x:.4g}" for c, x in zip(first.coordinates, points[off.argmax()], strict=True))
            raise InputError(
                f"the boundaries {name!r} of {owners[0]!r} and {owners[1]!r} do not coincide: the first has {at}, the second "
                "does not; name what they share, as in Interval(0, 1, ends=('left', 'joint'))"
            )
    nearest = cKDTree(two.points).query(one.points)[1]
    if np.mean(np.sum(one.normals * two.normals[nearest], axis=1)) > 0:
        raise InputError(f"{names[0]!r} and {names[1]!r} lie on the same side of their boundary {name!r}: they overlap")


def _gaps(points: Array, others: Array, other: Geometry, boundary: Boundary, tolerance: float) -> Array:
    """Which of the points (N, d) are not among the others of a boundary, or not on the boundary of the other shape."""
    tree = cKDTree(others)
    distance = tree.query(points)[0]
    if not boundary.dim:
        return np.asarray(distance > tolerance)
    spacing = float(np.quantile(tree.query(others, 2)[0][:, 1], 0.9))
    off = distance > SPACINGS * spacing + tolerance
    with suppress(InputError):  # a cloud of points has no level
        off |= np.abs(other.level(points)) > tolerance
    return np.asarray(off)
