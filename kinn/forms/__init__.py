"""Forms: how a problem becomes an objective of the parameters of trial functions.

The energy and the inverse form are loaded when a problem is solved in them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import torch

from kinn.forms.domain_trial import DomainTrial
from kinn.forms.objective import FormObjective
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.strong.strong_form import strong_form
from kinn.forms.trial_functions import TrialFunctions
from kinn.networks import Architecture
from kinn.problem import Problem

__all__ = [
    "DomainTrial",
    "FormObjective",
    "ResidualObjective",
    "TrialFunctions",
    "build_objective",
    "build_trial",
    "strong_form",
]


def build_trial(
    problem: Problem, architecture: Architecture, *, seed: int = 0, dtype: torch.dtype = torch.float64
) -> TrialFunctions:
    """Trial functions of the form that a problem is solved in: on its domain, or on its boundary."""
    kind: Callable[..., TrialFunctions] = DomainTrial
    if problem.defaults.form == "inverse":
        kind = import_module("kinn.forms.inverse").BoundaryTrial
    return kind(problem, architecture, seed=seed, dtype=dtype)


def build_objective(trial: TrialFunctions, *, points: int, seed: int = 0) -> FormObjective:
    """Objective of trial functions in the form of their problem.

    Args:
        trial: The trial functions.
        points: The number of interior points, or the least number of nodes on the boundary.
        seed: Fixes the points.
    """
    name = trial.problem.defaults.form
    form: Callable[..., FormObjective] = getattr(import_module(f"kinn.forms.{name}"), f"{name}_form")
    return form(trial, points=points, seed=seed)
