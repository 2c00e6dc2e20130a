"""What a solve found beside its fields: constants that were identified, and what a second quadrature says of an energy."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from kinn.forms import FormObjective, ResidualObjective, TrialFunctions
from kinn.forms.objective import QuadratureCheck
from kinn.forms.strong.identification import Estimate, combined, estimates
from kinn.metrics import FieldEvaluator
from kinn.train.history import HistoryEntry
from kinn.train.plans import EnsembleSolution
from kinn.train.stages import Placing


def trained_objectives(fields: FieldEvaluator, place: Placing) -> list[tuple[FormObjective, torch.Tensor]]:
    """Return what was minimised, with the parameters that it came to, of each member of an ensemble."""
    if not fields.problem.unknown_constants and fields.problem.defaults.form == "strong":
        return []
    members = fields.members if isinstance(fields, EnsembleSolution) else (fields,)
    return [(place(trial, 0)[0], trial.flat.get()) for trial in members if isinstance(trial, TrialFunctions)]


def identified(systems: Sequence[tuple[FormObjective, torch.Tensor]]) -> dict[str, Estimate]:
    """Return the constants that were identified, by name."""
    found = [estimates(system, theta) for system, theta in systems if isinstance(system, ResidualObjective)]
    return combined(found) if found else {}


def quadrature_check(
    systems: Sequence[tuple[FormObjective, torch.Tensor]], records: Sequence[HistoryEntry]
) -> QuadratureCheck | None:
    """The check of an energy on its second quadrature, of several the one with the largest gap; None of other objectives."""
    rejected, refinements = (
        [int(record.detail[name]) for record in records if name in record.detail] for name in ("rejected", "finer")
    )
    checks = [s.quadrature_check(theta, sum(rejected), max(refinements, default=1)) for s, theta in systems]
    return max((check for check in checks if check is not None), key=lambda check: check.gap, default=None)
