"""Boundaries of meshes: named groups of faces, and the parts that they make up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part
from kinn.geometry.distances.implicit import Plane
from kinn.geometry.meshes.blocks import make_blocks
from kinn.geometry.meshes.elements import ELEMENT_TYPES
from kinn.geometry.meshes.faces import FacePatch
from kinn.geometry.meshes.topology import Topology, face_keys, row_indices
from kinn.geometry.types import Array, Indices


class FaceGroups:
    """Which faces of a mesh each name stands for.

    Args:
        topology: The elements.
        faces: For each name corners of faces, (F, c), or several such arrays.
        nodes: For each name nodes: its faces are those of the boundary that have no others.
        what: What errors call the mesh.

    Raises:
        InputError: A group holds nothing, or something that is no face of an element.
    """

    def __init__(self, topology: Topology, faces: Mapping[str, Any], nodes: Mapping[str, Any], what: str) -> None:
        self._topology = topology
        self._keys: dict[str, Indices] = {}
        for name, values in faces.items():
            arrays = values if isinstance(values, list | tuple) and np.ndim(values[0]) == 2 else [values]
            found = np.concatenate([face_keys(np.atleast_2d(np.asarray(array)).astype(np.intp)) for array in arrays])
            arguments.label(name, "the name of a boundary")
            lost = int(np.sum(row_indices(found, topology.different) < 0))
            if lost or not len(found):
                raise InputError(f"boundary {name!r} of {what} holds {lost} of {len(found)} faces that no element has")
            self._keys[name] = found
        for name, values in nodes.items():
            arguments.label(name, "the name of a boundary")
            own = np.append(np.asarray(values).astype(np.intp).ravel(), -1)
            found = topology.different[np.isin(topology.different, own).all(axis=1)]
            if not len(found):
                raise InputError(f"boundary {name!r} of {what} holds nodes of no face: {len(own) - 1} nodes")
            self._keys[name] = found

    @cached_property
    def _members(self) -> dict[str, Indices]:
        """For each name where its faces are among those of the boundary."""
        outer = np.concatenate([faces.keys for faces in self._topology.boundary])
        found = {name: row_indices(rows, outer) for name, rows in self._keys.items()}
        return {name: rows[rows >= 0] for name, rows in found.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Names that stand for something of the boundary."""
        return tuple(name for name, rows in self._members.items() if len(rows))

    @property
    def inner(self) -> tuple[str, ...]:
        """Names of faces that all lie inside."""
        return tuple(name for name, rows in self._members.items() if not len(rows))

    @cached_property
    def sets(self) -> dict[tuple[str, ...], list[tuple[str, Indices]]]:
        """For each combination of groups that faces of the boundary belong to, their kinds and nodes."""
        boundary = self._topology.boundary
        count = sum(len(faces.nodes) for faces in boundary)
        member = np.zeros((count, len(self.names)), dtype=bool)
        for column, name in enumerate(self.names):
            member[self._members[name], column] = True
        rows, which = np.unique(member, axis=0, return_inverse=True)
        found: dict[tuple[str, ...], list[tuple[str, Indices]]] = {}
        for number in sorted(range(len(rows)), key=lambda k: tuple(~rows[k])):
            groups = tuple(name for name, mine in zip(self.names, rows[number], strict=True) if mine)
            mine, first = which.reshape(-1) == number, 0
            found[groups] = []
            for faces in boundary:
                here = mine[first : first + len(faces.nodes)]
                first += len(faces.nodes)
                if here.any():
                    found[groups].append((faces.kind, faces.nodes[here]))
        return found

    def within(self, part: Topology, whole: Topology, interface: str) -> FaceGroups:
        """Return the groups of a part of the mesh, and as one more what is inside the whole and in no group."""
        outer = np.concatenate([faces.keys for faces in part.boundary])
        around = np.concatenate([faces.keys for faces in whole.boundary])
        made = FaceGroups(part, {}, {}, "")
        made._keys = {}
        named: Sequence[Indices] = list(self._keys.values())
        for name, rows in self._keys.items():
            here = rows[row_indices(rows, outer) >= 0]
            if len(here):
                made._keys[name] = here
        free = row_indices(outer, around) < 0
        if named:
            free &= row_indices(outer, np.unique(np.concatenate(named), axis=0)) < 0
        if free.any():
            made._keys[interface] = outer[free]
        return made


_CLOSE = 1e-9  # nodes so near to a plane, relative to the size of the mesh, lie on it


def boundary_parts(points: Array, groups: FaceGroups, corners: Array, owner: str, rest: str) -> tuple[Part, ...]:
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
        patch = FacePatch(
            tuple(block for kind, nodes in faces for block in make_blocks(ELEMENT_TYPES[kind], points[nodes]))
        )
        parts.append(Part(Label(BoundaryName(" & ".join(names) or rest), BoundaryName(owner)), patch))
        planes.append(patch.plane)
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
    assert isinstance(part.patch, FacePatch)
    own = np.concatenate([block.nodes.reshape(-1, corners.shape[1]) for block in part.patch.blocks])
    on = int(np.sum(heights <= close))
    return bool(np.min(heights) >= -close) and on == len(np.unique(own, axis=0))
