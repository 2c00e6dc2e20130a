"""Where training stands: all that its next step depends on, and nothing else; what a checkpoint holds of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from torch import Tensor

from kinn.optim import State
from kinn.train.history import HistoryEntry, columns, from_columns
from kinn.train.strategies.strategy import StrategyState


@dataclass
class TrainingState:
    """Where training stands after a step.

    Attributes:
        state: That of the optimizer.
        best: The best validated parameters (P,).
        best_validation: The loss on fresh points there.
        best_loss: The training loss there.
        previous: The validation before this one.
        rises: How many validations in a row have risen.
        rollbacks: How often the run went back to the best parameters.
        recent: The training losses over which stagnation is measured.
        history: One record a step.
        seconds: Wall-clock time so far.
        memories: What the strategies remember.
        unsettled: Whether they do not yet aim at what is validated: then the last parameters are the best there are.
    """

    state: State
    best: Tensor
    best_validation: float
    best_loss: float
    previous: float
    rises: int = 0
    rollbacks: int = 0
    recent: list[float] = field(default_factory=list)
    history: list[HistoryEntry] = field(default_factory=list)
    seconds: float = 0.0
    memories: list[StrategyState] = field(default_factory=list)
    unsettled: bool = False

    @property
    def iteration(self) -> int:
        """The number of steps made."""
        return len(self.history)

    def validated(self, measured: float) -> None:
        """Take note of the loss on fresh points at the present parameters."""
        if self.unsettled or measured < self.best_validation:
            self.best, self.best_validation, self.best_loss = self.state.theta, measured, self.state.loss
        self.rises = self.rises + 1 if measured > self.previous and not self.unsettled else 0
        self.previous = measured

    def winner(self) -> tuple[Tensor, float]:
        """Return the parameters to keep and the training loss there: the best validated, or those at the end.

        The validation at the end is not taken note of as the others are: where training goes on from there after all, it
        goes on as if it had not stopped.
        """
        last = self.history[-1].validation if self.history else None
        if self.unsettled:
            return self.state.theta, self.state.loss
        if last is not None and last < self.best_validation:
            return self.state.theta, self.state.loss
        return self.best, self.best_loss

    def packed(self) -> dict[str, Any]:
        """Return plain data and tensors, which can be written without a pickle of code."""
        data = {f.name: getattr(self, f.name) for f in fields(self)}
        return data | {"state": self.state.pack(), "history": columns(self.history)}

    @staticmethod
    def unpacked(data: Mapping[str, Any]) -> TrainingState:
        """Return what `packed` made data of."""
        state, history = State.unpack(data["state"]), from_columns(data["history"])
        return TrainingState(**{**data, "state": state, "history": history})
