"""The energy form: the integral of a density, less the work of loads, over trial functions that hold prescribed values.

Conditions on values are built into the trial functions (hard), or penalised by the square of their residuals (soft).
Conditions on derivatives are natural ones: the minimum satisfies them if the work says what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch

from kinn.conditions import INTERIOR, Condition, subdomains_with
from kinn.errors import InputError
from kinn.fields import TIME, Points
from kinn.forms.collocation import PointSampler
from kinn.forms.discontinuities import Jump, quadrature_breaks
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_objective import EnergyObjective
from kinn.forms.energy.energy_term import EnergyTerm, density_of, plan_energy
from kinn.forms.energy.penalty import PenaltyTerm, plan_penalty
from kinn.forms.zero_energy_modes import check_modes
from kinn.geometry import Boundary, Geometry, Rule
from kinn.problem import Array, Problem

#: The degree that rules are exact for on each of their cells.
DEGREE = 7

#: The least number of points on a boundary.
MIN_BOUNDARY_POINTS = 16

#: How much closer points lie on boundaries than inside: they are few, and are not refined with those inside.
BOUNDARY_DENSITY = 2.0

#: Up to how many points no mesh is integrated with a lower order to save some.
FEW_POINTS = 2**14

#: The points of the guard's quadrature for each point of the first.
GUARD_POINTS = 1.5


def energy_form(trial: DomainTrial, *, points: int, seed: int = 0) -> EnergyObjective:
    """Energy of trial functions by one quadrature, whose steps are checked on a second one.

    Args:
        trial: The trial functions.
        points: The least number of points inside; boundaries get as many as gives them the same spacing.
        seed: Fixes the points of the second quadrature.

    Raises:
        InputError: If a density is no field, loads act where nothing moves, rigid motions are left free, or the quadrature
            is graded towards a corner that there is not.
    """
    if points < 1:
        raise InputError(f"points must be at least 1, not {points}")
    check_energy_problem(trial.problem)
    _check_grading(trial.problem)
    second = QuadratureSampler(trial.problem, trial.dtype, round(GUARD_POINTS * points), seed + 1)
    guard = quadrature_objective(trial, second)
    check_modes(trial.problem)
    return quadrature_objective(trial, QuadratureSampler(trial.problem, trial.dtype, points, None), guard)


@dataclass(frozen=True)
class QuadratureSampler(PointSampler):
    """Points of quadratures with their weights.

    Attributes:
        points: The number of points inside.
        seed: Moves the points; None for those of the plain rules.
        degree: The degree that rules are exact for on each of their cells.
    """

    points: int
    seed: int | None
    degree: int = DEGREE

    @cached_property
    def measure(self) -> float:
        """The measure of all subdomains."""
        return sum(geometry.measure for geometry in self.subdomains.values())

    def interior(self, subdomain: str, seed: int = 0, *, refinement: int = 1) -> Points:
        """Points of the quadrature over a subdomain, `refinement` times the first number."""
        geometry = self.subdomains[subdomain]
        count = max(1, round(refinement * self.points * geometry.measure / self.measure))
        breaks = quadrature_breaks(self.problem)[subdomain]
        if (isinstance(breaks, Jump) or not any(breaks)) and self.problem.defaults.grading is None:
            most = refinement * max(self.points, FEW_POINTS) * geometry.measure / self.measure
            rule = geometry.limited_quadrature(self.degree, max(1, round(most)), points=count, seed=self.seed)
            return self.quadrature([rule])
        return self._rule(geometry, count, () if isinstance(breaks, Jump) else breaks)

    def boundary(self, subdomain: str, name: str, seed: int = 0) -> Points:
        """Points of the quadrature over a boundary."""
        boundary = self.subdomains[subdomain].boundary(name)
        if not boundary.dim:
            return self.quadrature([boundary.quadrature(0)])
        density = BOUNDARY_DENSITY * self.problem.defaults.boundary_density
        spacing = (self.measure / self.points) ** (1 / self.problem.dimension) / density
        return self._rule(boundary, max(MIN_BOUNDARY_POINTS, round(boundary.measure / spacing**boundary.dim)))

    def at(self, subdomain: str, locations: Array, observed: Array | None = None) -> Points | None:
        """Those of single points (N, d) that lie in a subdomain, with weight 1 each; None if none does."""
        x = locations[self.subdomains[subdomain].contains(locations)]
        return self.quadrature([Rule(x, np.ones(len(x)))]) if len(x) else None

    def _rule(self, domain: Geometry | Boundary, count: int, breaks: Sequence[Sequence[float]] = ()) -> Points:
        quadrature = partial(domain.quadrature, breaks=breaks) if isinstance(domain, Geometry) else domain.quadrature
        grading = self.problem.defaults.grading
        return self.quadrature([quadrature(self.degree, points=count, seed=self.seed, grading=grading)])


def quadrature_objective(
    trial: DomainTrial, sampler: QuadratureSampler, guard: EnergyObjective | None = None
) -> EnergyObjective:
    """Energy of all terms by one quadrature, its steps checked by the guard's."""
    problem = trial.problem
    interior_terms = partial(_interior_terms, trial, sampler)
    interior = interior_terms(1)
    loads = [term for on in problem.work if on != INTERIOR for term in _load_terms(trial, sampler, on)]
    stiffness = max(_stiffness(term) for term in interior)
    factor = problem.defaults.penalty * stiffness / max(g.size for g in problem.subdomains.values())
    penalties = [term for c in problem.conditions for term in _penalty_terms(trial, sampler, c, factor)]
    return EnergyObjective(trial, interior, [*loads, *penalties], guard, interior_terms)


