"""Levenberg-Marquardt by target ratio.

Each step takes the smallest damping whose actual decrease is still a set fraction of the predicted one: the damping
walks down while steps go on being good, up until one is. Bolder than the classical gain-ratio rules, which creep. On an
energy the same steps are those of Gauss and Newton in the energy's own metric, with the damping as line search.

Where the objective tells how the fields bend along a step d, half the acceleration a = -(J^T J + mu)^-1 J^T z'' is added,
z'' the second derivative of the fields along d: a step of second order along the geodesic (Transtrum and Sethna 2012,
arXiv:1201.5885). What is held stiffly (conditions by penalties) would else be left quadratically in d, and steps be short.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import ClassVar

from torch import Tensor

from kinn.errors import InputError
from kinn.optim.gauss_newton import DualNormalEquations, GaussNewton, NormalEquations, TriangularFactor
from kinn.optim.objective import FORBIDDEN, Objective, Optimizer, State

#: A step that gains less than this share of what a forbidden one of the same trials would have is the last.
CRUMBS = 0.01


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
        if self.linear_algebra not in ("auto", "normal", "qr", "kernel"):
            raise InputError(f"optimizer.linear_algebra is auto, normal, qr or kernel, not {self.linear_algebra!r}")

    def start(self, objective: Objective, theta: Tensor) -> State:
        """Return the state at theta; the damping is set by the first step."""
        return State(theta, objective.loss(theta))

    def step(self, objective: Objective, state: State) -> State:
        """Return the state after one accepted step, or a stalled one where no damping gives any.

        Where every step tried leads to a loss that is not finite, it is one of these that is returned.
        """
        model = self._model(objective, state)
        damping: float = state.memory.get("damping") or self.damping * model.scale
        best: tuple[Tensor, float, float] | None = None
        tried, used, forbidden, refused = 0, damping, 0, inf
        broken: Tensor | None = state.theta
        for tried in range(1, self.max_trials + 1):
            plain, good = model.step(damping), False
            predicted = 0.0 if plain is None else model.decrease(plain)
            d = None if plain is None else self._bent(objective, model, state.theta, plain, damping)
            if d is not None:
                moved = state.theta + d.to(state.theta.dtype)
                loss = objective.loss(moved)
                broken = None if isfinite(loss) or broken is None else moved
                good = predicted > 0 and model.loss - loss >= self.gain_ratio * predicted
                # steps that follow the bend are not short for want of boldness: of two good ones the lower is taken
                good = good and (d is plain or best is None or loss < best[1])
                if good and not objective.accepts(state.theta, moved):
                    good, forbidden, refused = False, forbidden + 1, min(refused, loss)
            if good and d is not None:
                best, used = (d, loss, damping), damping
                damping /= self.factor
            elif best is not None:
                break
            else:
                damping *= self.factor * (1.0 if tried < 4 else 4.0)
        detail = {"forbidden": float(forbidden)} if forbidden else {}
        if best is None:
            if broken is not None and broken is not state.theta:  # no step at all has a finite loss
                return State(broken, nan, {"damping": damping})
            why = FORBIDDEN if forbidden else "damping exhausted"
            return State(state.theta, state.loss, {**state.memory, "damping": damping}, why, detail)
        d, loss, used = best
        theta = state.theta + d.to(state.theta.dtype)
        # what is left to take where nearly all is forbidden is not worth the steps
        why = FORBIDDEN if state.loss - loss < CRUMBS * (state.loss - refused) else ""
        figures = {"damping": used, "trials": float(tried), **detail}
        return State(theta, loss, {"damping": used}, why, figures)

    def _bent(
        self, objective: Objective, model: GaussNewton, theta: Tensor, d: Tensor, damping: float
    ) -> Tensor | None:
        """Return a step with half its acceleration, or None where that is too large for the two to say where it leads."""
        bend = (
            objective.geodesic_correction(theta, d.to(theta.dtype))
            if self.geodesic_limit and isinstance(model, NormalEquations)
            else None
        )
        if bend is None:
            return d
        assert isinstance(model, NormalEquations)
        acceleration = model.correction(bend, damping)
        if acceleration is None or not acceleration.norm() <= self.geodesic_limit * d.norm():
            return None
        return d + 0.5 * acceleration

    def renewed(self, objective: Objective, state: State) -> State:
        """Return the state with its damping: that suits an objective which changed a little, too, unless it was exhausted."""
        return State(state.theta, objective.loss(state.theta), {} if state.stalled else state.memory)

    def work(self, objective: Objective, state: State) -> float:
        """Return the multiplications of J^T J and its factor."""
        return objective.samples * objective.size**2 + objective.size**3 / 6

    def _model(self, objective: Objective, state: State) -> GaussNewton:
        kind = self.linear_algebra
        if not objective.least_squares:
            if kind not in ("auto", "normal"):
                raise InputError(f"optimizer.linear_algebra of an energy is auto or normal, not {kind!r}")
            kind = "normal"
        elif kind == "auto":
            if objective.samples < objective.size:
                kind = "kernel"
            else:
                kind = "qr" if state.loss < self.precise_below else "normal"
        models: dict[str, type[NormalEquations | TriangularFactor | DualNormalEquations]] = {
            "normal": NormalEquations,
            "qr": TriangularFactor,
            "kernel": DualNormalEquations,
        }
        return models[kind](objective, state.theta)
