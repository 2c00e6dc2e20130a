"""The boundary of all subdomains of a problem: edges or faces, each with one subdomain beside it or with two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.loops import COINCIDENT, BoundaryEdge, BoundaryLoop, boundary_loops
from kinn.boundary_integrals.surfaces.surface_panelization import BoundaryFace
from kinn.conditions import Condition
from kinn.errors import InputError
from kinn.problem import Problem


@dataclass(frozen=True)
class Side:
    """An edge as part of the boundary of a subdomain.

    Attributes:
        edge: The number of the edge.
        opposite: Whether the edge is oriented for the subdomain on its other side.
    """

    edge: int
    opposite: bool


@dataclass(frozen=True)
class Corner:
    """A wedge of a subdomain between two edges.

    Attributes:
        subdomain: The name of the subdomain.
        angle: Its angle.
        before: The edge that ends there, for the subdomain.
        after: The edge that begins there.
    """

    subdomain: str
    angle: float
    before: Side
    after: Side

    @property
    def ends(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The number of both edges with their ends that meet there: 0 where the edge begins, 1 where it ends."""
        return (self.before.edge, 0 if self.before.opposite else 1), (self.after.edge, 1 if self.after.opposite else 0)


class BoundaryContour:
    """The boundary of all subdomains: edges in the plane, faces in space.

    Attributes:
        problem: The problem.
        edges: The edges or faces.
        beside: The subdomains beside each: one, or two.
        chains: The closed chains, or surfaces, of each subdomain.
    """

    problem: Problem
    edges: Sequence[BoundaryEdge | BoundaryFace]
    beside: list[tuple[str, ...]]
    chains: dict[str, list[list[Side]]]

    def sides(self, subdomain: str) -> list[Side]:
        """Return the edges of the boundary of a subdomain."""
        return [side for chain in self.chains[subdomain] for side in chain]

    def conditions(self, subdomain: str, boundary: str) -> list[Condition]:
        """Return the conditions of the problem that hold on a part of the boundary of a subdomain."""
        geometry = self.problem.subdomains[subdomain]
        found = []
        for condition in self.problem.conditions:
            if not any(subdomain in group for group in self.problem.subdomain_groups(condition)):
                continue
            names = {part.name for on in condition.boundaries for part in geometry.boundary(on).parts}
            if boundary in names:
                found.append(condition)
        return found


class BoundaryTopology(BoundaryContour):
    """The edges of the boundaries of all subdomains.

    Args:
        problem: The problem.
        exterior: Whether the domain is the outside of those curves alone that conditions are given on.

    Raises:
        InputError: If a subdomain is not plane, or no condition is given on any curve.
    """

    def __init__(self, problem: Problem, *, exterior: bool = False) -> None:
        self.problem = problem
        self.edges: list[BoundaryEdge] = []
        self.beside = []
        self.chains = {}
        self._angles: dict[str, list[tuple[float, ...]]] = {}
        for name, geometry in problem.subdomains.items():
            chains: Sequence[BoundaryLoop] = boundary_loops(geometry)
            if exterior:
                chains = [c for c in chains if any(self.conditions(name, edge.name) for edge in c.edges)]
                if not chains:
                    raise InputError(f"problem {problem.name!r} gives no condition on any boundary")
            self.chains[name] = [[self._side(name, edge) for edge in c.edges] for c in chains]
            self._angles[name] = [c.angles for c in chains]

    @cached_property
    def points(self) -> list[list[Corner]]:
        """The wedges around each point where edges meet, those together that meet in an edge with two sides."""
        left = [corner for name in self.chains for corner in self.corners(name)]
        groups = []
        while left:
            group = [left.pop()]
            for corner in group:
                shared = [end for end in corner.ends if len(self.beside[end[0]]) == 2]
                joined = [other for other in left if any(end in other.ends for end in shared)]
                group += joined
                left = [other for other in left if other not in joined]
            groups.append(group)
        return groups

    def corners(self, subdomain: str) -> Iterator[Corner]:
        """Yield the points where edges of a subdomain meet, those without a bend too."""
        for sides, angles in zip(self.chains[subdomain], self._angles[subdomain], strict=True):
            for n, (angle, side) in enumerate(zip(angles, sides, strict=True)):
                if not self.edges[side.edge].closed:
                    yield Corner(subdomain, angle, sides[n - 1], side)

    def _side(self, subdomain: str, edge: BoundaryEdge) -> Side:
        """Return an edge of a subdomain as a side: of an edge that the other subdomain has already, or of a new one."""
        middle = edge.at(np.array([0.5])).points[0]
        for number, other in enumerate(self.edges):
            if other.name != edge.name or len(self.beside[number]) == 2:
                continue
            points = np.array([*other.ends[::-1], other.at(np.array([0.5])).points[0]])
            if np.abs(points - [*edge.ends, middle]).max() <= COINCIDENT * edge.length:
                self.beside[number] = (*self.beside[number], subdomain)
                return Side(number, True)
        self.edges.append(edge)
        self.beside.append((subdomain,))
        return Side(len(self.edges) - 1, False)
