"""Boundaries of meshes: patches of faces, named groups of faces, and the parts that they make up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part
from kinn.geometry.boundary.edges import Segment
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints, Chart
from kinn.geometry.distances.implicit import ImplicitFunction, Plane
from kinn.geometry.distances.rfunctions import MAX_ZERO_SETS, TrimmedZeroSet, triangle_zero_set
from kinn.geometry.meshes.blocks import Block, make_blocks, sample_elements, sample_graded
from kinn.geometry.meshes.elements import element_types
from kinn.geometry.meshes.topology import Topology, face_keys, row_indices, split_rows
from kinn.geometry.quadrature.cells import Cells
from kinn.geometry.quadrature.rule import QuadratureSpec, Rule
from kinn.geometry.sampling import unit_cube
from kinn.geometry.types import Array, Indices

_FLAT = 1e-9  # points so near to a plane, relative to the size of the patch or the mesh, lie in it


@dataclass(frozen=True, eq=False)
class FacePatch(BoundaryPatch):
    """Faces of elements."""

    blocks: tuple[Block, ...]

    @property
    def dim(self) -> int:
        return self.blocks[0].kind.dim

    smooth = False

    @cached_property
    def measure(self) -> float:
        return float(sum(np.sum(block.measures) for block in self.blocks))

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return self.blocks

    @property
    def cell_count(self) -> float:
        return sum(block.cube_count for block in self.blocks)

    def collocation(self, n: int, method: str = "sobol", seed: int = 0, stream: int = 0) -> Rule:
        if method == "uniform":
            return super().collocation(n, method, seed, stream)
        return sample_graded(self.blocks, n, lambda m: unit_cube(m, self.dim + 1, method, seed, stream=stream))

    def at(self, unit: Array) -> BoundaryPoints:
        return self._drawn(np.column_stack([unit, np.zeros(len(unit))]), all_=True)

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        if method == "uniform":
            return self.at(unit_cube(m, self.dim, method, seed, stream=stream))
        return self._drawn(unit_cube(m, self.dim + 1, method, seed, stream=stream))

    def _drawn(self, unit: Array, *, all_: bool = False) -> BoundaryPoints:
        samples = sample_elements(self.blocks, unit, all_=all_)
        assert samples.normals is not None
        return BoundaryPoints(samples.points, samples.normals)

    def charts(self) -> list[Chart]:
        if self.dim != 2:
            return super().charts()
        return [chart for block in self.blocks for number in range(block.count) for chart in block.charts(number)]

    @cached_property
    def plane(self) -> Plane | None:
        """The line or plane that all faces lie in, positive inside, if there is one."""
        nodes = np.concatenate([block.nodes.reshape(-1, self.dim + 1) for block in self.blocks])
        block = self.blocks[0]
        normals = block.at(np.zeros(1, dtype=np.intp), np.full((1, self.dim), 1 / (self.dim + 1))).normals
        assert normals is not None
        normal = np.where(np.abs(normals[0]) <= _FLAT**1.5, 0.0, normals[0])  # along an axis exactly
        heights = (nodes - nodes[0]) @ normal
        if np.max(np.abs(heights)) > _FLAT * float(np.max(np.ptp(nodes, axis=0))):
            return None
        return Plane.through(nodes[0].tolist(), normal.tolist())

    def supports(self, corners: Array, close: float) -> bool:
        """Whether no corner of an element, (K, d), is outside the plane, and none but those of the faces on it."""
        if self.plane is None:
            return False
        heights = np.asarray(self.plane(tuple(corners.T)))
        nodes = np.concatenate([block.nodes.reshape(-1, corners.shape[1]) for block in self.blocks])
        return bool(np.min(heights) >= -close) and int(np.sum(heights <= close)) == len(np.unique(nodes, axis=0))

    @property
    def implicit(self) -> ImplicitFunction:
        """The line or plane; InputError where there is none."""
        return super().implicit if self.plane is None else self.plane

    @cached_property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        """Segments, those in one line as one, or triangles; InputError where they are curved or too many."""
        if not all(block.kind.order == 1 for block in self.blocks):
            raise InputError("no smooth distance is known for the curved faces of a mesh: enforce its conditions soft")
        zero_sets = self._segments() if self.dim == 1 else self._triangles()
        if len(zero_sets) > MAX_ZERO_SETS:
            raise InputError(
                f"no smooth distance to {len(zero_sets)} faces of a mesh, {MAX_ZERO_SETS} at most: enforce its conditions soft"
            )
        return tuple(zero_sets)

    def _segments(self) -> list[TrimmedZeroSet]:
        ends = np.concatenate([block.nodes for block in self.blocks])
        along = ends[:, 1] - ends[:, 0]
        along /= np.linalg.norm(along, axis=1)[:, None]
        following = {tuple(end[0]): k for k, end in enumerate(ends)}
        after = ((j, following.get(tuple(end[1]))) for j, end in enumerate(ends))
        goes_on = {j: k for j, k in after if k is not None and np.linalg.norm(along[k] - along[j]) < _FLAT}
        zero_sets: list[TrimmedZeroSet] = []
        for first in sorted(set(range(len(ends))) - set(goes_on.values())):
            last = first
            while last in goes_on:
                last = goes_on[last]
            normal = (float(along[first, 1]), -float(along[first, 0]))
            zero_sets.extend(Segment(tuple(ends[first, 0].tolist()), tuple(ends[last, 1].tolist()), normal).zero_sets)
        return zero_sets

    def _triangles(self) -> list[TrimmedZeroSet]:
        corners = [block.nodes if block.kind.simplex else _halved(block.nodes) for block in self.blocks]
        return [triangle_zero_set(triangle) for triangle in np.concatenate(corners)[: MAX_ZERO_SETS + 1]]


def _halved(quadrilaterals: Array) -> Array:
    """Each quadrilateral, (F, 4, 3), as two triangles; InputError where one is not plane."""
    a, b, c, d = np.moveaxis(quadrilaterals, 1, 0)
    size = np.max(np.ptp(quadrilaterals, axis=1), axis=1)
    if np.any(np.abs(np.sum(np.cross(b - a, c - a) * (d - a), axis=1)) > _FLAT * size**3):
        raise InputError("no smooth distance is known for the curved faces of a mesh: enforce its conditions soft")
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


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
            selected = np.append(np.asarray(values).astype(np.intp).ravel(), -1)
            found = topology.different[np.isin(topology.different, selected).all(axis=1)]
            if not len(found):
                raise InputError(f"boundary {name!r} of {what} holds nodes of no face: {len(selected) - 1} nodes")
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
        member = np.zeros((sum(len(faces.nodes) for faces in boundary), len(self.names)), dtype=bool)
        for column, name in enumerate(self.names):
            member[self._members[name], column] = True
        rows, which = np.unique(member, axis=0, return_inverse=True)
        found: dict[tuple[str, ...], list[tuple[str, Indices]]] = {}
        for number in sorted(range(len(rows)), key=lambda k: tuple(~rows[k])):
            groups = tuple(compress(self.names, rows[number]))
            members = split_rows(which.reshape(-1) == number, [faces.nodes for faces in boundary])
            found[groups] = [
                (faces.kind, faces.nodes[here]) for faces, here in zip(boundary, members, strict=True) if here.any()
            ]
        return found

    def within(self, part: Topology, mesh: Topology, interfaces: Mapping[str, Indices], unnamed: str) -> FaceGroups:
        """Groups of a part of the mesh.

        Args:
            part: The elements of the part.
            mesh: All elements.
            interfaces: For each name the faces, as keys, that the part shares with another; those count that are in no
                group.
            unnamed: Name of the other faces inside the mesh and in no group.
        """
        outer = np.concatenate([faces.keys for faces in part.boundary])
        boundary = np.concatenate([faces.keys for faces in mesh.boundary])
        subgroups = FaceGroups(part, {}, {}, "")
        subgroups._keys = {
            name: rows[here] for name, rows in self._keys.items() if (here := row_indices(rows, outer) >= 0).any()
        }
        known = np.unique(np.concatenate([boundary, *self._keys.values()]), axis=0)
        free = outer[row_indices(outer, known) < 0]
        shared = {name: rows[row_indices(rows, free) >= 0] for name, rows in interfaces.items()} if len(free) else {}
        subgroups._keys |= {name: rows for name, rows in shared.items() if len(rows)}
        if len(free):
            lost = free[row_indices(free, np.unique(np.concatenate([free[:0], *shared.values()]), axis=0)) < 0]
            subgroups._keys |= {unnamed: lost} if len(lost) else {}
        return subgroups


def boundary_parts(points: Array, groups: FaceGroups, corners: Array, owner: str, unnamed: str) -> tuple[Part, ...]:
    """One part of the boundary of a mesh for each set of faces that belong to the same groups.

    Args:
        points: The nodes, (V, d).
        groups: Groups of faces.
        corners: The corners of the elements, (K, d).
        owner: Name of the mesh.
        unnamed: Name of the faces in no group.
    """
    patches = {
        names: FacePatch(
            tuple(block for kind, nodes in faces for block in make_blocks(element_types()[kind], points[nodes]))
        )
        for names, faces in groups.sets.items()
    }
    close = _FLAT * float(np.max(np.ptp(points, axis=0)))
    parts = []
    for names, patch in patches.items():
        planes = [other.plane for other in patches.values() if other is not patch and other.plane is not None]
        # what lies on one side of the plane, and nothing but this part on the plane: the height is the distance
        alone = patch.supports(corners, close) and not any(patch.implicit.matches(plane) for plane in planes)
        label = Label(BoundaryName(" & ".join(names) or unnamed), BoundaryName(owner))
        parts.append(Part(label, patch, positive_inside=alone))
    return tuple(parts)
