"""Meshes of shapes, made by gmsh: nodes lie on the boundary of the shape itself, those in the middle of edges too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.geometry import Geometry
from kinn.geometry.meshes.topology import components, row_indices
from kinn.geometry.types import Array, Indices

_TOGETHER = 1e-7  # ends of boundary curves nearer than this, relative to the size, are one corner
_LEAST = 3  # edges on a closed curve
_BEND = 0.5  # radians that a boundary may turn from node to node


@dataclass(frozen=True, eq=False)
class MeshEdge:
    """An edge of the mesh to be on a named boundary, between two parameters of a curve."""

    name: str
    curve: BoundaryPatch
    start: float
    end: float

    @property
    def ends(self) -> Array:
        """Both nodes, (2, 2)."""
        return self.curve.at(np.array([[self.start], [self.end]])).points

    @cached_property
    def middle(self) -> BoundaryPoints:
        """The point of the curve between them, and the normal there."""
        return self.curve.at(np.array([[(self.start + self.end) / 2]]))


@contextmanager
def library() -> Iterator[Any]:
    """gmsh, silent, ended afterwards; InputError where it, or a library that it needs, is not installed."""
    try:
        import gmsh
    except (ImportError, OSError) as error:
        raise InputError(f"making a mesh needs gmsh: pip install 'kinn[mesh]' (see the README) - {error}") from None
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        yield gmsh
    finally:
        gmsh.finalize()


def generate(
    shape: Geometry, size: float, order: int, quadrilaterals: bool
) -> tuple[Array, dict[str, Indices], dict[str, Array]]:
    """Nodes, elements and boundaries of a mesh of a shape; see `Mesh.of`."""
    size = arguments.positive(size, "the size of elements")
    if order not in (1, 2):
        raise InputError(f"a mesh is made of elements of order 1 or 2, got {order!r}")
    patches = [part.patch for part in shape.parts]
    if shape.dim != 2 or any(patch.dim != 1 or not patch.smooth for patch in patches):
        raise InputError(f"gmsh makes meshes of shapes in the plane that curves bound, not of {shape!r}")
    edges = [edge for part in shape.parts for edge in _edges(part.name, part.patch, size)]
    nodes, ends = _corners(edges, _TOGETHER * shape.size)
    loops = _loops(ends, repr(shape))
    outer = _outer(loops, edges, repr(shape))
    loops = [loops[outer], *loops[:outer], *loops[outer + 1 :]]
    with library() as gmsh:
        try:
            points, elements = _meshed(gmsh, nodes, ends, loops, size, quadrilaterals)
        except Exception as error:  # noqa: BLE001 - gmsh raises nothing else
            raise InputError(f"gmsh makes no mesh of {shape!r}: {error}") from None
    boundaries: dict[str, list[tuple[int, int]]] = {}
    for edge, pair in zip(edges, ends, strict=True):
        boundaries.setdefault(edge.name, []).append(pair)
    if order == 2:
        curved = {tuple(sorted(pair)): edge.middle.points[0] for edge, pair in zip(edges, ends, strict=True)}
        points, elements = _quadratic(points, elements, curved)
    return points, elements, {key: np.array(pairs) for key, pairs in boundaries.items()}


def _edges(name: str, patch: BoundaryPatch, size: float) -> Iterator[MeshEdge]:
    """Cut a patch of the boundary into edges of about a size, shorter where it bends."""
    curve, spans = patch.curve_spans
    for start, end in spans:
        fine = np.linspace(start, end, 257)
        normals = curve.at(fine[:, None]).normals
        turns = np.arccos(np.clip(np.sum(normals[1:] * normals[:-1], axis=1), -1, 1))
        # as many edges on each step as its length, or its turn, asks for
        steps = np.cumsum(np.maximum(curve.measure * np.diff(fine) / size, turns / _BEND))
        closed = np.linalg.norm(np.subtract(*curve.at(np.array([[start], [end]])).points)) <= 1e-9 * curve.measure
        count = max(_LEAST if closed else 1, int(np.ceil(steps[-1] - 1e-9)))
        nodes = np.interp(np.linspace(0, steps[-1], count + 1), np.concatenate([[0.0], steps]), fine)
        for a, b in pairwise(nodes.tolist()):
            yield MeshEdge(name, curve, a, b)


def _corners(edges: list[MeshEdge], tolerance: float) -> tuple[Array, list[tuple[int, int]]]:
    """Nodes, (V, 2), and which two each edge joins."""
    ends = np.concatenate([edge.ends for edge in edges])
    pairs = cKDTree(ends).query_pairs(tolerance, output_type="ndarray")
    numbers = components(pairs, len(ends))
    _, first = np.unique(numbers, return_index=True)
    return ends[first], list(zip(numbers[::2].tolist(), numbers[1::2].tolist(), strict=True))


def _loops(ends: list[tuple[int, int]], what: str) -> list[list[int]]:
    """Edges strung together to closed loops: numbers counted from 1, negative where an edge is run backwards."""
    at: dict[int, list[int]] = {}
    for number, pair in enumerate(ends, start=1):
        for node in pair:
            at.setdefault(node, []).append(number)
    if any(len(numbers) != 2 for numbers in at.values()):
        raise InputError(f"gmsh makes no mesh of {what}: its boundary meets itself in a point")
    left, loops = set(range(1, len(ends) + 1)), []
    while left:
        number = min(left)
        loop, node = [number], ends[number - 1][1]
        left.remove(number)
        while going := [other for other in at[node] if other in left]:
            number = going[0]
            left.remove(number)
            first, last = ends[number - 1]
            loop.append(number if first == node else -number)
            node = last if first == node else first
        loops.append(loop)
    return loops


def _outer(loops: list[list[int]], edges: list[MeshEdge], what: str) -> int:
    """Which loop goes round all others: the one whose normals point away from what it encloses."""
    found = []
    for k, loop in enumerate(loops):
        flux = 0.0
        for edge in (edges[abs(number) - 1] for number in loop):
            length, middle = float(np.linalg.norm(np.subtract(*edge.ends))), edge.middle
            flux += length * float(middle.points[0] @ middle.normals[0])
        if flux > 0:
            found.append(k)
    if len(found) != 1:
        raise InputError(f"gmsh makes no mesh of {what}: it consists of {len(found)} bodies")
    return found[0]


def _meshed(
    gmsh: Any, nodes: Array, ends: list[tuple[int, int]], loops: list[list[int]], size: float, quadrilaterals: bool
) -> tuple[Array, dict[str, Indices]]:
    """Nodes, those of the boundary first in their order, and elements. The first loop goes round the others."""
    geo, mesh = gmsh.model.geo, gmsh.model.mesh
    gmsh.option.setNumber("Mesh.MeshSizeMax", size)
    gmsh.option.setNumber("Mesh.RecombineAll", int(quadrilaterals))
    corners = [geo.addPoint(x, y, 0.0) for x, y in nodes.tolist()]
    lines = [geo.addLine(corners[a], corners[b]) for a, b in ends]
    geo.addPlaneSurface([geo.addCurveLoop([lines[abs(k) - 1] * (1 if k > 0 else -1) for k in loop]) for loop in loops])
    geo.synchronize()
    for line in lines:
        mesh.setTransfiniteCurve(line, 2)
    mesh.generate(2)
    tags, coordinates, _ = mesh.getNodes()
    first = [int(mesh.getNodes(0, corner)[0][0]) for corner in corners]
    order = [*first, *sorted(set(tags.tolist()) - set(first))]
    place = np.zeros(max(order) + 1, dtype=np.intp)
    place[order] = np.arange(len(order))
    points = np.empty((len(order), 2))
    points[place[tags.astype(np.intp)]] = coordinates.reshape(-1, 3)[:, :2]
    points[: len(nodes)] = nodes
    kinds, _, members = mesh.getElements(2)
    named = {2: ("triangle", 3), 3: ("quad", 4)}  # gmsh's numbers
    found = {named[int(kind)]: place[rows.astype(np.intp)] for kind, rows in zip(kinds, members, strict=True)}
    return points, {kind: rows.reshape(-1, count) for (kind, count), rows in found.items()}


def _quadratic(
    points: Array, elements: dict[str, Indices], curved: dict[tuple[int, ...], Array]
) -> tuple[Array, dict[str, Indices]]:
    """Quadratic elements: a node in the middle of each edge, on the boundary of the curve there."""
    pairs = {
        kind: np.sort(np.stack([nodes, np.roll(nodes, -1, axis=1)], axis=2), axis=2) for kind, nodes in elements.items()
    }
    edges = np.unique(np.concatenate([found.reshape(-1, 2) for found in pairs.values()]), axis=0)
    middles = points[edges].mean(axis=1)
    for row, edge in enumerate(map(tuple, edges.tolist())):
        if edge in curved:
            middles[row] = curved[edge]
    quadratic = {}
    for kind, nodes in elements.items():
        numbers = len(points) + row_indices(pairs[kind].reshape(-1, 2), edges).reshape(nodes.shape)
        quadratic[{"triangle": "triangle6", "quad": "quad8"}[kind]] = np.concatenate([nodes, numbers], axis=1)
    return np.concatenate([points, middles]), quadratic
