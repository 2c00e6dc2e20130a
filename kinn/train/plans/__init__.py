"""Routes: the trainings that a solve consists of, one after another; one kind of route a module."""

from dataclasses import replace

from kinn.train.plans.curriculum import Curriculum
from kinn.train.plans.ensemble import Ensemble, EnsembleSolution
from kinn.train.plans.plan import TrainingPlan, TrialBuilder
from kinn.train.plans.single_stage import SingleStage
from kinn.train.plans.time_marching import TimeMarching, TimeMarchingSolution
from kinn.training_options import TrainingOptions

__all__ = [
    "Curriculum",
    "Ensemble",
    "EnsembleSolution",
    "SingleStage",
    "TimeMarching",
    "TimeMarchingSolution",
    "TrainingPlan",
    "TrialBuilder",
    "build_plan",
]


def build_plan(start: TrialBuilder, options: TrainingOptions) -> TrainingPlan:
    """Stages of a solve.

    Raises:
        InputError: If the problem does not allow them.
    """

    def member(seed_offset: int) -> TrainingPlan:
        own = replace(start, seed=start.seed + seed_offset)
        if options.curriculum:
            return Curriculum(own, options.curriculum)
        return TimeMarching(own, options.time_windows) if options.time_windows else SingleStage(own)

    return Ensemble(member, options.ensemble) if options.ensemble else member(0)
