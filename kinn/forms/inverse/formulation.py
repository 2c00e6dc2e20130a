"""A problem as boundary integral equations: the boundary, its equations and its conditions, checked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.kernels import Kernel, kernel_of
from kinn.conditions import PointValue
from kinn.equations import Equation
from kinn.errors import InputError
from kinn.fields import Field
from kinn.forms.inverse.linear_conditions import LinearConditions, linear_conditions
from kinn.forms.inverse.topology import BoundaryTopology
from kinn.geometry.types import Array
from kinn.problem import Problem

#: The residual that counts as zero, relative to its terms.
_ZERO = 1e-8


@dataclass(frozen=True, eq=False)
class BoundaryFormulation(ABC):
    """A problem in the inverse form: boundary integral equations.

    Raises:
        InputError: If it has no such form; says why.
    """

    problem: Problem

    def __post_init__(self) -> None:
        problem = self.problem
        for name in problem.subdomains:
            check_equation(problem, name, self.equation(name))
        for condition in problem.conditions:
            if len(condition.boundaries) != 1 and not isinstance(condition, PointValue):
                raise InputError(
                    "the inverse form takes conditions on boundaries, and values at points that fix its null space: "
                    f"{condition.label} is neither"
                )
        self.known_columns  # noqa: B018 (contradictions are found now)

    def equation(self, subdomain: str) -> Equation:
        """Equation of a subdomain."""
        equation = self.problem.equation_of(subdomain)
        if equation is None:
            raise InputError(f"problem {self.problem.name!r} names no equation: inverse= is missing")
        return equation

    @property
    def first_equation(self) -> Equation:
        """The equation of the first subdomain."""
        return self.equation(next(iter(self.problem.subdomains)))

    @property
    def components(self) -> int:
        """The number C of fields with values and tractions on the boundary."""
        return self.first_equation.components

    @property
    def exterior(self) -> bool:
        """Whether the domain is the unbounded exterior of its boundary."""
        return self.first_equation.exterior

    @property
    def static(self) -> bool:
        """Whether all kernels are static, and constants and rigid motions solve the equations."""
        return all(self.kernel(name).static for name in self.problem.subdomains)

    def kernel(self, subdomain: str) -> Kernel:
        """Kernels of the equation of a subdomain."""
        return kernel_of(self.equation(subdomain), self.size, self.problem.dimension)

    @cached_property
    def size(self) -> float:
        """The size of the domain."""
        lower, upper = self.problem.bounds
        return float(np.max(upper - lower))

    @property
    @abstractmethod
    def topology(self) -> BoundaryTopology:
        """The boundary."""

    @abstractmethod
    def panels(self, nodes: int = 0) -> BoundaryPanels:
        """Panels of the whole boundary, with at least this number of nodes."""

    @abstractmethod
    def input_dimension(self, number: int) -> int:
        """Number of coordinates that the network of an edge or face takes."""

    @abstractmethod
    def coordinates(self, panels: BoundaryPanels, number: int) -> Array:
        """These coordinates at the nodes of an edge or face, between -1 and 1, (n, inputs)."""

    def linear_conditions(self, number: int, points: Array, normals: Array) -> LinearConditions:
        """Conditions on an edge at N of its points."""
        name, adjacent = self.topology.edges[number].name, self.topology.adjacent_subdomains[number]
        conditions = dict.fromkeys(c for s in adjacent for c in self.topology.conditions(s, name))
        equations = [self.equation(subdomain) for subdomain in adjacent]
        return linear_conditions(self.problem, equations, list(conditions), points, normals, self.size)

    @cached_property
    def known_columns(self) -> list[tuple[int, ...]]:
        """The components of u and t that the conditions of each edge are solved for."""
        found = []
        for number, edge in enumerate(self.topology.edges):
            adjacent, sample = self.topology.adjacent_subdomains[number], edge.sample
            conditions = self.linear_conditions(number, sample.points, sample.normals)
            rows, needed = conditions.matrix.shape[1], len(adjacent) * self.components
            where = f"problem {self.problem.name!r} on {edge.name!r}"
            if rows != needed:
                between = f" between {' and '.join(adjacent)}" if len(adjacent) == 2 else ""
                raise InputError(f"{where}{between}: the inverse form needs {needed} conditions, and there are {rows}")
            try:
                found.append(conditions.known_columns(self.components))
            except InputError as error:
                raise InputError(f"{where}, its conditions: {error}") from error
        return found


def check_equation(problem: Problem, subdomain: str, equation: Equation) -> None:
    """Check an equation against the strong form, where the problem states one.

    Raises:
        InputError: If solutions of the equation violate the strong form, or a source has no particular solution.
    """
    where = f"problem {problem.name!r}" + (f" in {subdomain!r}" if len(problem.subdomains) > 1 else "")
    if problem.dimension not in equation.dimensions:
        known = " and ".join(str(d) for d in equation.dimensions)
        raise InputError(
            f"{where} is in {problem.dimension} dimensions ({', '.join(problem.coordinates)}), and the fundamental solution "
            f"of {equation.name} is known in {known}"
        )
    if len(problem.names) - equation.components not in range(1 + equation.incompressible):
        needed = f"{equation.components}" + (", and a pressure" if equation.incompressible else "")
        raise InputError(f"{where} has {len(problem.names)} fields, and {equation.name} has {needed}")
    residual = problem.residual_of(subdomain)
    if residual is None:
        return
    p = problem.points(torch.as_tensor(problem.subdomains[subdomain].sample(16, seed=3)))

    def residuals(fields: Sequence[Any]) -> np.ndarray[Any, Any]:
        out = residual(*[p.field(f, "a trial solution") for f in fields], p)
        parts = [out] if isinstance(out, Field) or not isinstance(out, Sequence) else list(out)
        return np.stack([np.broadcast_to(torch.as_tensor(part.value).numpy(), len(p)) for part in parts])

    source = residuals([0.0] * len(problem.names))
    if equation.particular is not None:
        particular = equation.particular(*p.coordinates)
        error = residuals(list(particular) if isinstance(particular, tuple | list) else [particular])
        if np.abs(error).max() > 1e-6 * max(1.0, np.abs(source).max()):
            raise InputError(f"the particular solution of {where} does not satisfy its equation with the source")
    elif np.abs(source).max() > _ZERO:
        raise InputError(
            f"{where} has a source, and {equation.name} is source-free in the inverse form: "
            "give a particular solution, inverse=...(particular=...)"
        )
    for solution in equation.homogeneous_solutions(*p.coordinates):
        fields = solution[: len(problem.names)]
        scale = max(1.0, *(float(torch.as_tensor(f.value).abs().max()) for f in fields))
        if np.abs(residuals(fields) - source).max() > 1e-6 * scale * (1 + equation.stiffness):
            raise InputError(f"the strong form of {where} is not {equation.name}, which its inverse form names")
