"""The strong form: mean squares of the PDE's residual at collocation points and of the residuals of the conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from kinn.errors import InputError
from kinn.fields import TIME, Points
from kinn.forms.collocation import CollocationSampler
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.strong.balance import balance_factors
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.terms import Term, pde_residual, plan_term

#: The factor of the PDE's mean square in the loss, of dimensionless equations and conditions. Equations hold at many more
#: points than conditions, whose errors spread over the domain.
PDE_WEIGHT = 0.2

#: That of problems in time: what is wrong early is wrong from then on.
PDE_WEIGHT_IN_TIME = 1.0

#: That of problems with observations: data have noise, the equation has none.
PDE_WEIGHT_OBSERVED = 1.0


def strong_form(
    trial: DomainTrial,
    *,
    points: int,
    seed: int = 0,
    pde_weight: float | None = None,
    method: str = "sobol",
    factors: Sequence[tuple[float, ...]] | None = None,
) -> ResidualObjective:
    """Weighted dimensionless residuals of the strong form.

    Args:
        trial: The trial functions.
        points: The number of interior collocation points, shared among subdomains by measure. Boundaries get as many
            as give them the same spacing.
        seed: Fixes the points.
        pde_weight: The factor of the PDE's mean square; conditions have 1 times their own weight.
        method: How points are drawn: "sobol", "halton", "lhs", "random" or "uniform".
        factors: The factors that make the equations of each term dimensionless, those of another objective; None for those
            at the present parameters of the trial functions.

    Raises:
        InputError: If a residual is no field, has the wrong shape, or depends on what does not exist.
    """
    problem = trial.problem
    if pde_weight is None:
        pde_weight = problem.defaults.pde_weight
    if pde_weight is None:
        observed = any(condition.observed is not None for condition in problem.conditions)
        in_time = TIME in problem.coordinates
        pde_weight = PDE_WEIGHT_OBSERVED if observed else PDE_WEIGHT_IN_TIME if in_time else PDE_WEIGHT
    terms = plan_terms(trial, points=points, seed=seed, method=method)
    terms = [replace(term, weight=pde_weight * term.weight) if term.interior else term for term in terms]
    if factors is None:
        factors = balance_factors(trial, terms)
    terms = [replace(t, factors=f) for t, f in zip(terms, factors, strict=True)]
    precision = _precision_weights(terms)
    return ResidualObjective(trial, [replace(t, weight=t.weight * w) for t, w in zip(terms, precision, strict=True)])


def plan_terms(trial: DomainTrial, *, points: int, seed: int = 0, method: str = "sobol") -> list[Term]:
    """Terms of equations and soft conditions in the units of the problem; see `strong_form` for the arguments."""
    if points < 1:
        raise InputError(f"points must be at least 1, not {points}")
    problem = trial.problem
    total = sum(g.measure for g in problem.subdomains.values())
    terms: list[Term] = []
    spacing = (total / points) ** (1 / problem.dimension) / problem.defaults.boundary_density
    sampler = CollocationSampler(problem, trial.dtype, spacing, points / total, method)

    for n, (name, geometry) in enumerate(problem.subdomains.items()):
        residual = problem.residual_of(name)
        if residual is None:
            continue
        count = max(1, round(points * geometry.measure / total))
        draw = problem.defaults.sampler
        point_seed = seed + 101 * n
        if draw:
            p = problem.points(torch.as_tensor(draw(geometry, count, point_seed), dtype=trial.dtype))
        else:
            p = sampler.collocation(geometry.collocation(count, method=method, seed=point_seed))
        label = "the PDE" if len(problem.subdomains) == 1 else f"the PDE in {name!r}"
        pde = pde_residual(residual, problem.names)
        terms.append(plan_term(trial, label, (name,), pde, p, weight=count / points, interior=True))

    for n, condition in enumerate(problem.conditions):
        if condition.enforce == "hard":
            continue
        for group in problem.subdomain_groups(condition):
            places = condition.collocation_points(sampler, group, seed + 13 * n + 7)
            if places is None:
                continue
            if isinstance(places, Points):
                condition.check_data(places)
            several = len(problem.subdomains) > 1 and isinstance(places, Points)
            label = f"{condition.label} in {group[0]!r}" if several else condition.label
            local = condition.weight if callable(condition.weight) else None
            weight = 1.0 if callable(condition.weight) else condition.weight
            term = plan_term(
                trial,
                label,
                group,
                condition.residuals,
                places,
                weight=weight,
                noise=condition.noise,
                local_weight=local,
            )
            terms.append(term)
    if not terms:
        raise InputError(f"problem {problem.name!r} states nothing that the strong form could train on")
    return terms


def _precision_weights(terms: Sequence[Term]) -> list[float]:
    """Weights of sets of measurements of known noise by which each measurement counts by its precision; 1 for other terms.

    Their mean is such that the loss of all of them is that of one set. The noise is relative to the size of what is measured,
    by which the factors of the terms divide.
    """
    known = {n: (t.points, t.noise * t.factors[0]) for n, t in enumerate(terms) if t.observed and t.noise is not None}
    if len(known) < 2:
        return [1.0] * len(terms)
    total = sum(count for count, _ in known.values())
    mean = sum(count / noise**2 for count, noise in known.values()) / total
    weights = {n: count / total / noise**2 / mean for n, (count, noise) in known.items()}
    return [weights.get(n, 1.0) for n in range(len(terms))]
