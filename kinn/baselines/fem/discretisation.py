"""A problem's energy on finite elements, and its minimum by Newton's method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf, isfinite

import numpy as np
import torch
from scipy.sparse import block_array, csr_array
from scipy.sparse.linalg import splu
from torch import Tensor

from kinn.baselines.fem.constraints import Constraints
from kinn.baselines.fem.integrals import ElementIntegral
from kinn.baselines.fem.space import Space
from kinn.baselines.fem.specification import Newton
from kinn.conditions import INTERIOR, subdomains_with
from kinn.errors import InputError, SolveError
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_term import density_of
from kinn.forms.trial_functions import Wanted, evaluate_expressions, parse_expression
from kinn.networks import MLP
from kinn.problem import Array, Problem

#: How often a step is halved.
_HALVINGS = 30

#: The share of the decrease that a step promises which it must bring.
_SUFFICIENT = 1e-4

#: Energies that differ by less, relative to them, differ by rounding.
_ROUNDING = 1e-13


def bare_trial(problem: Problem) -> DomainTrial:
    """Return trial functions for the plan of what densities ask for, which conditions have no part in."""
    return DomainTrial(replace(problem, conditions=(), features=()), MLP((1,)))


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
        self.spaces = {name: Space(g, size, degree) for name, g in problem.subdomains.items()}
        self.constraints = Constraints(problem, self.spaces)
        self.trial = bare_trial(problem)
        self.integrals = {name: [*self._of(name)] for name in self.spaces}

    @property
    def dofs(self) -> int:
        """The number of coefficients, those that are given included."""
        return int(self.constraints.dofs)

    @property
    def elements(self) -> int:
        """The number of elements."""
        return sum(space.elements for space in self.spaces.values())

    def _of(self, name: str) -> Iterable[ElementIntegral]:
        """Yield the integrals of a subdomain."""
        space, energy = self.spaces[name], self.problem.energy_of(name)
        assert energy is not None
        yield ElementIntegral(self.trial, space, space.inside, "the energy", name, density_of(self.problem, energy))
        for on, work in self.problem.work.items():
            if on == INTERIOR:
                basis = space.inside
            elif name in subdomains_with(self.problem.subdomains, on):
                basis = space.along(on)
            else:
                continue
            yield ElementIntegral(
                self.trial, space, basis, f"the work on {on!r}", name, density_of(self.problem, work, -1.0)
            )

    def energy(self, x: Array) -> float:
        """Return the energy of coefficients (dofs,); infinite where it is not finite."""
        total = sum(i.value(self.constraints.of(x, name)) for name, mine in self.integrals.items() for i in mine)
        return total if isfinite(total) else inf

    def slope(self, x: Array) -> Array:
        """Return its derivatives (dofs,)."""
        parts = [
            np.sum([i.slope(self.constraints.of(x, name)) for i in mine], axis=0).ravel()
            for name, mine in self.integrals.items()
        ]
        return np.asarray(self.constraints.spread.T @ np.concatenate(parts))

    def tangent(self, x: Array) -> csr_array:
        """Return its second derivatives (dofs, dofs)."""
        blocks = []
        for name, mine in self.integrals.items():
            n, fields = self.spaces[name].count, range(len(self.problem.names))
            grid = [[csr_array((n, n)) for _ in fields] for _ in fields]
            for integral in mine:
                for (c, e), part in integral.tangent(self.constraints.of(x, name)).items():
                    grid[c][e] = grid[c][e] + part
            blocks.append(block_array(grid, format="csr"))
        whole = block_array([[b if i == j else None for j in range(len(blocks))] for i, b in enumerate(blocks)])
        spread = self.constraints.spread
        return csr_array(spread.T @ whole.tocsr() @ spread)

    @property
    def linear(self) -> bool:
        """Whether the energy is quadratic."""
        return all(i.term.quadratic for mine in self.integrals.values() for i in mine)

    def solve(self, method: Newton) -> tuple[Array, int]:
        """Return the coefficients (dofs,) that minimise the energy, and the steps it took.

        Raises:
            SolveError: If the tangent is singular, or the steps lead nowhere.
        """
        free, held = self.constraints.free, self.constraints.held
        x = np.zeros(self.dofs)
        for n in range(1, method.steps + 1):
            step = np.zeros(self.dofs)
            step[held] = self.constraints.values - x[held]
            tangent, slope = self.tangent(x), self.slope(x)
            known = slope[free] + tangent[free][:, held] @ step[held]
            step[free] = -_solved(tangent[free][:, free], known)
            if not np.isfinite(step).all():
                raise SolveError("finite elements: the tangent is singular")
            before = bool(np.allclose(step[held], 0.0, rtol=0, atol=1e-14 * max(1.0, float(np.abs(x).max()))))
            t = 1.0 if self.linear else self._length(x, step, slope, before)
            x = x + t * step
            if self.linear or (t == 1.0 and np.linalg.norm(step) <= method.tolerance * np.linalg.norm(x)):
                return x, n
        raise SolveError(f"finite elements: Newton's method does not converge in {method.steps} steps")

    def _length(self, x: Array, step: Array, slope: Array, admissible: bool) -> float:
        """Return the share of a step that lowers the energy enough; before given values hold, one that leaves it finite."""
        here, promised = self.energy(x), float(slope @ step)
        t = 1.0
        for _ in range(_HALVINGS):
            there = self.energy(x + t * step)
            enough = here + _SUFFICIENT * t * promised + _ROUNDING * abs(here)
            if isfinite(there) and (not admissible or there <= enough):
                return t
            t /= 2
        raise SolveError("finite elements: no share of Newton's step lowers the energy")


def _solved(matrix: csr_array, known: Array) -> Array:
    """Return the solution of a sparse symmetric system."""
    try:
        factors = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    except RuntimeError as error:
        raise SolveError(f"finite elements: {error}") from error
    return np.asarray(factors.solve(known))


class Elements:
    """Finite-element functions as trained fields, for errors, figures and files.

    Args:
        discretisation: The functions.
        x: Their coefficients (dofs,).
    """

    def __init__(self, discretisation: FEDiscretisation, x: Array) -> None:
        self.discretisation, self.x = discretisation, x
        self.problem = discretisation.problem

    @property
    def parameter_count(self) -> int:
        """The number of coefficients."""
        return len(self.x)

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the coefficients."""
        return {"coefficients": torch.as_tensor(self.x)}

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Return fields and first derivatives at points; see `DomainTrial.evaluate`.

        Raises:
            InputError: If an expression names no field or coordinate, or is a derivative beyond the first.
        """
        names = [expressions] if isinstance(expressions, str) else list(expressions)
        for name in names:
            if sum(parse_expression(self.problem, name)[1]) > 1:
                raise InputError(f"finite elements give no {name}: their first derivatives jump between elements")
        asked = expressions if isinstance(expressions, str) else names
        return evaluate_expressions(self.problem, self._values, points, asked, subdomain)

    def _values(self, subdomain: str, points: Array, wanted: Sequence[Wanted]) -> Array:
        """Return fields and first derivatives (N, len(wanted)) at points (N, d), N > 0, of a subdomain."""
        numbers, table = self.discretisation.spaces[subdomain].table(points)
        own = self.discretisation.constraints.of(self.x, subdomain)
        parts = [(self.problem.names.index(field), 1 + a.index(1) if any(a) else 0) for field, a in wanted]
        return np.stack([np.sum(own[c][numbers] * table[part], axis=1) for c, part in parts], axis=1)
