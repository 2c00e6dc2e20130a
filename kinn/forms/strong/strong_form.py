"""The strong form: mean squares of the PDE's residual at collocation points and of the residuals of the conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from kinn.conditions import Condition
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.collocation import CollocationSampler
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.terms import Term, TermResidual, pde_residual, plan_term
from kinn.math import sqrt


def strong_form(
    trial: DomainTrial, *, points: int, seed: int = 0, pde_weight: float | None = None, method: str = "sobol"
) -> ResidualObjective:
    """Weighted residuals of the strong form.

    Args:
        trial: The trial functions.
        points: The number of interior collocation points, shared among subdomains by measure. Boundaries get as many
            as give them the same spacing.
        seed: Fixes the points.
        pde_weight: The factor of the PDE's mean square; conditions have 1 times their own weight.
        method: How points are drawn: "sobol", "halton", "lhs", "random" or "uniform".

    Raises:
        InputError: If a residual is no field, has the wrong shape, or depends on what does not exist.
    """
    if points < 1:
        raise InputError(f"points must be at least 1, not {points}")
    problem = trial.problem
    weight = problem.defaults.pde_weight if pde_weight is None else pde_weight
    total = sum(g.measure for g in problem.subdomains.values())
    terms: list[Term] = []

    for n, (name, geometry) in enumerate(problem.subdomains.items()):
        residual = problem.residual_of(name)
        if residual is None:
            continue
        count = max(1, round(points * geometry.measure / total))
        draw = problem.defaults.sampler
        point_seed = seed + 101 * n
        x = draw(geometry, count, point_seed) if draw else geometry.sample(count, method=method, seed=point_seed)
        p = problem.points(torch.as_tensor(x, dtype=trial.dtype))
        label = "the PDE" if len(problem.subdomains) == 1 else f"the PDE in {name!r}"
        pde = pde_residual(residual, problem.names)
        terms.append(plan_term(trial, label, (name,), pde, p, weight=weight * count / points, interior=True))

    spacing = (total / points) ** (1 / problem.dimension) / problem.defaults.boundary_density
    sampler = CollocationSampler(problem, trial.dtype, spacing, points / total, method)
    precision = _precision_weights(problem.conditions)
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
            factor = 1.0 if callable(condition.weight) else condition.weight * precision.get(condition, 1.0)
            residuals = _weighted_residuals(condition)
            terms.append(plan_term(trial, label, group, residuals, places, weight=factor, noise=condition.noise))
    if not terms:
        raise InputError(f"problem {problem.name!r} states nothing that the strong form could train on")
    return ResidualObjective(trial, terms)


def _precision_weights(conditions: Sequence[Condition]) -> dict[Condition, float]:
    """Weights of sets of measurements of known noise by which each measurement counts by its precision.

    Their mean is such that the loss of all of them is that of one set.
    """
    known = {c: (len(c.observed), c.noise) for c in conditions if c.observed is not None and c.noise is not None}
    if len(known) < 2:
        return {}
    total = sum(n for n, _ in known.values())
    mean = sum(n / noise**2 for n, noise in known.values()) / total
    return {c: n / total / noise**2 / mean for c, (n, noise) in known.items()}


def _weighted_residuals(condition: Condition) -> TermResidual:
    """Residuals of a condition, times the root of its weight where that is a function."""
    if not callable(condition.weight):
        return condition.residuals

    def residuals(traces: Sequence[Mapping[str, Field]], p: Points) -> Sequence[Field]:
        root = sqrt(p.field(condition.weight, f"the weight of {condition.label}"))
        return [root * r for r in condition.residuals(traces, p)]

    return residuals
