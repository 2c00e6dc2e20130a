"""Levenberg-Marquardt by target ratio.

Each step takes the smallest damping whose actual decrease is still a set fraction of the predicted one: the damping
decreases while steps stay good, and increases until one is. Bolder than the classical gain-ratio rules, which take many
small steps. On an energy the steps are Gauss-Newton steps in the energy's metric, with the damping as line search.

Where the objective gives the second derivative z'' of the fields along a step d, half the acceleration
a = -(J^T J + mu)^-1 J^T z'' is added: a step of second order along the geodesic (Transtrum and Sethna 2012,
arXiv:1201.5885). Stiff terms (conditions by penalties) would otherwise be violated quadratically in d, and keep steps short.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import ClassVar

from torch import Tensor

from kinn.errors import InputError
from kinn.optim.gauss_newton import DualNormalEquations, GaussNewton, NormalEquations, TriangularFactor
from kinn.optim.objective import (
    ALL_REJECTED,
    LOSS_FRACTION,
    Objective,
    Optimizer,
    State,
    curvature_flops,
    gradient_flops,
)

#: A step that gains less than this fraction of what a rejected one of the same trials would have is the last.
NEGLIGIBLE_GAIN_FRACTION = 0.01

#: Trials of a step whose number is not known.
TYPICAL_TRIALS = 3.0

#: Work of a Cholesky factorisation for P^3, and of a QR factorisation for N P^2.
CHOLESKY_FLOPS = 0.1
QR_FLOPS = 1.2

#: The Gauss-Newton models by their names in `linear_algebra`.
MODELS: dict[str, type[NormalEquations | TriangularFactor | DualNormalEquations]] = {
    "normal": NormalEquations,
    "qr": TriangularFactor,
    "kernel": DualNormalEquations,
}


@dataclass(frozen=True)
class LevenbergMarquardt(Optimizer):
    """Levenberg-Marquardt with its damping set by a target ratio of actual to predicted decrease.

    Attributes:
        gain_ratio: The least ratio of actual to predicted decrease of an accepted step.
        factor: The factor by which the damping walks.
        damping: The first damping, relative to the largest diagonal entry of J^T J.
        linear_algebra: "auto", "normal", "qr" or "kernel".
        precise_below: With "auto", the loss below which QR replaces the normal equations.
        max_trials: How many dampings are tried in a step.
        geodesic_limit: The largest |a| / |d| of a step d whose acceleration a is added to it: others are not taken. 0 leaves
            accelerations out.
    """

    name: ClassVar[str] = "lm"

    gain_ratio: float = 0.075
    factor: float = 2.5
    damping: float = 1e-3
    linear_algebra: str = "auto"
    precise_below: float = 1e-15
    max_trials: int = 12
    geodesic_limit: float = 0.75

    def __post_init__(self) -> None:
        if not 0 < self.gain_ratio < 1:
            raise InputError(f"optimizer.gain_ratio lies between 0 and 1, not {self.gain_ratio}")
        if not self.factor > 1:
            raise InputError(f"optimizer.factor is greater than 1, not {self.factor}")
        if not self.damping > 0:
            raise InputError(f"optimizer.damping is positive, not {self.damping}")
        if self.geodesic_limit < 0:
            raise InputError(f"optimizer.geodesic_limit is not negative, not {self.geodesic_limit}")
        if self.linear_algebra not in ("auto", *MODELS):
            raise InputError(f"optimizer.linear_algebra is auto, normal, qr or kernel, not {self.linear_algebra!r}")

    def start(self, objective: Objective, theta: Tensor) -> State:
        return State(theta, objective.loss(theta))

    def step(self, objective: Objective, state: State) -> State:
        """The state after one accepted step, or a stalled one where no damping gives any.

        Where every trial leads to a loss that is not finite, the state is one of these.
        """
        model = self._model(objective, state)
        damping: float = state.memory.get("damping") or self.damping * model.scale
        best: tuple[Tensor, float, float] | None = None
        trial, rejected, rejected_loss = 0, 0, inf
        nonfinite: Tensor | None = state.theta  # the last trial while no loss was finite, None from then on
        for trial in range(1, self.max_trials + 1):
            linear, good = model.step(damping), False
            predicted = 0.0 if linear is None else model.decrease(linear)
            step = None if linear is None else self._corrected(objective, model, state.theta, linear, damping)
            if step is not None:
                theta = state.theta + step.to(state.theta.dtype)
                loss = objective.loss(theta)
                nonfinite = None if isfinite(loss) or nonfinite is None else theta
                good = predicted > 0 and model.loss - loss >= self.gain_ratio * predicted
                # a corrected step is not short because of its damping: of two good ones the lower is taken
                good = good and (step is linear or best is None or loss < best[1])
                if good and not objective.accepts(state.theta, theta):
                    good, rejected, rejected_loss = False, rejected + 1, min(rejected_loss, loss)
            if good and step is not None:
                best = step, loss, damping
                damping /= self.factor
            elif best is not None:
                break
            else:
                damping *= self.factor * (1.0 if trial < 4 else 4.0)
        detail = {"trials": float(trial)} | ({"rejected": float(rejected)} if rejected else {})
        if best is None:
            if nonfinite is not None and nonfinite is not state.theta:
                return State(nonfinite, nan, {"damping": damping})
            stalled = ALL_REJECTED if rejected else "damping exhausted"
            return State(state.theta, state.loss, {**state.memory, "damping": damping}, stalled, detail)
        step, loss, damping = best
        theta = state.theta + step.to(state.theta.dtype)
        negligible = state.loss - loss < NEGLIGIBLE_GAIN_FRACTION * (state.loss - rejected_loss)
        detail["damping"] = damping
        return State(theta, loss, {"damping": damping}, ALL_REJECTED if negligible else "", detail)

    def _corrected(
        self, objective: Objective, model: GaussNewton, theta: Tensor, step: Tensor, damping: float
    ) -> Tensor | None:
        """A step with half its acceleration, or None where that is too large for the series to converge."""
        if not self.geodesic_limit or not isinstance(model, NormalEquations):
            return step
        correction = objective.geodesic_correction(theta, step.to(theta.dtype))
        if correction is None:
            return step
        acceleration = model.solve(correction, damping)
        if acceleration is None or not acceleration.norm() <= self.geodesic_limit * step.norm():
            return None
        return step + 0.5 * acceleration

    def reset(self, objective: Objective, state: State) -> State:
        """The state with its damping, which suits an objective that changed a little, unless it was exhausted."""
        return State(state.theta, objective.loss(state.theta), {} if state.stalled else state.memory)

    def step_flops(self, objective: Objective, state: State) -> float:
        trials = state.detail.get("trials", TYPICAL_TRIALS)
        trial = LOSS_FRACTION * gradient_flops(objective) + CHOLESKY_FLOPS * objective.size**3
        by_reflections = self.linear_algebra == "qr" or (
            self.linear_algebra == "auto" and state.loss < self.precise_below and objective.least_squares
        )
        if by_reflections:
            entries = objective.samples * objective.size
            return QR_FLOPS * objective.size * (entries + 2 * trials * objective.size**2) + trials * trial
        return curvature_flops(objective) + trials * trial

    def _model(self, objective: Objective, state: State) -> GaussNewton:
        kind = self.linear_algebra
        if not objective.least_squares:
            if kind not in ("auto", "normal"):
                raise InputError(f"optimizer.linear_algebra of an energy is auto or normal, not {kind!r}")
            kind = "normal"
        elif kind == "auto":
            many_samples = "qr" if state.loss < self.precise_below else "normal"
            kind = "kernel" if objective.samples < objective.size else many_samples
        return MODELS[kind](objective, state.theta)
