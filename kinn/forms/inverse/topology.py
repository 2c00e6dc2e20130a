"""Boundary topology of all subdomains: edges or faces, each adjacent to one subdomain or, as an interface, to two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from kinn.boundary_integrals.loops import COINCIDENT, BoundaryEdge, boundary_loops
from kinn.conditions import Condition
from kinn.errors import InputError
from kinn.geometry.boundary.patch import BoundaryPoints
from kinn.problem import Problem


class BoundaryPart(Protocol):
    """An edge of a plane domain or a face of a solid."""

    @property
    def name(self) -> str:
        """The name of its part of the boundary."""

    @property
    def sample(self) -> BoundaryPoints:
        """Some of its points."""


@dataclass(frozen=True)
class Side:
    """An edge as part of the boundary of a subdomain.

    Attributes:
        edge: The index of the edge.
        opposite: Whether the edge is oriented for the subdomain on its other side.
    """

    edge: int
    opposite: bool


@dataclass(frozen=True)
class Corner:
    """A corner of a subdomain between two edges.

    Attributes:
        subdomain: The name of the subdomain.
        angle: The interior angle.
        before: The edge that ends there, for the subdomain.
        after: The edge that starts there.
    """

    subdomain: str
    angle: float
    before: Side
    after: Side

    @property
    def ends(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The indices of both edges with the end that meets the other: 0 the start, 1 the end."""
        return (self.before.edge, 0 if self.before.opposite else 1), (self.after.edge, 1 if self.after.opposite else 0)


@dataclass(eq=False)
class BoundaryTopology:
    """The boundary of all subdomains: edges in the plane, faces in space.

    Attributes:
        problem: The problem.
        edges: The edges or faces.
        adjacent_subdomains: The subdomains on both sides of each: one, or two.
        loops: The closed loops, or surfaces, of each subdomain.
    """

    problem: Problem
    edges: Sequence[BoundaryPart]
    adjacent_subdomains: list[tuple[str, ...]]
    loops: dict[str, list[list[Side]]]

    def sides(self, subdomain: str) -> list[Side]:
        """Edges of the boundary of a subdomain."""
        return [side for loop in self.loops[subdomain] for side in loop]

    def conditions(self, subdomain: str, boundary: str) -> list[Condition]:
        """Conditions of the problem on a part of the boundary of a subdomain."""
        geometry = self.problem.subdomains[subdomain]
        found = []
        for condition in self.problem.conditions:
            if not any(subdomain in group for group in self.problem.subdomain_groups(condition)):
                continue
            names = {part.name for on in condition.boundaries for part in geometry.boundary(on).parts}
            if boundary in names:
                found.append(condition)
        return found


class PlaneTopology(BoundaryTopology):
    """The edges of the boundaries of all subdomains of the plane.

    Args:
        problem: The problem.
        exterior: Whether the domain is the exterior of the curves that carry conditions, and of no others.

    Raises:
        InputError: If a subdomain is not plane, or no curve carries a condition.
    """

    edges: list[BoundaryEdge]

    def __init__(self, problem: Problem, *, exterior: bool = False) -> None:
        super().__init__(problem, [], [], {})
        self._angles: dict[str, list[tuple[float, ...]]] = {}
        for name, geometry in problem.subdomains.items():
            loops = list(boundary_loops(geometry))
            if exterior:
                loops = [loop for loop in loops if any(self.conditions(name, edge.name) for edge in loop.edges)]
                if not loops:
                    raise InputError(f"problem {problem.name!r} gives no condition on any boundary")
            self.loops[name] = [[self._add(name, edge) for edge in loop.edges] for loop in loops]
            self._angles[name] = [loop.angles for loop in loops]

    @cached_property
    def junctions(self) -> list[list[Corner]]:
        """The corners at each point where edges meet, grouped across interfaces."""
        ungrouped = [corner for name in self.loops for corner in self.corners(name)]
        groups = []
        while ungrouped:
            group = [ungrouped.pop()]
            for corner in group:
                interfaces = [end for end in corner.ends if len(self.adjacent_subdomains[end[0]]) == 2]
                joined = [other for other in ungrouped if any(end in other.ends for end in interfaces)]
                group += joined
                ungrouped = [other for other in ungrouped if other not in joined]
            groups.append(group)
        return groups

    def corners(self, subdomain: str) -> Iterator[Corner]:
        """Points where edges of a subdomain meet, smooth ones included."""
        for sides, angles in zip(self.loops[subdomain], self._angles[subdomain], strict=True):
            for n, (angle, side) in enumerate(zip(angles, sides, strict=True)):
                if not self.edges[side.edge].closed:
                    yield Corner(subdomain, angle, sides[n - 1], side)

    def _add(self, subdomain: str, edge: BoundaryEdge) -> Side:
        """Add an edge of a subdomain, new or the other side of an interface that is already there."""
        middle = edge.at(np.array([0.5])).points[0]
        for number, other in enumerate(self.edges):
            if other.name != edge.name or len(self.adjacent_subdomains[number]) == 2:
                continue
            points = np.array([*other.ends[::-1], other.at(np.array([0.5])).points[0]])
            if np.abs(points - [*edge.ends, middle]).max() <= COINCIDENT * edge.length:
                self.adjacent_subdomains[number] = (*self.adjacent_subdomains[number], subdomain)
                return Side(number, True)
        self.edges.append(edge)
        self.adjacent_subdomains.append((subdomain,))
        return Side(len(self.edges) - 1, False)
