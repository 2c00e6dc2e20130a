"""A-posteriori estimates of the error of trained fields: of the strong form from the linearised equations on fresh points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from kinn.forms import DomainTrial, FormObjective, ResidualObjective
from kinn.forms.linearisation import Linearisation
from kinn.metrics import FieldEvaluator, evaluation_points
from kinn.problem import Array
from kinn.train.linearised_error import MOST_FEATURES, MOST_FEATURES_PER_FIELD, linearised_error
from kinn.train.plans.ensemble import EnsembleSolution
from kinn.train.plans.time_marching import TimeMarchingSolution
from kinn.train.state import TrainingResult

#: The fraction of the work of training that an estimate may take.
COST_FRACTION = 0.12

#: The multiplications that an estimate of the strong form may take by default however short the training was.
LEAST_WORK = 2e9

#: At most this many points, drawn from those at which errors are measured.
POINTS = 2000

#: Errors that leave less than this of the residual explain a part of it.
EXPLAINED = 0.9

#: Estimates are reliable where the error leaves at most this of the residual, or is as uncertain as this at most.
RELIABLE, CERTAIN = 0.5, 0.3

#: Residuals up to this size are rounding, of which no correction explains anything.
ROUNDING = 1e-11

#: Estimates that are not reliable meet a tolerance, too, where the residuals are below this fraction of it: fields would
#: have to amplify them beyond what well-posed problems do.
NEGLIGIBLE_RESIDUAL = 1e-4

#: So do those of the strong form that explain a part of the residual, with this margin: they are hardly ever too small by more.
UNRELIABLE_MARGIN = 30.0

#: The largest factor for the part of the residual that an error leaves, and its power of the part explained: what is left
#: oscillates more, so that it counts less. For the part of the error itself.
MOST_UNEXPLAINED, MOST_MISSING = (2.0, 0.25), (5.0, 0.5)


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
        uncertainty: The difference of e to that in another space of features, or from half of the points, relative to e;
            infinite where none is known.
    """

    l2: dict[str, float]
    residual_ratio: float
    residual: float
    seconds: float
    field: FieldEvaluator
    uncertainty: float = math.inf

    @property
    def reliable(self) -> bool:
        """Whether e explains most of the residual on fresh points, or of the error, or does not depend on how it is found.

        So is an estimate where the residual is rounding.
        """
        certain = self.residual_ratio < EXPLAINED and self.uncertainty <= CERTAIN
        return self.residual_ratio <= RELIABLE or certain or self.residual <= ROUNDING

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
            "l2": self.l2, "residual_ratio": self.residual_ratio,
            "uncertainty": self.uncertainty if math.isfinite(self.uncertainty) else None,
            "reliable": self.reliable, "seconds": round(self.seconds, 3),
        }  # fmt: skip


class PartialError(NamedTuple):
    """Estimated error of the fields of one training.

    Attributes:
        field: The error.
        ratio: The part of it, or of the residual, that may be left.
        residual: The norm of the dimensionless residuals; infinite where there are none.
        uncertainty: The part of it that depends on how it is found; infinite where this is not known.
        sizes: The norms (fields,) with what was taken from it by damping, relative to those of it.
    """

    field: FieldEvaluator
    ratio: float
    residual: float = math.inf
    uncertainty: float = math.inf
    sizes: Array | float = 1.0


def estimate_error(
    fields: FieldEvaluator,
    results: Sequence[TrainingResult],
    *,
    work: float,
    seed: int,
    now: Callable[[], float],
    least_work: float = LEAST_WORK,
) -> ErrorEstimate | None:
    """Estimated error of trained fields, None where there is no estimate.

    Args:
        fields: The fields: trial functions on the domain, or an ensemble or time windows of them.
        results: The training of each.
        work: The multiplications of all training, of which estimates may take a share.
        seed: Fixes points and features.
        now: The clock.
        least_work: The multiplications that an estimate of the strong form may take however short the training was.
    """
    problem = fields.problem
    if problem.strong is None and problem.energy is None and problem.inverse is None:
        return None  # data alone say nothing of the fields between their points
    began = now()
    points = _points(fields)
    values = fields.evaluate(points, fields.problem.output_names)
    allowed = COST_FRACTION * work
    found = _partial_errors(fields, results, points, work=allowed, least_work=least_work, seed=seed)
    if not found:
        return None
    error: FieldEvaluator = found[0].field if len(found) == 1 else EnsembleSolution([part.field for part in found])
    ratio, residual = max(part.ratio for part in found), max(part.residual for part in found)
    uncertainty = max(part.uncertainty for part in found)
    changes = error.evaluate(points, fields.problem.output_names)
    sizes: Array | float = reduce(np.maximum, (part.sizes for part in found))
    l2 = (
        sizes
        * _unexplained(ratio, of_residual=math.isfinite(residual))
        * np.linalg.norm(changes, axis=0)
        / np.linalg.norm(values + changes, axis=0)
    )
    names = dict(zip(fields.problem.output_names, l2.tolist(), strict=True))
    return ErrorEstimate(names, ratio, residual, now() - began, error, uncertainty)


