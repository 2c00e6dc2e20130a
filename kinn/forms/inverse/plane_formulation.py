"""Boundary formulation in the plane: the edges, their graded panels, and the coordinates of their networks."""

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
from kinn.forms.inverse.topology import Corner, PlaneTopology
from kinn.geometry.types import Array

#: The largest length of panels, relative to the size of the domain, and in radians of a wave.
PANEL_LENGTH, RADIANS = 1 / 3, 4.0
#: The dyadic refinements towards a corner: of a smooth solution, of one that the grading makes smooth, of others.
LEVELS = (1, 2, 6)


@dataclass(frozen=True, eq=False)
class BoundaryFormulation2D(BoundaryFormulation):
    """A plane problem in the inverse form."""

    @cached_property
    def topology(self) -> PlaneTopology:
        exterior = {self.equation(name).exterior for name in self.problem.subdomains}
        if exterior == {True, False} or (exterior == {True} and len(self.problem.subdomains) > 1):
            raise InputError("an exterior problem is solved in a single domain, without subdomains")
        return PlaneTopology(self.problem, exterior=exterior == {True})

    @cached_property
    def graded_edges(self) -> tuple[GradedEdge, ...]:
        """The edges with their gradings."""
        edges = self.topology.edges
        orders, levels = ([[1, 1] for _ in edges] for _ in range(2))
        for junction in self.topology.junctions:
            order, level = self._grading(junction)
            for number, end in {end for corner in junction for end in corner.ends}:
                orders[number][end], levels[number][end] = order, level
        return tuple(
            GradedEdge(edge) if edge.closed else GradedEdge(edge, (o[0], o[1]), (l[0], l[1]))
            for edge, o, l in zip(edges, orders, levels, strict=True)
        )

    def _grading(self, junction: list[Corner]) -> tuple[int, int]:
        """Order of the grading at a point where edges meet, and the refinements towards it."""
        adjacent = self.topology.adjacent_subdomains
        numbers = [end[0] for corner in junction for end in corner.ends]
        outer = [n for n in numbers if len(adjacent[n]) == 1]
        interfaces = [n for n in numbers if len(adjacent[n]) == 2]
        if interfaces and not self._is_continuous(interfaces):
            return grading_order(0.5), LEVELS[2]
        if not outer:  # inside one material
            return 1, LEVELS[0]
        angle = sum(corner.angle for corner in junction)
        same_type = len({self.known_columns[n] for n in outer}) == 1
        exponent = self.equation(junction[0].subdomain).exponent(angle, same_type)
        order = grading_order(exponent)
        if order == 1:
            return 1, 0 if same_type and math.isclose(angle, math.pi, rel_tol=1e-6) else LEVELS[0]
        smooth = math.isclose(order * exponent, round(order * exponent), abs_tol=1e-6)
        return order, LEVELS[1] if smooth else LEVELS[2]

    def _is_continuous(self, interfaces: list[int]) -> bool:
        """Whether both sides of interfaces are one material: u is equal on both and t opposite."""
        c = self.components
        for number in interfaces:
            located = self.topology.edges[number].sample
            conditions = self.linear_conditions(number, located.points, located.normals)
            _, slope = conditions.solve_for(self.known_columns[number])
            if not np.allclose(slope[:, 2 * c :], np.diag([1.0] * c + [-1.0] * c)):
                return False
        return True

    def panels(self, nodes: int = 0) -> CurvePanels:
        longest = PANEL_LENGTH * self.size
        waves = [getattr(self.equation(name), "wave_number", 0.0) for name in self.problem.subdomains]
        if max(waves) > 0:
            longest = min(longest, RADIANS / max(waves))
        return make_panels(self.graded_edges, longest=longest, nodes=nodes)

    def input_dimension(self, number: int) -> int:
        """2 on closed curves, which are circles to their networks, and else 1."""
        return 2 if self.topology.edges[number].closed else 1

    def coordinates(self, panels: BoundaryPanels, number: int) -> Array:
        """Parameter at the nodes of an edge, on closed curves the point of the unit circle."""
        assert isinstance(panels, CurvePanels)
        t = panels.parameters[panels.edge_index == number].ravel()
        if self.input_dimension(number) == 2:
            return np.stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], axis=1)
        return np.asarray((2 * t - 1)[:, None])
