"""Training plans: single stage, time marching, curriculum and ensemble, one a module, and the choice among them."""

from __future__ import annotations

from functools import partial

import torch

from kinn.forms import build_trial
from kinn.networks import Architecture
from kinn.problem import Problem
from kinn.train.plans.plan import SingleStage, TrainingPlan
from kinn.training_options import TrainingOptions


def build_plan(
    problem: Problem, architecture: Architecture, options: TrainingOptions, *, seed: int, dtype: torch.dtype
) -> TrainingPlan:
    """Plan of a solve.

    Raises:
        InputError: If the problem does not allow it.
    """

    def member(seed_offset: int) -> TrainingPlan:
        factory = partial(build_trial, architecture=architecture, seed=seed + seed_offset, dtype=dtype)
        if options.curriculum:
            from kinn.train.plans.curriculum import Curriculum

            return Curriculum(problem, factory, options.curriculum)
        if options.time_windows:
            from kinn.train.plans.time_marching import TimeMarching

            return TimeMarching(problem, factory, options.time_windows)
        return SingleStage(problem, factory)

    if options.ensemble:
        from kinn.train.plans.ensemble import Ensemble

        return Ensemble(member, options.ensemble)
    return member(0)
