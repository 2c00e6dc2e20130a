"""A problem's energy on finite elements with its essential conditions, and its minimum by Newton's method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import inf, isfinite

import numpy as np
import torch
from scipy.sparse import block_array, block_diag, coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from kinn.baselines.fem import Newton
from kinn.baselines.fem.integrals import ElementIntegral
from kinn.baselines.fem.space import FunctionSpace
from kinn.conditions import INTERIOR, Condition, subdomains_with
from kinn.conditions.types import NodalConstraint
from kinn.errors import InputError, SolveError
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_form import check_energy_problem
from kinn.forms.energy.energy_term import density_of
from kinn.geometry.types import Indices
from kinn.networks import MLP
from kinn.problem import Array, Problem

#: Nodes nearer than this, relative to the size of the domain, coincide.
_COINCIDENT = 1e-7

#: How often a step is halved.
_HALVINGS = 30

#: The constant of the sufficient-decrease condition.
_SUFFICIENT = 1e-4

#: Energies whose relative difference is smaller differ by rounding.
_ROUNDING = 1e-13


def check_conditions(problem: Problem) -> None:
    """Refuse conditions that have no counterpart on finite elements.

    Raises:
        InputError: Names the condition.
    """
    check_energy_problem(problem)
    for condition in problem.conditions:
        essential = condition.essential_part()
        if essential is not None and essential.nodal_constraint(problem.names) is None:
            raise InputError(
                f"{condition.label} of problem {problem.name!r} is left out by the bridge to finite elements, "
                "which knows Dirichlet, Interface and loads"
            )


def recording_trial(problem: Problem) -> DomainTrial:
    """Trial functions, without conditions and features, that record what densities ask for."""
    return DomainTrial(replace(problem, conditions=(), features=()), MLP((1,)))


class Constraints:
    """Essential conditions: coefficients with prescribed values, and coefficients of two subdomains that coincide.

    Args:
        problem: The problem.
        spaces: The functions on each subdomain.
    """

    def __init__(self, problem: Problem, spaces: Mapping[str, FunctionSpace]) -> None:
        self.problem, self.spaces = problem, spaces
        self.fields = len(problem.names)
        sizes = [self.fields * space.count for space in spaces.values()]
        self.starts = dict(zip(spaces, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))
        self.total = sum(sizes)
        constraints = [
            (condition, constraint)
            for condition in problem.conditions
            if (constraint := condition.nodal_constraint(problem.names)) is not None
        ]
        ties = [pairs for condition, c in constraints if c.tied for pairs in self._ties(condition, c)]
        pairs = np.concatenate([*ties, np.zeros((0, 2), dtype=np.intp)])
        links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(self.total, self.total))
        self.dofs, self.number = connected_components(links, directed=False)
        self.expansion = csr_array(
            (np.ones(self.total), (np.arange(self.total), self.number)), shape=(self.total, self.dofs)
        )
        values = np.full(self.dofs, np.nan)
        for condition, c in constraints:
            for numbers, prescribed in self._prescribed(condition, c) if not c.tied else ():
                values[self.number[numbers]] = prescribed
        self.fixed = np.flatnonzero(np.isfinite(values))
        self.free = np.flatnonzero(~np.isfinite(values))
        self.values: Array = values[self.fixed]

    def coefficients(self, x: Array, subdomain: str) -> Array:
        """Coefficients (C, n) on a subdomain, of all (dofs,)."""
        start, count = self.starts[subdomain], self.spaces[subdomain].count
        return np.asarray(x[self.number[start : start + self.fields * count]].reshape(self.fields, count))

    def _ties(self, condition: Condition, constraint: NodalConstraint) -> list[Indices]:
        """Pairs of coefficients that coincide."""
        if callable(constraint.value) or constraint.value != 0:
            raise InputError(f"{condition.label} has a jump, which finite elements are not given here")
        ((first, second),), (on,) = self.problem.subdomain_groups(condition), condition.boundaries
        a, b = self.spaces[first], self.spaces[second]
        nodes, others = a.nodes_on(on), b.nodes_on(on)
        distances, nearest = cKDTree(b.nodes[others]).query(a.nodes[nodes])
        if len(nodes) != len(others) or distances.max() > _COINCIDENT * a.geometry.size:
            raise InputError(f"the meshes on the two sides of {on!r} do not match")
        numbers, other_numbers = self.starts[first] + nodes, self.starts[second] + others[nearest]
        channels = [self.problem.names.index(name) for name in constraint.fields]
        return [np.column_stack([numbers + k * a.count, other_numbers + k * b.count]) for k in channels]

    def _prescribed(self, condition: Condition, constraint: NodalConstraint) -> list[tuple[Indices, Array]]:
        """Numbers of coefficients, and their values."""
        (field,), (on,), prescribed = constraint.fields, condition.boundaries, []
        for (name,) in self.problem.subdomain_groups(condition):
            space = self.spaces[name]
            nodes = space.nodes_on(on)
            p = self.problem.points(torch.as_tensor(space.nodes[nodes]))
            value = torch.as_tensor(p.field(constraint.value, f"the value of {condition.label}").value)
            first = self.starts[name] + self.problem.names.index(field) * space.count
            prescribed.append((first + nodes, np.broadcast_to(value.numpy(), len(nodes))))
        return prescribed


class FEDiscretisation:
    """The energy of a problem as a function of the coefficients of finite elements.

    Args:
        problem: The problem.
        size: The length of edges, about.
        degree: The degree of the elements.

    Raises:
        InputError: If finite elements cannot state it.
    """

    def __init__(self, problem: Problem, size: float, degree: int) -> None:
        self.problem = problem
        self.spaces = {name: FunctionSpace(g, size, degree) for name, g in problem.subdomains.items()}
        self.constraints = Constraints(problem, self.spaces)
        self.trial = recording_trial(problem)
        self.integrals = {name: [*self._integrals(name)] for name in self.spaces}

    @property
    def dofs(self) -> int:
        """The number of coefficients, prescribed ones included."""
        return int(self.constraints.dofs)

    @property
    def elements(self) -> int:
        """The number of elements."""
        return sum(space.elements for space in self.spaces.values())

    @property
    def linear(self) -> bool:
        """Whether the energy is quadratic."""
        return all(integral.term.quadratic for integrals in self.integrals.values() for integral in integrals)

    def _integrals(self, name: str) -> Iterator[ElementIntegral]:
        """Integrals of the energy and the work over a subdomain."""
        space, energy = self.spaces[name], self.problem.energy_of(name)
        assert energy is not None
        yield ElementIntegral(self.trial, space, space.basis, "the energy", name, density_of(self.problem, energy))
        for on, work in self.problem.work.items():
            if on == INTERIOR:
                basis = space.basis
            elif name in subdomains_with(self.problem.subdomains, on):
                basis = space.boundary_basis(on)
            else:
                continue
            density = density_of(self.problem, work, -1.0)
            yield ElementIntegral(self.trial, space, basis, f"the work on {on!r}", name, density)

    def energy(self, x: Array) -> float:
        """Energy of coefficients (dofs,); infinite where it is not finite."""
        total = sum(
            integral.value(self.constraints.coefficients(x, name))
            for name, integrals in self.integrals.items()
            for integral in integrals
        )
        return total if isfinite(total) else inf

    def gradient(self, x: Array) -> Array:
        """First derivatives of the energy, (dofs,)."""
        parts = [
            np.sum([i.gradient(self.constraints.coefficients(x, name)) for i in integrals], axis=0).ravel()
            for name, integrals in self.integrals.items()
        ]
        return np.asarray(self.constraints.expansion.T @ np.concatenate(parts))

    def tangent(self, x: Array) -> csr_array:
        """Second derivatives of the energy, (dofs, dofs)."""
        blocks = []
        for name, integrals in self.integrals.items():
            n, fields = self.spaces[name].count, range(len(self.problem.names))
            grid = [[csr_array((n, n)) for _ in fields] for _ in fields]
            for integral in integrals:
                for (c, e), part in integral.tangent(self.constraints.coefficients(x, name)).items():
                    grid[c][e] = grid[c][e] + part
            blocks.append(block_array(grid, format="csr"))
        expansion = self.constraints.expansion
        return csr_array(expansion.T @ block_diag(blocks, format="csr") @ expansion)

    def solve(self, method: Newton) -> tuple[Array, int]:
        """Coefficients (dofs,) that minimise the energy, and the number of Newton steps.

        Raises:
            SolveError: If the tangent is singular, or the steps do not converge.
        """
        free, fixed = self.constraints.free, self.constraints.fixed
        x = np.zeros(self.dofs)
        for n in range(1, method.steps + 1):
            step = np.zeros(self.dofs)
            step[fixed] = self.constraints.values - x[fixed]
            tangent, gradient = self.tangent(x), self.gradient(x)
            right = gradient[free] + tangent[free][:, fixed] @ step[fixed]
            step[free] = -_solve_symmetric(tangent[free][:, free], right)
            if not np.isfinite(step).all():
                raise SolveError("finite elements: the tangent is singular")
            largest = max(1.0, float(np.abs(x).max()))
            admissible = bool(np.allclose(step[fixed], 0.0, rtol=0, atol=1e-14 * largest))
            t = 1.0 if self.linear else self._step_length(x, step, gradient, admissible)
            x = x + t * step
            if self.linear or (t == 1.0 and np.linalg.norm(step) <= method.tolerance * np.linalg.norm(x)):
                return x, n
        raise SolveError(f"finite elements: Newton's method does not converge in {method.steps} steps")

    def _step_length(self, x: Array, step: Array, gradient: Array, admissible: bool) -> float:
        """Fraction of a step that lowers the energy enough; before x is admissible, one with a finite energy."""
        energy, promised = self.energy(x), float(gradient @ step)
        t = 1.0
        for _ in range(_HALVINGS):
            reached = self.energy(x + t * step)
            sufficient = energy + _SUFFICIENT * t * promised + _ROUNDING * abs(energy)
            if isfinite(reached) and (not admissible or reached <= sufficient):
                return t
            t /= 2
        raise SolveError("finite elements: no share of Newton's step lowers the energy")


def _solve_symmetric(matrix: csr_array, right: Array) -> Array:
    """Solution of a sparse symmetric system."""
    try:
        factors = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    except RuntimeError as error:
        raise SolveError(f"finite elements: {error}") from error
    return np.asarray(factors.solve(right))
