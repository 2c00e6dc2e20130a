"""Identified constants of a solve: estimates of the final trainings, checked at other points and among richer fields."""

from __future__ import annotations

from collections.abc import Sequence

from kinn.forms import ResidualObjective
from kinn.forms.strong.identification import Estimate, combined, estimates
from kinn.networks.corrected import CorrectionFeatures
from kinn.train.corrections import corrected, fresh_objective
from kinn.train.state import TrainingResult

#: The number of other points for each of training, and their seed.
POINTS_FACTOR, SEED = 2, 15_485_863

#: The most features of richer fields, their frequency, and the points for each.
FEATURES, FREQUENCY, POINTS_PER_FEATURE = 40, 3.0, 3


def identified_constants(results: Sequence[TrainingResult]) -> dict[str, Estimate]:
    """Unknown constants by name, their estimates combined where several seeds were solved with."""
    members = []
    for result in results:
        objective = result.objective
        if isinstance(objective, ResidualObjective):
            objective.trial.flat.set(result.theta)
            members.append(_estimates(objective, result))
    return combined(members)


def _estimates(objective: ResidualObjective, result: TrainingResult) -> dict[str, Estimate]:
    """Estimates of one training."""
    count = sum(term.points for term in objective.terms if term.interior)
    validation = fresh_objective(objective, max(1, POINTS_FACTOR * count), SEED)
    waves = min(FEATURES, POINTS_FACTOR * count // POINTS_PER_FEATURE) // 2
    # a network that has collapsed compensates no constant; features do
    trial = corrected(objective.trial, CorrectionFeatures(waves, FREQUENCY, fields=0, share=0.0)) if waves else None
    richer = None if trial is None else validation.of_trial(trial)
    return estimates(objective, result.theta, validation, richer)
