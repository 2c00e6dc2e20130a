"""The parts of the boundary of a mesh: its named faces, with planes as their distances where all else lies behind them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinn.geometry.boundaries import Label, Name, Part
from kinn.geometry.boundary.patch import Array
from kinn.geometry.distances.implicit import Plane
from kinn.geometry.meshes.blocks import blocks
from kinn.geometry.meshes.elements import KINDS
from kinn.geometry.meshes.faces import FacePatch
from kinn.geometry.meshes.groups import Groups

_CLOSE = 1e-9  # nodes so near to a plane, relative to the size of the mesh, lie on it


def parts_of(points: Array, groups: Groups, corners: Array, owner: str, rest: str) -> tuple[Part, ...]:
    """Return one part for each set of faces that belong to the same groups.

    Args:
        points: The nodes of the mesh, (V, d).
        groups: Its groups of faces.
        corners: The corners of its elements, (K, d).
        owner: Its name.
        rest: What faces in no group are called.
    """
    parts: list[Part] = []
    planes: list[Plane | None] = []
    for names, faces in groups.sets.items():
        piece = FacePatch(tuple(block for kind, nodes in faces for block in blocks(KINDS[kind], points[nodes])))
        parts.append(Part(Label(Name(" & ".join(names) or rest), Name(owner)), piece))
        planes.append(piece.plane)
    close = _CLOSE * float(np.max(np.ptp(points, axis=0)))
    for k, plane in enumerate(planes):
        if plane is None or any(plane.matches(other) for j, other in enumerate(planes) if j != k and other is not None):
            continue
        # what lies on one side of the plane, and nothing but this part on the plane: the height is the distance
        if _supports(plane, parts[k], corners, close):
            parts[k] = replace(parts[k], positive_inside=True)
    return tuple(parts)


def _supports(plane: Plane, part: Part, corners: Array, close: float) -> bool:
    """Whether all corners are on the inner side of a plane, and those on it are those of a part."""
    heights = np.asarray(plane(tuple(corners.T)))
    assert isinstance(part.piece, FacePatch)
    own = np.concatenate([block.nodes.reshape(-1, corners.shape[1]) for block in part.piece.blocks])
    on = int(np.sum(heights <= close))
    return bool(np.min(heights) >= -close) and on == len(np.unique(own, axis=0))
