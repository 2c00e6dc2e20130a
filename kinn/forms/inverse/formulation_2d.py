"""Problems in the plane: edges, how they are graded, and the parameter that networks on them are functions of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.grading import GradedEdge, grading_order
from kinn.boundary_integrals.panelization import make_panels
from kinn.errors import InputError
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.topology import BoundaryTopology, Corner
from kinn.geometry.types import Array

#: CurvePanels are no longer than this fraction of the size of the domain, and hold so many radians of a wave.
LONGEST = 1 / 3
RADIANS = 4.0

#: How often panels are halved towards a corner: of a smooth solution, of one that the grading makes smooth, of others.
LEVELS = (1, 2, 6)


@dataclass(frozen=True, eq=False)
class BoundaryFormulation2D(BoundaryFormulation):
    """A problem in the plane in the inverse form."""

    @cached_property
    def outline(self) -> BoundaryTopology:
        """The edges."""
        exterior = {self.equation(name).exterior for name in self.problem.subdomains}
        if exterior == {True, False} or (exterior == {True} and len(self.problem.subdomains) > 1):
            raise InputError("the outside of curves is solved as one domain: an exterior problem has no subdomains")
        return BoundaryTopology(self.problem, exterior=exterior == {True})

    @cached_property
    def tracks(self) -> tuple[GradedEdge, ...]:
        """The edges with their gradings."""
        orders, levels = ([[1, 1] for _ in self.outline.edges] for _ in range(2))
        for point in self.outline.points:
            order, level = self._grading(point)
            for number, end in {end for corner in point for end in corner.ends}:
                orders[number][end], levels[number][end] = order, level
        return tuple(
            GradedEdge(edge, (1, 1), (0, 0)) if edge.closed else GradedEdge(edge, (o[0], o[1]), (l[0], l[1]))
            for edge, o, l in zip(self.outline.edges, orders, levels, strict=True)
        )

    def _grading(self, point: list[Corner]) -> tuple[int, int]:
        """Return the order of the grading at a point where edges meet, and how often panels are halved towards it."""
        numbers = [end[0] for corner in point for end in corner.ends]
        outer = [n for n in numbers if len(self.outline.beside[n]) == 1]
        inner = [n for n in numbers if len(self.outline.beside[n]) == 2]
        if inner and not self._continuous(inner):
            return grading_order(0.5), LEVELS[2]
        if not outer:  # inside one material
            return 1, LEVELS[0]
        angle = sum(corner.angle for corner in point)
        alike = len({self.known[n] for n in outer}) == 1
        exponent = self.equation(point[0].subdomain).exponent(angle, alike)
        order = grading_order(exponent)
        if order == 1:
            return 1, 0 if alike and math.isclose(angle, math.pi, rel_tol=1e-6) else LEVELS[0]
        smooth = math.isclose(order * exponent, round(order * exponent), abs_tol=1e-6)
        return order, LEVELS[1] if smooth else LEVELS[2]

    def _continuous(self, numbers: list[int]) -> bool:
        """Whether both sides of edges are one material: then u is equal on both and t opposite."""
        for number in numbers:
            edge = self.outline.edges[number]
            located = edge.sample
            given = self.relations(number, located.points, located.normals)
            c = self.components
            _, slope = given.solved(self.known[number])
            expected = np.diag([1.0] * c + [-1.0] * c)
            if not np.allclose(slope[:, 2 * c :], expected):
                return False
        return True

    def panels(self, nodes: int = 0) -> CurvePanels:
        """Return panels on all edges, of at least so many nodes."""
        longest = LONGEST * self.size
        waves = [getattr(self.equation(name), "wave_number", 0.0) for name in self.problem.subdomains]
        if max(waves) > 0:
            longest = min(longest, RADIANS / max(waves))
        return make_panels(self.tracks, longest=longest, nodes=nodes)

    def inputs(self, number: int) -> int:
        """Return 2 on closed curves, which are circles to their networks, and else 1."""
        return 2 if self.outline.edges[number].closed else 1

    def coordinates(self, panels: BoundaryPanels, number: int) -> Array:
        """Return what networks on an edge are functions of: its parameter, on closed curves a point of a circle."""
        assert isinstance(panels, CurvePanels)
        t = panels.parameters[panels.edge_index == number].ravel()
        if self.inputs(number) == 2:
            return np.stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], axis=1)
        return np.asarray((2 * t - 1)[:, None])
