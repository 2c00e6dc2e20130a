"""Meshes on which plots and VTU files show fields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from kinn.fields import TIME
from kinn.geometry import Geometry
from kinn.geometry.meshes.mesh import Mesh
from kinn.problem import Array, Problem

#: Cells along the longest axis of a mesh, by dimension.
CELLS = {1: 400, 2: 100, 3: 32}

#: Samples of the boundary onto which the outer nodes of a plane mesh are moved.
BOUNDARY_SAMPLES = 8000

#: The corners of a cell in VTK's order, by dimension.
CORNERS: dict[int, list[tuple[int, ...]]] = {
    1: [(0,), (1,)],
    2: [(0, 0), (1, 0), (1, 1), (0, 1)],
    3: [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
}

#: meshio's names of the cells, by dimension.
CELL_TYPES = {1: "line", 2: "quad", 3: "hexahedron"}

#: Subdivision of plane cells into triangles: node numbers, by cell type.
TRIANGLES: dict[str, list[tuple[int, int, int]]] = {
    "triangle": [(0, 1, 2)],
    "quad": [(0, 1, 2), (0, 2, 3)],
    "triangle6": [(0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5)],
    "quad8": [(0, 4, 7), (4, 1, 5), (5, 2, 6), (6, 3, 7), (4, 5, 6), (4, 6, 7)],
    "quad9": [(0, 4, 8), (0, 8, 7), (4, 1, 5), (4, 5, 8), (8, 5, 2), (8, 2, 6), (7, 8, 6), (7, 6, 3)],
}


@dataclass(frozen=True)
class OutputMesh:
    """A mesh of one subdomain, or its cells of one type.

    Attributes:
        subdomain: The name of the subdomain.
        nodes: A `N x d` array.
        cells: A `M x n` array of node numbers, in VTK's order.
        cell_type: meshio's name of the cells.
    """

    subdomain: str
    nodes: Array
    cells: npt.NDArray[np.int64]
    cell_type: str

    @property
    def triangles(self) -> npt.NDArray[np.int64]:
        """The cells of a plane mesh, subdivided into triangles (T, 3)."""
        return np.concatenate([self.cells[:, list(corners)] for corners in TRIANGLES[self.cell_type]])

    @property
    def inner_nodes(self) -> Array:
        """The nodes moved slightly into an adjacent cell: a formula that jumps at the boundary takes this side."""
        target = np.empty_like(self.nodes)
        target[self.cells.ravel()] = self.nodes[self.cells].mean(axis=1).repeat(self.cells.shape[1], axis=0)
        return self.nodes + 1e-9 * (target - self.nodes)


def output_meshes(problem: Problem, cells: int | None = None) -> list[OutputMesh]:
    """Meshes of all subdomains; nodes along interfaces are doubled.

    A subdomain given as a mesh keeps its cells, any other gets a regular grid.

    Args:
        problem: Its domain has 1, 2 or 3 coordinates (time counts); with more there is no mesh, and the list is empty.
        cells: Cells along the longest axis.
    """
    if problem.dimension not in CELLS:
        return []
    meshes = []
    for name, geometry in problem.subdomains.items():
        if not isinstance(geometry, Mesh):
            meshes.append(_regular(problem, name, geometry, cells or CELLS[problem.dimension]))
            continue
        for cell_type, elements in geometry.elements.items():
            used, numbers = np.unique(elements, return_inverse=True)
            meshes.append(OutputMesh(name, geometry.points[used], numbers.reshape(elements.shape), cell_type))
    return meshes


def outer_edges(cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Edges (E, 2) that belong to one cell only, of plane cells (M, n) by their corners in order."""
    corners = cells.shape[1]
    sides = np.concatenate([cells[:, [k, (k + 1) % corners]] for k in range(corners)])
    edges, uses = np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)
    outer: npt.NDArray[np.int64] = edges[uses == 1]
    return outer


def _regular(problem: Problem, subdomain: str, geometry: Geometry, longest: int) -> OutputMesh:
    """Cells of a regular grid whose centres lie in a subdomain, `longest` along the longest axis."""
    lower, upper = geometry.bounds
    extent = upper - lower
    # space and time have different units: each axis of a space-time box gets the same number of cells
    space_time = TIME in problem.coordinates
    counts = [longest if space_time else max(1, round(longest * e / extent.max())) for e in extent]
    axes = [np.linspace(low, high, n + 1) for low, high, n in zip(lower, upper, counts, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, problem.dimension)
    numbers = np.arange(len(nodes)).reshape([n + 1 for n in counts])
    corners = CORNERS[problem.dimension]
    cells = np.stack(
        [numbers[tuple(slice(o, o + n) for o, n in zip(c, counts, strict=True))].ravel() for c in corners], axis=1
    )
    cells = cells[geometry.contains(nodes[cells].mean(axis=1))]
    used, renumbered = np.unique(cells, return_inverse=True)
    nodes, cells = nodes[used], renumbered.reshape(cells.shape)
    if problem.dimension == 2 and not space_time:
        nodes = _snapped(geometry, nodes, cells, float(np.max(extent / counts)))
    return OutputMesh(subdomain, nodes, cells, CELL_TYPES[problem.dimension])


def _snapped(geometry: Geometry, nodes: Array, cells: npt.NDArray[np.int64], size: float) -> Array:
    """Nodes (N, 2) of square cells, the outer ones moved to the boundary, which is smooth then."""
    outer = np.unique(outer_edges(cells))
    boundary = geometry.boundary("boundary").sample(BOUNDARY_SAMPLES, method="uniform").points
    distance, nearest = cKDTree(boundary).query(nodes[outer])
    on_boundary = np.abs(geometry.level(nodes[outer])) <= 1e-9 * size
    moved = ~on_boundary & (distance <= size)
    out = nodes.copy()
    out[outer[moved]] = boundary[nearest[moved]]
    return out
