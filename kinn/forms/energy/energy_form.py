"""The energy form: the integral of a density, less the work of loads, over trial functions that hold what is held.

Conditions on values are built into the trial functions (hard), or penalised by the square of what they leave over (soft).
Conditions on derivatives are natural ones: the minimum satisfies them if the work says what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add

import numpy as np
import torch

from kinn.conditions import INTERIOR, Condition
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_objective import EnergyObjective
from kinn.forms.energy.essential_conditions import check_stated
from kinn.forms.energy.flux import fluxes
from kinn.forms.energy.functional import EnergyTerm, density_of, plan_energy
from kinn.forms.energy.penalty import PenaltyTerm, penalised
from kinn.forms.zero_energy_modes import check_modes
from kinn.geometry import Boundary, Geometry, Rule
from kinn.problem import Array, Problem

#: The degree that rules are exact for on each of their cells.
ORDER = 7

#: How many points a boundary has at least.
FEWEST = 16

#: How much closer points lie on boundaries than inside: they are few, and stay where they are when more are taken inside.
CLOSER = 2.0

#: The guard's rule has so many times the points.
GUARD = 1.5


def energy_form(trial: DomainTrial, *, points: int, seed: int = 0) -> EnergyObjective:
    """Return the energy by a quadrature of at least so many points, guarded by a second one.

    Args:
        trial: The trial functions, which hold the problem.
        points: The least number of points inside; boundaries get as many as gives them the same spacing.
        seed: Fixes the points of the second rule.

    Raises:
        InputError: If a density is no field, loads act where nothing moves, rigid motions are left free, or the quadrature
            is graded towards a corner that there is not.
    """
    if points < 1:
        raise InputError(f"points must be at least 1, not {points}")
    check_stated(trial.problem)
    _check_grading(trial.problem)
    guard = _Terms(trial, round(GUARD * points), seed + 1).system()
    check_modes(trial.problem)
    return _Terms(trial, points, None).system(guard)


class _Terms:
    """The terms of an energy by one quadrature.

    Args:
        trial: The trial functions.
        points: The number of points inside.
        seed: Moves the points; None for those of the plain rule.
    """

    def __init__(self, trial: DomainTrial, points: int, seed: int | None) -> None:
        self.trial, self.problem, self.points, self.seed = trial, trial.problem, points, seed
        self.total = sum(g.measure for g in self.problem.subdomains.values())

    def system(self, guard: EnergyObjective | None = None) -> EnergyObjective:
        """Return the energy of all terms."""
        inside = self.inside(1)
        loads = [term for on in self.problem.work if on != INTERIOR for term in self._work(on)]
        stiffness = max(_stiffness(term) for term in inside)
        factor = self.problem.defaults.penalty * stiffness / max(g.size for g in self.problem.subdomains.values())
        penalties = [term for c in self.problem.conditions for term in self._penalty(c, factor)]
        return EnergyObjective(self.trial, inside, [*loads, *penalties], guard, self.inside)

    def inside(self, finer: int) -> list[EnergyTerm]:
        """Return the terms inside, by so many times the points: the energy, and the work of loads there."""
        terms = []
        for name in self.problem.subdomains:
            points, energy = self._inside(name, finer), self.problem.energy_of(name)
            assert energy is not None
            label = "the energy" if len(self.problem.subdomains) == 1 else f"the energy of {name!r}"
            terms.append(plan_energy(self.trial, label, (name,), density_of(self.problem, energy), points))
            if (work := self.problem.work.get(INTERIOR)) is not None:
                density = density_of(self.problem, work, -1.0)
                terms.append(plan_energy(self.trial, "the work inside", (name,), density, points))
        return terms

    def _work(self, on: str) -> list[EnergyTerm]:
        """Return the terms of the load on a boundary."""
        density = density_of(self.problem, self.problem.work[on], -1.0)
        terms = []
        for name in having_boundary(self.problem, on):
            term = plan_energy(self.trial, f"the work on {on!r}", (name,), density, self.boundary(name, on))
            self._check_moves(term, name, on)
            terms.append(term)
        return terms

    def _penalty(self, condition: Condition, factor: float) -> list[PenaltyTerm]:
        """Return the terms of a condition on values that is not built into the trial functions."""
        held = condition.essential_part()
        if held is None or held.enforce == "hard":
            return []

        def left(traces: Sequence[Mapping[str, Field]], p: Points) -> tuple[Sequence[Field], Field]:
            return held.residuals(traces, p), p.field(held.weight, f"the weight of {held.label}") * factor

        def density(traces: Sequence[Mapping[str, Field]], p: Points) -> Field:
            residuals, beta = left(traces, p)
            return reduce(add, (r * r for r in residuals)) * beta * 0.5

        terms: list[PenaltyTerm] = []
        for group in self.problem.subdomain_groups(held):
            points = held.collocation_points(self, group, 0)
            if points is None:
                continue
            assert isinstance(points, Points)
            held.check_data(points)
            term = plan_energy(self.trial, held.label, group, density, points)
            if held.natural_in_derivatives and any(any(a) for _, _, a in term.leaves):
                return []
            terms.append(penalised(term, left, fluxes(self.trial, held, group, points)))
        return terms

    # The points of conditions, as `kinn.conditions.Sampler` has them: those of the same quadratures

    @property
    def subdomains(self) -> Mapping[str, Geometry]:
        """The subdomains by name."""
        return self.problem.subdomains

    def interior(self, subdomain: str, seed: int) -> Points:
        """Points of the quadrature over a subdomain."""
        return self._inside(subdomain)

    def boundary(self, subdomain: str, name: str, seed: int = 0) -> Points:
        """Points of the quadrature over a boundary."""
        boundary = self.problem.subdomains[subdomain].boundary(name)
        if not boundary.dim:
            return self.quadrature([boundary.quadrature(0)])
        spacing = (self.total / self.points) ** (1 / self.problem.dimension) / (
            CLOSER * self.problem.defaults.boundary_density
        )
        count = max(FEWEST, round(boundary.measure / spacing**boundary.dim))
        return self._rule(boundary, count)

    def at(self, subdomain: str, locations: Array, observed: Array | None = None) -> Points | None:
        """Those of single points (N, d) that lie in a subdomain, with weight 1 each; None if none does."""
        inside = self.subdomains[subdomain].contains(locations)
        x = locations[inside]
        return self.quadrature([Rule(x, np.ones(len(x)))]) if len(x) else None

    def quadrature(self, rules: Sequence[Rule]) -> Points:
        """Points of one quadrature, with their weights."""
        (rule,) = rules
        x, normals, weights = (
            None if a is None else torch.as_tensor(a, dtype=self.trial.dtype)
            for a in (rule.points, rule.normals, rule.weights)
        )
        return self.problem.points(x, normals, weights=weights)

    def _inside(self, subdomain: str, finer: int = 1) -> Points:
        geometry = self.problem.subdomains[subdomain]
        count = max(1, round(finer * self.points * geometry.measure / self.total))
        return self._rule(geometry, count)

    def _rule(self, over: Geometry | Boundary, count: int) -> Points:
        grading = self.problem.defaults.grading
        return self.quadrature([over.quadrature(ORDER, points=count, seed=self.seed, grading=grading)])

    def _check_moves(self, term: EnergyTerm, subdomain: str, on: str) -> None:
        """Raise if a load acts on a boundary where all that it does work on is given."""
        asked = {name for _, name, _ in term.leaves}
        parts = {part.name for part in self.problem.subdomains[subdomain].boundary(on).parts}
        fixed = {
            c.field_names[0]
            for c in self.problem.conditions
            if (datum := c.boundary_datum) is not None
            and datum.order == 1
            and (subdomain,) in self.problem.subdomain_groups(c)
            and parts <= {part.name for part in self.problem.subdomains[subdomain].boundary(c.boundaries[0]).parts}
        }
        if asked <= fixed:
            names = ", ".join(map(repr, sorted(asked)))
            raise InputError(
                f"problem {self.problem.name!r} has a load on {on!r} that does no work: {names} is given there"
            )


def having_boundary(problem: Problem, on: str) -> list[str]:
    """Return the subdomains that have a boundary."""
    out = []
    for name, geometry in problem.subdomains.items():
        try:
            geometry.boundary(on)
        except InputError:
            continue
        out.append(name)
    return out


def _check_grading(problem: Problem) -> None:
    """Raise if the quadrature is graded towards a point that lies on the boundary of no subdomain."""
    grading = problem.defaults.grading
    for corner in () if grading is None else grading.towards:
        at = np.array([corner])
        if problem.dimension != at.shape[1] or not any(
            abs(float(g.level(at)[0])) <= 1e-9 * g.size for g in problem.subdomains.values()
        ):
            raise InputError(
                f"the quadrature of problem {problem.name!r} is graded towards {corner}, which is no corner of its domain"
            )


def _stiffness(term: EnergyTerm) -> float:
    """Return the largest second derivative of a density at rest."""
    p = term.blocks[0]
    rest = torch.zeros(len(term.leaves), len(p), dtype=p.tensor.dtype)
    return float(term.local(rest, 0).factor.square().sum(dim=(0, 1)).max())
