"""Grids over a domain: where errors are measured, and the meshes that figures and VTU files show fields on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from kinn.geometry import Geometry
from kinn.geometry.meshes.mesh import Mesh
from kinn.problem import Array, Problem

#: Points along each axis of the evaluation grid, by dimension.
EVALUATION = {1: 1000, 2: 100, 3: 24}
#: Points of a Sobol sequence for evaluation in more dimensions.
SCATTERED = 20_000
#: Cells along the longest axis of a mesh, by dimension.
CELLS = {1: 400, 2: 100, 3: 32}

#: Points of the boundary that nodes of meshes in the plane are moved to.
RIM = 8000

#: The corners of a cell in VTK's order, by dimension.
CORNERS: dict[int, list[tuple[int, ...]]] = {
    1: [(0,), (1,)],
    2: [(0, 0), (1, 0), (1, 1), (0, 1)],
    3: [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
}

#: meshio's names of the cells, by dimension.
CELL_TYPES = {1: "line", 2: "quad", 3: "hexahedron"}

#: Triangles that cells in the plane are cut into, by kind: the numbers of their nodes.
TRIANGLES: dict[str, list[tuple[int, int, int]]] = {
    "triangle": [(0, 1, 2)],
    "quad": [(0, 1, 2), (0, 2, 3)],
    "triangle6": [(0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5)],
    "quad8": [(0, 4, 7), (4, 1, 5), (5, 2, 6), (6, 3, 7), (4, 5, 6), (4, 6, 7)],
    "quad9": [(0, 4, 8), (0, 8, 7), (4, 1, 5), (4, 5, 8), (8, 5, 2), (8, 2, 6), (7, 8, 6), (7, 6, 3)],
}


@dataclass(frozen=True)
class OutputMesh:
    """A mesh of one subdomain, or its cells of one kind.

    Attributes:
        subdomain: Its name.
        nodes: A `N x d` array.
        cells: A `M x n` array of node numbers, in VTK's order.
        kind: meshio's name of the cells.
    """

    subdomain: str
    nodes: Array
    cells: npt.NDArray[np.int64]
    kind: str

    @property
    def triangles(self) -> npt.NDArray[np.int64]:
        """The cells of a mesh in the plane, cut into triangles (T, 3)."""
        return np.concatenate([self.cells[:, list(corners)] for corners in TRIANGLES[self.kind]])

    @property
    def inner_nodes(self) -> Array:
        """The nodes moved a hair into a cell they belong to: a formula that jumps at the boundary takes this side."""
        target = np.empty_like(self.nodes)
        target[self.cells.ravel()] = self.nodes[self.cells].mean(axis=1).repeat(self.cells.shape[1], axis=0)
        return self.nodes + 1e-9 * (target - self.nodes)


def evaluation_points(problem: Problem) -> Array:
    """Return the points (N, d) at which errors are measured.

    They are the problem's own, or the centres of the cells of a regular grid that lie in the domain.
    """
    if problem.evaluation is not None:
        return problem.evaluation
    lower, upper = problem.bounds
    per_axis = EVALUATION.get(problem.dimension)
    if per_axis is None:
        counts = _shares(problem, SCATTERED)
        return np.concatenate([g.sample(n, seed=0) for g, n in zip(problem.subdomains.values(), counts, strict=True)])
    axes = [low + (np.arange(per_axis) + 0.5) * (high - low) / per_axis for low, high in zip(lower, upper, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, problem.dimension)
    return points[problem.contains(points)]


def meshes(problem: Problem, cells: int | None = None) -> list[OutputMesh]:
    """Return a mesh of each subdomain: its own where it is one, else a regular one; nodes along interfaces are doubled.

    Args:
        problem: Its domain has 1, 2 or 3 coordinates (time counts); in more there is no mesh, and the list is empty.
        cells: Cells along the longest axis.
    """
    dimension = problem.dimension
    if dimension not in CELLS:
        return []
    longest = cells or CELLS[dimension]
    return [piece for name in problem.subdomains for piece in _meshes(problem, name, longest)]


def _meshes(problem: Problem, subdomain: str, longest: int) -> list[OutputMesh]:
    geometry = problem.subdomains[subdomain]
    if not isinstance(geometry, Mesh):
        return [_regular(problem, subdomain, longest)]
    made = []
    for kind, elements in geometry.elements.items():
        used, numbers = np.unique(elements, return_inverse=True)
        made.append(OutputMesh(subdomain, geometry.points[used], numbers.reshape(elements.shape), kind))
    return made


def _regular(problem: Problem, subdomain: str, longest: int) -> OutputMesh:
    geometry = problem.subdomains[subdomain]
    lower, upper = geometry.bounds
    extent = upper - lower
    # space and time have different units: each axis of a space-time box gets as many cells
    alike = "t" in problem.coordinates
    counts = [longest if alike else max(1, round(longest * e / extent.max())) for e in extent]
    axes = [np.linspace(low, high, n + 1) for low, high, n in zip(lower, upper, counts, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, problem.dimension)
    numbers = np.arange(len(nodes)).reshape([n + 1 for n in counts])
    corners = CORNERS[problem.dimension]
    cells = np.stack(
        [numbers[tuple(slice(o, o + n) for o, n in zip(c, counts, strict=True))].ravel() for c in corners], axis=1
    )
    cells = cells[geometry.contains(nodes[cells].mean(axis=1))]
    used, renumbered = np.unique(cells, return_inverse=True)
    if problem.dimension == 2 and not alike:
        nodes[used] = _snapped(geometry, nodes[used], renumbered.reshape(cells.shape), float(np.max(extent / counts)))
    return OutputMesh(subdomain, nodes[used], renumbered.reshape(cells.shape), CELL_TYPES[problem.dimension])


def _snapped(geometry: Geometry, nodes: Array, cells: npt.NDArray[np.int64], size: float) -> Array:
    """Return nodes (N, 2) of squares, those at the rim of all of them moved to the boundary: it becomes smooth, not stairs."""
    sides = np.sort(np.concatenate([cells[:, [k, (k + 1) % 4]] for k in range(4)]), axis=1)
    edges, uses = np.unique(sides, axis=0, return_counts=True)
    rim = np.unique(edges[uses == 1])
    around = geometry.boundary("boundary").sample(RIM, method="uniform").points
    apart, nearest = cKDTree(around).query(nodes[rim])
    on = np.abs(geometry.level(nodes[rim])) <= 1e-9 * size
    moved = ~on & (apart <= size)
    out = nodes.copy()
    out[rim[moved]] = around[nearest[moved]]
    return out


def _shares(problem: Problem, total: int) -> list[int]:
    """Return how many of `total` points each subdomain gets, by measure."""
    measures = np.array([g.measure for g in problem.subdomains.values()])
    return [max(1, round(total * m / measures.sum())) for m in measures]
