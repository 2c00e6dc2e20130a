"""Grids over a domain: where errors are measured, and the meshes that figures and VTU files show fields on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kinn.problem import Array, Problem

#: Points along each axis of the evaluation grid, by dimension.
EVALUATION = {1: 1000, 2: 100, 3: 24}
#: Points of a Sobol sequence for evaluation in more dimensions.
SCATTERED = 20_000
#: Cells along the longest axis of a mesh, by dimension.
CELLS = {1: 400, 2: 100, 3: 32}

#: The corners of a cell in VTK's order, by dimension.
CORNERS: dict[int, list[tuple[int, ...]]] = {
    1: [(0,), (1,)],
    2: [(0, 0), (1, 0), (1, 1), (0, 1)],
    3: [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
}

#: meshio's names of the cells, by dimension.
CELL_TYPES = {1: "line", 2: "quad", 3: "hexahedron"}


@dataclass(frozen=True)
class Piece:
    """The mesh of one subdomain.

    Attributes:
        subdomain: Its name.
        nodes: A `N x d` array.
        cells: A `M x 2^d` array of node numbers, in VTK's order.
    """

    subdomain: str
    nodes: Array
    cells: npt.NDArray[np.int64]

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


def meshes(problem: Problem, cells: int | None = None) -> list[Piece]:
    """Return a mesh of each subdomain; nodes along interfaces are doubled, so that jumps are kept.

    Args:
        problem: Its domain has 1, 2 or 3 coordinates (time counts); in more there is no mesh, and the list is empty.
        cells: Cells along the longest axis.
    """
    dimension = problem.dimension
    if dimension not in CELLS:
        return []
    longest = cells or CELLS[dimension]
    return [_mesh(problem, name, longest) for name in problem.subdomains]


def _mesh(problem: Problem, subdomain: str, longest: int) -> Piece:
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
    return Piece(subdomain, nodes[used], renumbered.reshape(cells.shape))


def _shares(problem: Problem, total: int) -> list[int]:
    """Return how many of `total` points each subdomain gets, by measure."""
    measures = np.array([g.measure for g in problem.subdomains.values()])
    return [max(1, round(total * m / measures.sum())) for m in measures]
