"""The default: each method where it is strongest, chosen by the problem and the size of the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor

from kinn.errors import InputError
from kinn.optim.least_squares import LAST_LAYER_OPTIMAL, trains_last_layer_only
from kinn.optim.objective import ALL_REJECTED, OPTIMIZERS, Objective, Optimizer, State
from kinn.optim.race import Race


@dataclass(frozen=True)
class Auto(Optimizer):
    """Last-layer least squares where the problem is linear, then a race of Levenberg-Marquardt and self-scaled Broyden.

    The race is decided by the loss after equal work; where the winner stalls, the other methods race from there. An energy is
    minimised by Levenberg-Marquardt, then self-scaled Broyden. With a network of which the last layer alone is trained, least
    squares (by Gauss-Newton steps on problems that are not linear) is all there is to do unless it gains nothing. Above
    `max_parameters` parameters the curvature matrices cost too much: Adam, then L-BFGS.

    Attributes:
        warm_up: Adam steps before the race on problems that are not linear.
        patience: The number of steps over which the progress of Levenberg-Marquardt is measured.
        min_progress: Levenberg-Marquardt ends when the loss falls by less than this fraction over those steps.
        min_energy_progress: The same for the progress of an energy, whose minimum is not known; see `Objective.progress`.
        max_parameters: The largest number of parameters for second-order methods.
        least_squares: Whether linear problems begin with least squares for the last layer.
        max_loss_ratio: Least squares is kept only where it reduces the loss to below this fraction: large coefficients
            that gain little are a bad starting point.
        race_work: The multiplications that each method may use in the race, some 1e10 a second; 0 leaves Broyden from the
            identity out of the beginning.
    """

    name: ClassVar[str] = "auto"

    warm_up: int = 0
    patience: int = 30
    min_progress: float = 0.2
    min_energy_progress: float = 0.5
    max_parameters: int = 3000
    least_squares: bool = True
    max_loss_ratio: float = 1e-6
    race_work: float = 2e10

    def __post_init__(self) -> None:
        if not self.race_work >= 0:
            raise InputError(f"optimizer.race_work is not negative, not {self.race_work}")

    def stages(self, objective: Objective) -> list[tuple[str, int | None]]:
        """Names of the methods in order, each with its number of steps (None: until it ends by itself)."""
        if objective.size > self.max_parameters:
            return [("adam", 2000), ("lbfgs", None)]
        first: list[tuple[str, int | None]] = []
        if self.least_squares and (objective.affine or trains_last_layer_only(objective)):
            first = [("lstsq", None)]
            if objective.affine and trains_last_layer_only(objective):
                return first
        elif self.warm_up:
            first = [("adam", self.warm_up)]
        return [*first, ("race", None)]

    def start(self, objective: Objective, theta: Tensor) -> State:
        return self._enter(objective, theta, 0)

    def step(self, objective: Objective, state: State) -> State:
        """State after a step of the present stage, or at the beginning of the next."""
        stages = self.stages(objective)
        stage: int = state.memory["stage"]
        name, limit = stages[stage]
        inner = self._method(name).step(objective, state.memory["inner"])
        steps = state.memory["steps"] + 1
        solved = inner.stalled == LAST_LAYER_OPTIMAL and trains_last_layer_only(objective)
        last = stage == len(stages) - 1 or solved
        # another method would fail alike: first the objective has to change (more points of a quadrature)
        must_wait = inner.stalled == ALL_REJECTED
        if (inner.stalled or steps == limit) and not last and not must_wait:
            before: State = state.memory["inner"]
            gained = inner.loss < self.max_loss_ratio * before.loss or not objective.least_squares
            discard = name == "lstsq" and objective.affine and not gained
            return self._enter(objective, before.theta if discard else inner.theta, stage + 1)
        return replace(inner, memory={"stage": stage, "inner": inner, "steps": steps}, stage=inner.stage or name)

    def reset(self, objective: Objective, state: State) -> State:
        name = self._name(objective, state)
        inner = self._method(name).reset(objective, state.memory["inner"])
        return replace(inner, memory={**state.memory, "inner": inner}, stage=inner.stage or name)

    def step_flops(self, objective: Objective, state: State) -> float:
        return self._method(self._name(objective, state)).step_flops(objective, state.memory["inner"])

    def may_stagnate(self, state: State) -> bool:
        inner: State = state.memory["inner"]
        return self._race.may_stagnate(inner) if "candidates" in inner.memory else self.monotone

    @property
    def _race(self) -> Race:
        return Race(
            work=self.race_work,
            patience=self.patience,
            min_progress=self.min_progress,
            min_energy_progress=self.min_energy_progress,
        )

    def _name(self, objective: Objective, state: State) -> str:
        stage: int = state.memory["stage"]
        return self.stages(objective)[stage][0]

    def _method(self, name: str) -> Optimizer:
        return self._race if name == "race" else OPTIMIZERS[name]()

    def _enter(self, objective: Objective, theta: Tensor, stage: int) -> State:
        name, _ = self.stages(objective)[stage]
        inner = self._method(name).start(objective, theta)
        memory = {"stage": stage, "inner": inner, "steps": 0}
        return State(theta, inner.loss, memory, stage=inner.stage or name)
