"""A-posteriori estimates of the error of trained fields: of the strong form from the linearised equations on fresh points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from kinn.forms import DomainTrial, FormObjective, ResidualObjective
from kinn.forms.linearisation import Linearisation
from kinn.metrics import FieldEvaluator, evaluation_points
from kinn.problem import Array
from kinn.train.corrections import Correction, affordable_features, corrections
from kinn.train.plans.ensemble import EnsembleSolution
from kinn.train.state import TrainingResult

#: The most unknowns of a least-squares problem, those of all fields together, and the fewest.
MOST_FEATURES, FEWEST_FEATURES = 800, 128

#: The most for each field.
MOST_FEATURES_PER_FIELD = 400

#: The fraction of the work of training that estimates may take.
COST_FRACTION = 0.15

#: At most this many points, drawn from those at which errors are measured.
POINTS = 2000

#: Corrections that leave less than this of the residual are the error; no others are tried.
ACCURATE = 0.1

#: Those that leave less than this count as estimates where none is accurate: of these the largest is taken.
EXPLAINED = 0.9

#: Estimates are reliable where the correction leaves at most this of the residual.
RELIABLE = 0.5

#: Residuals up to this size are rounding, of which no correction explains anything.
ROUNDING = 1e-11

#: Estimates that are not reliable meet a tolerance, too, where the residuals are below this fraction of it: fields would
#: have to amplify them beyond what well-posed problems do.
NEGLIGIBLE_RESIDUAL = 1e-4

#: So do those of the strong form that explain a part of the residual, with this margin: they are hardly ever too small by more.
UNRELIABLE_MARGIN = 30.0

#: The largest factor for what corrections do not explain.
MOST_UNEXPLAINED = 5.0


@dataclass(frozen=True, eq=False)
class ErrorEstimate:
    """Estimated error of trained fields.

    Attributes:
        l2: Relative error |e| / |u + e| in the root mean square by field, enlarged for the share of the residual that e does
            not explain.
        residual_ratio: The norm of the residuals that e leaves over, relative to that before; in the energy and the inverse
            form the part of the error that e may leave.
        residual: That norm before, of dimensionless residuals; infinite in the energy and the inverse form.
        seconds: Time that it took.
        field: The estimated error e itself, to be added to the fields.
    """

    l2: dict[str, float]
    residual_ratio: float
    residual: float
    seconds: float
    field: FieldEvaluator

    @property
    def reliable(self) -> bool:
        """Whether e explains most of the residual on fresh points, or of the error, if the residual is not rounding."""
        return self.residual_ratio <= RELIABLE or self.residual <= ROUNDING

    def meets(self, tolerance: float) -> bool:
        """Whether the error of every field is below a tolerance, as far as can be trusted."""
        largest = max(self.l2.values())
        if self.reliable or self.residual <= NEGLIGIBLE_RESIDUAL * tolerance:
            return largest <= tolerance
        partly = self.residual_ratio < EXPLAINED and math.isfinite(self.residual)
        return partly and UNRELIABLE_MARGIN * largest <= tolerance

    def evaluate(self, expressions: str | Iterable[str], points: Array) -> Array:
        """Estimated error of "u" or of a derivative such as "u.x" (N,), or of several (N, M), at points (N, d)."""
        return self.field.evaluate(points, expressions)

    def summary(self) -> dict[str, Any]:
        """Values that `kinn solve --json` prints."""
        return {
            "l2": self.l2, "residual_ratio": self.residual_ratio, "reliable": self.reliable,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


class PartialError(NamedTuple):
    """Estimated error of the fields of one training.

    Attributes:
        field: The error.
        ratio: The part of it, or of the residual, that may be left.
        residual: The norm of the dimensionless residuals; infinite where there are none.
    """

    field: FieldEvaluator
    ratio: float
    residual: float = math.inf


def estimate_error(
    fields: FieldEvaluator, results: Sequence[TrainingResult], *, work: float, seed: int, now: Callable[[], float]
) -> ErrorEstimate | None:
    """Estimated error of trained fields, None where there is no estimate, as of time windows.

    Args:
        fields: The fields: trial functions on the domain, or an ensemble of them.
        results: The training of each.
        work: The multiplications of all training, of which estimates may take a share.
        seed: Fixes points and features.
        now: The clock.
    """
    began = now()
    members = fields.members if isinstance(fields, EnsembleSolution) else (fields,)
    if len(members) != len(results):
        return None
    points = _points(fields)
    values = fields.evaluate(points, fields.problem.output_names)
    found: list[PartialError] = []
    for member, result in zip(members, results, strict=True):
        part = _error_of(member, result, points, work=work / len(results), seed=seed)
        if part is None:
            return None
        found.append(part)
    error: FieldEvaluator = found[0].field if len(found) == 1 else EnsembleSolution([part.field for part in found])
    ratio, residual = max(part.ratio for part in found), max(part.residual for part in found)
    changes = error.evaluate(points, fields.problem.output_names)
    l2 = _unexplained(ratio) * np.linalg.norm(changes, axis=0) / np.linalg.norm(values + changes, axis=0)
    names = dict(zip(fields.problem.output_names, l2.tolist(), strict=True))
    return ErrorEstimate(names, ratio, residual, now() - began, error)


def _error_of(
    fields: FieldEvaluator, result: TrainingResult, points: Array, *, work: float, seed: int
) -> PartialError | None:
    """Estimated error of the fields of one training; None where there is no estimate.

    Args:
        fields: The fields.
        result: The training.
        points: Points (N, d) at which estimates are compared.
        work: The multiplications of training.
        seed: Fixes points and features.
    """
    if fields.problem.defaults.form == "inverse":
        from kinn.forms.inverse import BoundaryTrial
        from kinn.train.boundary_error import boundary_error

        if not isinstance(fields, BoundaryTrial):
            return None
        of_boundary = boundary_error(fields, points, work=COST_FRACTION * work)
        return None if of_boundary is None else PartialError(*of_boundary)
    objective = result.objective
    if not isinstance(fields, DomainTrial):
        return None
    if isinstance(objective, ResidualObjective):
        correction = largest_correction(objective, points, work=work, seed=seed)
    else:
        correction = _energy_correction(objective, work=work, seed=seed)
    if correction is None:
        return None
    return PartialError(Linearisation(correction.trial, correction.step), correction.error_ratio, correction.residual)


def _energy_correction(objective: FormObjective, *, work: float, seed: int) -> Correction | None:
    """The correction of fields that minimise an energy, None where there is none; the arguments are those of others."""
    from kinn.forms.energy import EnergyObjective
    from kinn.train.energy_corrections import energy_correction

    if not isinstance(objective, EnergyObjective):
        return None
    most = min(MOST_FEATURES, MOST_FEATURES_PER_FIELD * len(objective.trial.problem.names))
    return energy_correction(objective, most, work=COST_FRACTION * work, seed=seed)


def largest_correction(objective: ResidualObjective, points: Array, *, work: float, seed: int) -> Correction | None:
    """The correction of trained fields that explains the residual, or the largest of those that do in part.

    Args:
        objective: The trained residuals.
        points: Points (N, d) at which corrections are compared.
        work: The multiplications of training.
        seed: Fixes points and features.
    """
    fields = len(objective.trial.problem.names)
    affordable = affordable_features(COST_FRACTION * work)
    features = max(FEWEST_FEATURES, min(MOST_FEATURES, MOST_FEATURES_PER_FIELD * fields, affordable))
    count = max(1, int((affordable / features) ** 3))
    tried: list[Correction] = []
    for correction in corrections(objective, features, seed=seed):
        if math.isfinite(correction.error_ratio):
            tried.append(correction)
        if correction.error_ratio < ACCURATE:
            return correction
        count -= 1
        if not count:
            break
    explaining = [c for c in tried if c.error_ratio < EXPLAINED] or tried
    # some directions of the tangent space hardly change the residual: what they explain in part may be far too large
    in_features = [c for c in explaining if c.trial is not objective.trial]
    return max(in_features or explaining, key=lambda c: _unexplained(c.error_ratio) * _size(c, points), default=None)


def _unexplained(ratio: float) -> float:
    """Factor of an estimate for the residual that it leaves."""
    explained = 1.0 - min(ratio, 1.0) ** 2
    return min(MOST_UNEXPLAINED, explained**-0.5) if explained > 0 else MOST_UNEXPLAINED


def _size(correction: Correction, points: Array) -> float:
    """Sum of the relative sizes of a correction over the fields."""
    trial = correction.trial
    names = trial.problem.names
    changes = Linearisation(trial, correction.step).evaluate(points, names)
    corrected = trial.evaluate(points, names) + changes
    return float((np.linalg.norm(changes, axis=0) / np.linalg.norm(corrected, axis=0)).sum())


def _points(fields: FieldEvaluator) -> Array:
    """Points (N, d) at which errors are estimated."""
    points = evaluation_points(fields.problem)
    if len(points) <= POINTS:
        return points
    return points[np.random.default_rng(0).choice(len(points), POINTS, replace=False)]
