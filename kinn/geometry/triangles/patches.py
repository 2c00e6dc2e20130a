"""Triangles in space as patches of smooth distances."""

from __future__ import annotations

import numpy as np

from kinn.geometry.boundary.patch import Array
from kinn.geometry.distances.distance import Patch
from kinn.geometry.distances.implicit import Plane
from kinn.geometry.distances.rfunctions import Half, intersection

MOST_PATCHES = 128  # a smooth distance takes an expression for each triangle


def triangle_patch(corners: Array) -> Patch:
    """Return a triangle, (3, 3), as a patch: its plane, between the planes through its edges."""
    edges = np.roll(corners, -1, axis=0) - corners
    normal = np.cross(edges[0], edges[1])
    normal /= np.linalg.norm(normal)
    halves = []
    for corner, edge in zip(corners, edges, strict=True):
        out = np.cross(edge, normal)
        length = float(np.linalg.norm(edge))
        halves.append(Half(Plane.through(corner.tolist(), (out / length).tolist()), length))
    return Patch(Plane.through(corners[0].tolist(), normal.tolist()), intersection(halves))
