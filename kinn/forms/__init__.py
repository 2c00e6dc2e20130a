"""Forms: how a problem becomes an objective of the parameters of trial functions.

The energy and the inverse form are loaded when a problem is solved in them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import torch

from kinn.forms.domain_trial import DomainTrial
from kinn.forms.field_scales import FieldScales
from kinn.forms.objective import FormObjective
from kinn.forms.scales import estimate_scales
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.strong.strong_form import strong_form
from kinn.forms.trial_functions import TrialFunctions
from kinn.networks import Architecture
from kinn.problem import Problem

__all__ = [
    "DomainTrial",
    "FieldScales",
    "FormObjective",
    "ResidualObjective",
    "TrialFunctions",
    "build_objective",
    "build_trial",
    "estimate_scales",
    "strong_form",
]


def build_trial(
    problem: Problem,
    architecture: Architecture,
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
    scales: FieldScales | None = None,
) -> TrialFunctions:
    """Trial functions of the form that a problem is solved in: on its domain, or on its boundary.

    Args:
        problem: The problem.
        architecture: The network of each part.
        seed: Fixes the initial parameters.
        dtype: float32 or float64.
        scales: The scales of the fields on the domain; None to estimate them.

    Raises:
        InputError: If the problem contradicts itself, or nothing in it sets the scale of a field.
    """
    if problem.defaults.form == "inverse":
        boundary_trial: Callable[..., TrialFunctions] = import_module("kinn.forms.inverse").BoundaryTrial
        return boundary_trial(problem, architecture, seed=seed, dtype=dtype)
    if scales is None:
        scales = estimate_scales(problem)
    return DomainTrial(problem, architecture, seed=seed, dtype=dtype, scales=scales)


def build_objective(
    trial: TrialFunctions,
    *,
    points: int,
    seed: int = 0,
    pde_weight: float | None = None,
    like: FormObjective | None = None,
) -> FormObjective:
    """Objective of trial functions in the form of their problem.

    Args:
        trial: The trial functions.
        points: The number of interior points, or the least number of nodes on the boundary.
        seed: Fixes the points.
        pde_weight: The weight of the equations in the strong form; None for that of the problem.
        like: An objective of the same problem that lends its factors of dimensionless equations, as validation needs;
            None for those at the present parameters.
    """
    if isinstance(trial, DomainTrial) and trial.problem.defaults.form == "strong":
        factors = [term.factors for term in like.terms] if isinstance(like, ResidualObjective) else None
        return strong_form(trial, points=points, seed=seed, pde_weight=pde_weight, factors=factors)
    name = trial.problem.defaults.form
    form: Callable[..., FormObjective] = getattr(import_module(f"kinn.forms.{name}"), f"{name}_form")
    return form(trial, points=points, seed=seed)
