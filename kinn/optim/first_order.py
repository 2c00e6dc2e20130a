"""First-order methods for networks too large for curvature matrices, and as yardsticks: Adam and L-BFGS from torch."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.optim.objective import ALL_REJECTED, Objective, Optimizer, State

#: Adam stalls once rejected steps have brought its learning rate below this fraction of the first.
MIN_LR_FRACTION = 1e-4


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015).

    Attributes:
        lr: The learning rate.
        betas: The decay of the first and second moment.
    """

    name: ClassVar[str] = "adam"
    monotone: ClassVar[bool] = False
    stochastic: ClassVar[bool] = True

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)

    def __post_init__(self) -> None:
        if not 0 < self.lr < 10:
            raise InputError(f"optimizer.lr lies between 0 and 10, not {self.lr}")

    def start(self, objective: Objective, theta: Tensor) -> State:
        variable = theta.clone().requires_grad_()
        torch_state = torch.optim.Adam([variable], lr=self.lr, betas=self.betas).state_dict()
        return State(theta, objective.loss(theta), {"torch": torch_state})

    def step(self, objective: Objective, state: State) -> State:
        """State after one step; its loss is that before the step, which needs no further evaluation."""
        variable = state.theta.clone().requires_grad_()
        adam = torch.optim.Adam([variable], lr=self.lr, betas=self.betas)
        adam.load_state_dict(state.memory["torch"])
        loss, variable.grad = objective.gradient(state.theta)
        adam.step()
        moved = variable.detach()
        if not objective.accepts(state.theta, moved):
            return self._rejected(state, loss)
        return State(moved, loss, {"torch": adam.state_dict()})

    def _rejected(self, state: State, loss: float) -> State:
        """State after a step that was rejected: it resumes with half the learning rate."""
        memory = deepcopy(state.memory["torch"])
        group = memory["param_groups"][0]
        group["lr"] /= 2
        stalled = ALL_REJECTED if group["lr"] < MIN_LR_FRACTION * self.lr else ""
        return State(state.theta, loss, {"torch": memory}, stalled, {"rejected": 1.0})

    def reset(self, objective: Objective, state: State) -> State:
        return state


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """L-BFGS with strong Wolfe line search; torch's early stopping by tolerance is switched off.

    Attributes:
        history: The number of update pairs kept.
    """

    name: ClassVar[str] = "lbfgs"

    history: int = 50

    def __post_init__(self) -> None:
        if self.history < 1:
            raise InputError(f"optimizer.history is at least 1, not {self.history}")

    def start(self, objective: Objective, theta: Tensor) -> State:
        return State(theta, objective.loss(theta))

    def step(self, objective: Objective, state: State) -> State:
        variable = state.theta.clone().requires_grad_()
        method = torch.optim.LBFGS(
            [variable],
            max_iter=1,
            max_eval=25,
            history_size=self.history,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
        if "torch" in state.memory:
            method.load_state_dict(state.memory["torch"])

        def closure() -> float:
            loss, variable.grad = objective.gradient(variable.detach())
            return loss

        method.step(closure)  # type: ignore[no-untyped-call]
        theta = variable.detach()
        if torch.equal(theta, state.theta):
            return State(theta, state.loss, state.memory, "line search failed")
        if not objective.accepts(state.theta, theta):
            # from the steepest descent anew, once
            stalled = "" if "torch" in state.memory else ALL_REJECTED
            return State(state.theta, state.loss, {}, stalled, {"rejected": 1.0})
        loss = objective.loss(theta)
        return State(theta, loss, {"torch": method.state_dict()})
