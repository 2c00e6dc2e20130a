"""The setting of the inverse form: the boundary with its equations, and what is given on it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.kernels import Kernel, kernel_of
from kinn.conditions import Condition, PointValue
from kinn.equations import Equation
from kinn.errors import InputError
from kinn.forms.inverse.equation_checks import check_equation
from kinn.forms.inverse.linear_conditions import LinearConditions, relations
from kinn.forms.inverse.topology import BoundaryContour
from kinn.geometry.types import Array
from kinn.problem import Problem


@dataclass(frozen=True, eq=False)
class BoundaryFormulation(ABC):
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
            if len(condition.boundaries) != 1 and not isinstance(condition, PointValue):
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
        return kernel_of(self.equation(subdomain), self.size, self.problem.dimension)

    @cached_property
    def size(self) -> float:
        """The size of the domain."""
        lower, upper = self.problem.bounds
        return float(np.max(upper - lower))

    @property
    @abstractmethod
    def outline(self) -> BoundaryContour:
        """The boundary."""

    @abstractmethod
    def panels(self, nodes: int = 0) -> BoundaryPanels:
        """Return panels on all of the boundary, of at least so many nodes."""

    @abstractmethod
    def inputs(self, number: int) -> int:
        """Return how many coordinates the network of an edge or face takes."""

    @abstractmethod
    def coordinates(self, panels: BoundaryPanels, number: int) -> Array:
        """Return these coordinates of the nodes of an edge or face, between -1 and 1, (n, inputs)."""

    @property
    def exterior(self) -> bool:
        """Whether the domain is the outside of its boundary."""
        return self.equation(next(iter(self.problem.subdomains))).exterior

    def relations(self, number: int, points: Array, normals: Array) -> LinearConditions:
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
            located = edge.sample
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
