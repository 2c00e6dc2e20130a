"""The setting of the inverse form: edges with their equations, what is given on them, how they are graded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.equations import Equation
from kinn.boundary_integrals.grading import order_for
from kinn.boundary_integrals.kernels import Kernel
from kinn.boundary_integrals.panels import Panels, Track, make_panels
from kinn.conditions import BoundaryCondition, Condition, General, PointValue
from kinn.errors import InputError
from kinn.forms.inverse.checks import check_equation
from kinn.forms.inverse.given import Relations, relations
from kinn.forms.inverse.outline import Corner, Outline
from kinn.geometry.pieces.base import Array
from kinn.problem import Problem

#: Panels are no longer than this fraction of the size of the domain, and hold so many radians of a wave.
LONGEST = 1 / 3
RADIANS = 4.0

#: How often panels are halved towards a corner: of a smooth solution, of one that the grading makes smooth, of others.
LEVELS = (1, 2, 6)

#: Where on an edge it is tried what conditions say.
_PROBES = (np.arange(9) + 0.5) / 9


@dataclass(frozen=True, eq=False)
class Setting:
    """A problem in the inverse form.

    Attributes:
        problem: The problem.

    Raises:
        InputError: If it cannot be put in this form; says why.
    """

    problem: Problem

    def __post_init__(self) -> None:
        problem = self.problem
        for name in problem.subdomains:
            check_equation(problem, name, self.equation(name))
        for condition in problem.conditions:
            on_boundary = isinstance(condition, BoundaryCondition | General) and condition.on != "interior"
            if not on_boundary and not isinstance(condition, PointValue):
                raise InputError(
                    "the inverse form takes conditions on boundaries, and values at points for what these leave free: "
                    f"{condition.label} is neither"
                )
        self.known  # noqa: B018 (what is contradictory is found now)

    def equation(self, subdomain: str) -> Equation:
        """Return the equation that holds in a subdomain."""
        equation = self.problem.equation_of(subdomain)
        if equation is None:
            raise InputError(f"problem {self.problem.name!r} names no equation: inverse= is missing")
        return equation

    @property
    def components(self) -> int:
        """The number C of fields that have values and tractions on the boundary."""
        return self.equation(next(iter(self.problem.subdomains))).components

    @property
    def point_values(self) -> list[PointValue]:
        """The values that are given at points."""
        return [c for c in self.problem.conditions if isinstance(c, PointValue)]

    def kernel(self, subdomain: str) -> Kernel:
        """Return the kernels of the equation of a subdomain."""
        return self.equation(subdomain).kernel(self.size)

    @cached_property
    def size(self) -> float:
        """The size of the domain."""
        lower, upper = self.problem.bounds
        return float(np.max(upper - lower))

    @cached_property
    def outline(self) -> Outline:
        """The edges."""
        exterior = {self.equation(name).exterior for name in self.problem.subdomains}
        if exterior == {True, False} or (exterior == {True} and len(self.problem.subdomains) > 1):
            raise InputError("the outside of curves is solved as one domain: an exterior problem has no subdomains")
        return Outline(self.problem, exterior=exterior == {True})

    @property
    def exterior(self) -> bool:
        """Whether the domain is the outside of its boundary."""
        return self.equation(next(iter(self.problem.subdomains))).exterior

    def relations(self, number: int, points: Array, normals: Array) -> Relations:
        """Return what is given on an edge at N points of it."""
        beside = self.outline.beside[number]
        equations = [self.equation(name) for name in beside]
        return relations(self.problem, beside, equations, self._conditions(number), points, normals, self.size)

    def _conditions(self, number: int) -> list[Condition]:
        """Return the conditions on an edge, each once."""
        name, beside = self.outline.edges[number].name, self.outline.beside[number]
        found = [c for s in beside for c in self.outline.conditions(s, name)]
        return list(dict.fromkeys(found))

    @cached_property
    def known(self) -> list[tuple[int, ...]]:
        """Which of u and t each edge's relations are solved for."""
        found = []
        for number, edge in enumerate(self.outline.edges):
            located = edge.at(_PROBES)
            given = self.relations(number, located.points, located.normals)
            rows, sides = given.matrix.shape[1], len(self.outline.beside[number])
            where = f"problem {self.problem.name!r} on {edge.name!r}"
            if rows != sides * self.components:
                between = f" between {' and '.join(self.outline.beside[number])}" if sides == 2 else ""
                raise InputError(
                    f"{where}{between}: the inverse form needs {sides * self.components} conditions, and there are {rows}"
                )
            try:
                found.append(given.known(self.components))
            except InputError as error:
                raise InputError(f"{where}, its conditions: {error}") from error
        return found

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """The edges with their gradings."""
        orders, levels = ([[1, 1] for _ in self.outline.edges] for _ in range(2))
        for point in self.outline.points:
            order, level = self._grading(point)
            for number, end in {end for corner in point for end in corner.ends}:
                orders[number][end], levels[number][end] = order, level
        return tuple(
            Track(edge, (1, 1), (0, 0)) if edge.closed else Track(edge, (o[0], o[1]), (l[0], l[1]))
            for edge, o, l in zip(self.outline.edges, orders, levels, strict=True)
        )

    def _grading(self, point: list[Corner]) -> tuple[int, int]:
        """Return the order of the grading at a point where edges meet, and how often panels are halved towards it."""
        numbers = [end[0] for corner in point for end in corner.ends]
        outer = [n for n in numbers if len(self.outline.beside[n]) == 1]
        inner = [n for n in numbers if len(self.outline.beside[n]) == 2]
        if inner and not self._continuous(inner):
            return order_for(0.5), LEVELS[2]
        if not outer:  # inside one material
            return 1, LEVELS[0]
        angle = sum(corner.angle for corner in point)
        alike = len({self.known[n] for n in outer}) == 1
        exponent = self.equation(point[0].subdomain).exponent(angle, alike)
        order = order_for(exponent)
        if order == 1:
            return 1, 0 if alike and math.isclose(angle, math.pi, rel_tol=1e-6) else LEVELS[0]
        smooth = math.isclose(order * exponent, round(order * exponent), abs_tol=1e-6)
        return order, LEVELS[1] if smooth else LEVELS[2]

    def _continuous(self, numbers: list[int]) -> bool:
        """Whether both sides of edges are one material: then u is equal on both and t opposite."""
        for number in numbers:
            edge = self.outline.edges[number]
            located = edge.at(_PROBES)
            given = self.relations(number, located.points, located.normals)
            c = self.components
            _, slope = given.solved(self.known[number])
            expected = np.diag([1.0] * c + [-1.0] * c)
            if not np.allclose(slope[:, 2 * c :], expected):
                return False
        return True

    def panels(self, nodes: int = 0) -> Panels:
        """Return panels on all edges, of at least so many nodes."""
        longest = LONGEST * self.size
        waves = [getattr(self.equation(name), "wave_number", 0.0) for name in self.problem.subdomains]
        if max(waves) > 0:
            longest = min(longest, RADIANS / max(waves))
        return make_panels(self.tracks, longest=longest, nodes=nodes)
