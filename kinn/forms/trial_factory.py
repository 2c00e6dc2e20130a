"""The trial functions of a form."""

from __future__ import annotations

import torch

from kinn.forms.domain_trial import DomainTrial
from kinn.forms.inverse import BoundaryTrial
from kinn.forms.trial_base import TrialFunctions
from kinn.networks import Architecture
from kinn.problem import Problem


def make_trial(
    problem: Problem, architecture: Architecture, *, seed: int = 0, dtype: torch.dtype = torch.float64
) -> TrialFunctions:
    """Return the trial functions of the form that a problem is to be solved in: on its domain, or on its boundary."""
    kind = BoundaryTrial if problem.defaults.form == "inverse" else DomainTrial
    return kind(problem, architecture, seed=seed, dtype=dtype)
