"""Training plans: single stage, time marching, curriculum and ensemble, one a module, and the choice among them."""

from __future__ import annotations

from functools import partial

import torch

from kinn.forms import build_trial
from kinn.networks import Architecture
from kinn.problem import Problem
from kinn.train.loop import StoppingCriteria
from kinn.train.plans.plan import SingleStage, TrainingPlan
from kinn.training_options import TrainingOptions


def build_plan(
    problem: Problem,
    architecture: Architecture,
    options: TrainingOptions,
    stopping: StoppingCriteria,
    *,
    points: int | None,
    seed: int,
    dtype: torch.dtype,
) -> TrainingPlan:
    """Plan of a solve.

    Args:
        problem: The problem.
        architecture: The network.
        options: The training options.
        stopping: The limits of the solve.
        points: The number of interior points, None where the user states none.
        seed: Fixes initial parameters.
        dtype: The precision.

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
        if options.growth:
            from kinn.train.grid_sweep import sweep_grid
            from kinn.train.plans.marching_growth import MarchingGrowth
            from kinn.train.spread_sweep import with_spread

            spread = partial(with_spread, seed=seed + seed_offset, dtype=dtype)
            grid = partial(sweep_grid, seed=seed + seed_offset, dtype=dtype)
            return MarchingGrowth(
                problem,
                factory,
                architecture,
                budget=stopping.budget,
                points=points,
                with_spread=spread,
                with_grid=grid,
            )
        return SingleStage(problem, factory)

    if options.ensemble:
        from kinn.train.plans.ensemble import Ensemble

        return Ensemble(member, options.ensemble)
    return member(0)
