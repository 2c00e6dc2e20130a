"""The plain route: one leg."""

from __future__ import annotations

from kinn.forms import TrialFunctions
from kinn.train.plans.plan import TrainingPlan, TrialBuilder


class SingleStage(TrainingPlan):
    """Trains once.

    Args:
        start: What the trial functions are made from.
    """

    def __init__(self, start: TrialBuilder) -> None:
        super().__init__()
        self.start = start

    @property
    def count(self) -> int:
        """One."""
        return 1

    def made(self) -> TrialFunctions:
        """Return fresh trial functions."""
        return self.start.trial()

    def fields(self) -> TrialFunctions:
        """Return the trained functions."""
        return self.trials[0]