def _interior_terms(trial: DomainTrial, sampler: QuadratureSampler, refinement: int) -> list[EnergyTerm]:
    """Terms inside: the energy, and the work of loads there."""
    problem = trial.problem
    terms = []
    for name in problem.subdomains:
        points, energy = sampler.interior(name, refinement=refinement), problem.energy_of(name)
        assert energy is not None
        label = "the energy" if len(problem.subdomains) == 1 else f"the energy of {name!r}"
        terms.append(plan_energy(trial, label, (name,), density_of(problem, energy), points))
        if (work := problem.work.get(INTERIOR)) is not None:
            terms.append(plan_energy(trial, "the work inside", (name,), density_of(problem, work, -1.0), points))
    return terms


def _load_terms(trial: DomainTrial, sampler: QuadratureSampler, on: str) -> list[EnergyTerm]:
    """Terms of the load on a boundary."""
    density = density_of(trial.problem, trial.problem.work[on], -1.0)
    terms = [
        plan_energy(trial, f"the work on {on!r}", (name,), density, sampler.boundary(name, on))
        for name in subdomains_with(trial.problem.subdomains, on)
    ]
    for term in terms:
        _check_work(trial.problem, term, on)
    return terms


def _penalty_terms(
    trial: DomainTrial, sampler: QuadratureSampler, condition: Condition, factor: float
) -> list[PenaltyTerm]:
    """Terms of the essential part of a condition that is not built into the trial functions."""
    essential = condition.essential_part()
    if essential is None or essential.enforce == "hard":
        return []
    terms: list[PenaltyTerm] = []
    for group in trial.problem.subdomain_groups(essential):
        points = essential.collocation_points(sampler, group, 0)
        if points is None:
            continue
        assert isinstance(points, Points)
        essential.check_data(points)
        term = plan_penalty(trial, essential, group, points, factor)
        if essential.natural_in_derivatives and any(any(a) for _, _, a in term.derivatives):
            if essential.locations is not None:
                raise InputError(f"{essential.label} holds derivatives at a point, which an energy does not feel")
            return []
        terms.append(term)
    return terms


def _stiffness(term: EnergyTerm) -> float:
    """The largest second derivative of a density at zero."""
    p = term.blocks[0]
    zero = torch.zeros(len(term.derivatives), len(p), dtype=p.tensor.dtype)
    return float(term.quadratic_model(zero, 0).factor.square().sum(dim=(0, 1)).max())


def check_energy_problem(problem: Problem) -> None:
    """Check that a problem has an energy to minimise, and that the energy contains the work of all loads.

    Raises:
        InputError: If the problem depends on time, has unknowns or conditions that an energy cannot keep, or if the work
            of a load is missing.
    """
    if TIME in problem.coordinates:
        raise InputError(f"problem {problem.name!r} depends on time, and the energy form is for steady states")
    if problem.unknowns:
        # dE/dk is no equation of theirs: the energy falls as a stiffness does, without end, and a misfit added to it
        # finds where the two balance, which moves with its weight, and not the constants that the data are of
        named = ", ".join(repr(u.name) for u in problem.unknowns)
        raise InputError(
            f"problem {problem.name!r} has unknowns ({named}), which an energy does not determine, for its least value is "
            "that of the softest body: identify them in the strong form (form='strong')"
        )
    for condition in problem.conditions:
        condition.essential_part()  # which refuses what an energy cannot keep
        if not any(callable(value) or value != 0 for value in condition.natural_data):
            continue
        for on in condition.boundaries:
            if on not in problem.work:
                raise InputError(
                    f"{condition.label} of problem {problem.name!r} is a natural condition, and work= says nothing of it: "
                    f"give the density of its work on {on!r}"
                )


def _check_work(problem: Problem, term: EnergyTerm, on: str) -> None:
    """Raise if a load acts on a boundary where all that it does work on is prescribed."""
    (subdomain,) = term.subdomains
    boundary = problem.subdomains[subdomain].boundary
    parts = {part.name for part in boundary(on).parts}
    fixed = {
        c.field_names[0]
        for c in problem.conditions
        if (datum := c.boundary_datum) is not None
        and datum.order == 1
        and (subdomain,) in problem.subdomain_groups(c)
        and parts <= {part.name for part in boundary(c.boundaries[0]).parts}
    }
    loaded = {name for _, name, _ in term.derivatives}
    if loaded <= fixed:
        names = ", ".join(map(repr, sorted(loaded)))
        raise InputError(f"problem {problem.name!r} has a load on {on!r} that does no work: {names} is given there")


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
