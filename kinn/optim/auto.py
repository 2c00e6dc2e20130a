"""The default: each method where it is strongest, chosen by the problem and the size of the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor

from kinn.optim.objective import ALL_REJECTED, OPTIMIZERS, Objective, Optimizer, State


@dataclass(frozen=True)
class Auto(Optimizer):
    """Last-layer least squares where the problem is linear, Levenberg-Marquardt, then self-scaled Broyden.

    A stage ends when it stalls, or when its loss falls by less than a set factor over a set number of steps.
    Least squares is all there is to do on a linear problem with a network of which the last layer alone is trained. Above
    `max_parameters` parameters the curvature matrices cost too much: Adam, then L-BFGS.

    Attributes:
        warm_up: Adam steps before Levenberg-Marquardt on problems that are not linear.
        patience: The number of steps over which the progress of Levenberg-Marquardt is measured.
        min_progress: Levenberg-Marquardt ends when the loss falls by less than this fraction over those steps.
        min_energy_progress: The same for the progress of an energy, whose minimum is not known; see `Objective.progress`.
        max_parameters: The largest number of parameters for second-order methods.
        least_squares: Whether linear problems begin with least squares for the last layer.
        max_loss_ratio: Least squares is kept only where it reduces the loss to below this fraction: large coefficients
            that gain little are a bad starting point.
    """

    name: ClassVar[str] = "auto"

    warm_up: int = 0
    patience: int = 30
    min_progress: float = 0.2
    min_energy_progress: float = 0.5
    max_parameters: int = 3000
    least_squares: bool = True
    max_loss_ratio: float = 1e-6

    def stages(self, objective: Objective) -> list[tuple[str, int | None]]:
        """Names of the methods in order, each with its number of steps (None: until it ends by itself)."""
        if objective.size > self.max_parameters:
            return [("adam", 2000), ("lbfgs", None)]
        first: list[tuple[str, int | None]] = []
        if objective.affine and self.least_squares:
            first = [("lstsq", None)]
            if objective.least_squares and len(objective.last_layer()) == objective.size:
                return first
        elif self.warm_up:
            first = [("adam", self.warm_up)]
        return [*first, ("lm", None), ("ssbroyden", None)]

    def start(self, objective: Objective, theta: Tensor) -> State:
        return self._enter(objective, theta, 0)

    def step(self, objective: Objective, state: State) -> State:
        """State after a step of the present stage, or at the beginning of the next."""
        stages = self.stages(objective)
        stage: int = state.memory["stage"]
        name, limit = stages[stage]
        inner = OPTIMIZERS[name]().step(objective, state.memory["inner"])
        losses = [*state.memory["losses"], inner.loss][-self.patience - 1 :]
        steps = state.memory["steps"] + 1
        least = self.min_progress if objective.least_squares else self.min_energy_progress
        slow = name == "lm" and len(losses) > self.patience and objective.progress(losses) < least
        last = stage == len(stages) - 1
        # another method would fail alike: first the objective has to change (more points of a quadrature)
        must_wait = inner.stalled == ALL_REJECTED
        if (inner.stalled or slow or steps == limit) and not last and not must_wait:
            before: State = state.memory["inner"]
            gained = inner.loss < self.max_loss_ratio * before.loss or not objective.least_squares
            discard = name == "lstsq" and not gained
            return self._enter(objective, before.theta if discard else inner.theta, stage + 1)
        memory = {"stage": stage, "inner": inner, "losses": losses, "steps": steps}
        return replace(inner, memory=memory, stage=name)

    def reset(self, objective: Objective, state: State) -> State:
        method = self._method(objective, state)
        inner = method.reset(objective, state.memory["inner"])
        return replace(inner, memory={**state.memory, "inner": inner, "losses": [inner.loss]}, stage=method.name)

    def step_flops(self, objective: Objective, state: State) -> float:
        return self._method(objective, state).step_flops(objective, state.memory["inner"])

    def _method(self, objective: Objective, state: State) -> Optimizer:
        stage: int = state.memory["stage"]
        return OPTIMIZERS[self.stages(objective)[stage][0]]()

    def _enter(self, objective: Objective, theta: Tensor, stage: int) -> State:
        name, _ = self.stages(objective)[stage]
        inner = OPTIMIZERS[name]().start(objective, theta)
        memory = {"stage": stage, "inner": inner, "losses": [inner.loss], "steps": 0}
        return State(theta, inner.loss, memory, stage=name)