def _partial_errors(
    fields: FieldEvaluator,
    results: Sequence[TrainingResult],
    points: Array,
    *,
    work: float,
    least_work: float,
    seed: int,
) -> list[PartialError]:
    """Estimated errors of the members of an ensemble, or of the fields; none where one of them is not known."""
    if isinstance(fields, TimeMarchingSolution):
        from kinn.train.window_errors import window_errors

        of_windows = window_errors(fields, results, work=max(least_work, work), seed=seed)
        return [] if of_windows is None else [PartialError(*of_windows)]
    members = fields.members if isinstance(fields, EnsembleSolution) else (fields,)
    if len(members) != len(results):
        return []
    pairs = zip(members, results, strict=True)
    share = work / len(results), least_work / len(results)
    found = [_error_of(member, result, points, share, seed=seed) for member, result in pairs]
    return [] if None in found else [part for part in found if part is not None]


def _error_of(
    fields: FieldEvaluator, result: TrainingResult, points: Array, works: tuple[float, float], *, seed: int
) -> PartialError | None:
    """Estimated error of the fields of one training; None where there is no estimate.

    Args:
        fields: The fields.
        result: The training.
        points: Points (N, d) at which estimates are compared.
        works: The multiplications that it may take, and those that it may take in the strong form at least.
        seed: Fixes points and features.
    """
    work, least_work = works
    if fields.problem.defaults.form == "inverse":
        from kinn.forms.inverse import BoundaryTrial
        from kinn.train.boundary_error import boundary_error

        if not isinstance(fields, BoundaryTrial):
            return None
        of_boundary = boundary_error(fields, points, work=work)
        return None if of_boundary is None else PartialError(*of_boundary)
    objective = result.objective
    if not isinstance(fields, DomainTrial):
        return None
    if isinstance(objective, ResidualObjective):
        found = linearised_error(objective, points, work=max(least_work, work), seed=seed)
        if found is None:
            return None
        error, uncertainty, sizes = found
        return PartialError(Linearisation(error.trial, error.step), error.ratio, error.residual, uncertainty, sizes)
    return _error_by_energy(objective, work=work, seed=seed)


def _error_by_energy(objective: FormObjective, *, work: float, seed: int) -> PartialError | None:
    """Error of fields that minimise an energy, None where there is none; the arguments are those of others."""
    from kinn.forms.energy import EnergyObjective
    from kinn.train.energy_corrections import energy_correction

    if not isinstance(objective, EnergyObjective):
        return None
    most = min(MOST_FEATURES, MOST_FEATURES_PER_FIELD * len(objective.trial.problem.names))
    correction = energy_correction(objective, most, work=work, seed=seed)
    return (
        None if correction is None else PartialError(Linearisation(correction.trial, correction.step), correction.ratio)
    )


def _unexplained(ratio: float, *, of_residual: bool) -> float:
    """Factor of an estimate for the part of the residual, or of the error, that it leaves."""
    most, power = MOST_UNEXPLAINED if of_residual else MOST_MISSING
    explained = 1.0 - min(ratio, 1.0) ** 2
    return min(most, explained**-power) if explained > 0 else most


def _points(fields: FieldEvaluator) -> Array:
    """Points (N, d) at which errors are estimated."""
    points = evaluation_points(fields.problem)
    if len(points) <= POINTS:
        return points
    return points[np.random.default_rng(0).choice(len(points), POINTS, replace=False)]
