"""Routes: the trainings that a solve consists of, one after another; one kind of route a module."""

from kinn.train.plans.curriculum import Curriculum
from kinn.train.plans.ensemble import Ensemble, EnsembleSolution
from kinn.train.plans.plan import TrainingPlan, TrialBuilder
from kinn.train.plans.single_stage import SingleStage
from kinn.train.plans.time_marching import TimeMarching, TimeMarchingSolution

__all__ = [
    "Curriculum",
    "Ensemble",
    "EnsembleSolution",
    "SingleStage",
    "TimeMarching",
    "TimeMarchingSolution",
    "TrainingPlan",
    "TrialBuilder",
]
