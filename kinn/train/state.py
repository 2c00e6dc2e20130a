"""State of a training: all that its next step depends on, with its history and its result; a checkpoint holds these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from itertools import chain, groupby
from math import inf, isnan, nan
from typing import Any, Self

import torch
from torch import Tensor

from kinn.forms import FormObjective, TrialFunctions
from kinn.optim import State
from kinn.train.strategies.strategy import StrategyState
from kinn.train.validation import Validation

#: The columns of a history that hold numbers, and those that hold numbers by name.
NUMBERS = ("iteration", "seconds", "loss", "validation")
TABLES = ("detail", "unknowns", "errors")


#: The fields of a state that are validations.
VALIDATIONS = ("reference", "last_validation")


class StopReason(StrEnum):
    """Why a training stopped.

    Attributes:
        description: The reason in a sentence.
    """

    description: str

    def __new__(cls, value: str, description: str) -> Self:
        member = str.__new__(cls, value)
        member._value_, member.description = value, description
        return member

    BUDGET = "budget", "The seconds of the budget are used up."
    TOLERANCE_MET = "tolerance met", "The estimated error is below the tolerance."
    ITERATIONS = "iterations", "The number of steps asked for is done."
    STAGNATION = "stagnation", "The loss hardly falls any more."
    SHARE = "share", "The work that the stage may take is done."
    POINTS_FITTED = (
        "points fitted",
        "The training points are fitted, and not the equations: another stage takes more points.",
    )
    SLOW_PROGRESS = "slow progress", "The loss falls slowly: another stage has more to gain."
    GROWTH_ENDS = "growth ends", "Neither more points nor larger networks gain anything any more."
    LOSS_IS_ZERO = "loss is zero", "The loss is zero to the last digit."
    VALIDATION_RISES = (
        "validation rises",
        "The loss at validation points rises by more than their noise: too few points or wrong weights; take more points.",
    )
    CALLBACK = "callback", "A callback asked for it."
    CONDITIONS_STAGNATE = "conditions improve no more", "Updates of multipliers no longer reduce their violation."
    STEPS_REJECTED = "every step is rejected", "Every step that lowers the loss raises it at the guard's points."
    DAMPING_EXHAUSTED = "damping exhausted", "No step lowers the loss, however short."
    LINE_SEARCH_FAILED = "line search failed", "No point along the search direction lowers the loss enough."
    LAST_LAYER_OPTIMAL = "last layer is optimal", "The least-squares solution of the last layer is found."
    LEAST_SQUARES_FAILED = "least squares gained nothing", "Least squares for the last layer does not lower the loss."

    @classmethod
    def of(cls, text: str) -> StopReason | str:
        """Member of a text, or the text itself where it is the reason of a user's optimizer or callback."""
        return next((reason for reason in cls if reason == text), text)


@dataclass(frozen=True)
class HistoryEntry:
    """Values of a training after an iteration.

    Attributes:
        stage: The method at work.
        iteration: The number of steps so far.
        seconds: The training time so far.
        loss: The training loss.
        validation: The loss at validation points, at the iterations at which it is measured.
        detail: Values of the method (damping, step length, ...).
        unknowns: The constants to be identified, by name.
        errors: The relative L2 errors of fields whose solution is known, at the iterations at which they are measured.
    """

    stage: str
    iteration: int
    seconds: float
    loss: float
    validation: float | None = None
    detail: dict[str, float] = field(default_factory=dict)
    unknowns: dict[str, float] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)

    def following(self, previous: HistoryEntry | None, label: str) -> HistoryEntry:
        """Entry counted on from that at the end of the stage before, with the label of its stage."""
        iteration, seconds = (previous.iteration, previous.seconds) if previous else (0, 0.0)
        stage = f"{label} {self.stage}".strip()
        return replace(self, stage=stage, iteration=iteration + self.iteration, seconds=seconds + self.seconds)


@dataclass(frozen=True)
class TrainingResult:
    """Result of a training.

    Attributes:
        theta: The latest parameters (P,) that are not worse than the best validated by more than the noise of the points.
        loss: The training loss there.
        validation: The loss at validation points there.
        initial_validation: The loss at validation points before the first step.
        stopped: Why it stopped: a `StopReason`, or the text of a user's optimizer or callback.
        history: One entry a step.
        seconds: Time by the clock of the budget.
        strategy_states: The states of the strategies at the end.
        objective: The objective at the end, with the weights, points and multipliers that the strategies gave it.
    """

    theta: Tensor
    loss: float
    validation: float
    initial_validation: float
    stopped: StopReason | str
    history: tuple[HistoryEntry, ...]
    seconds: float
    strategy_states: list[StrategyState]
    objective: FormObjective

    @property
    def work(self) -> float:
        """The multiplications that it took, as `Optimizer.step_flops` counts them."""
        return self.history[-1].detail["work"] if self.history else 0.0

    def pack(self) -> dict[str, Any]:
        """Plain data and tensors, without the objective."""
        data = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "objective"}
        return data | {"stopped": str(self.stopped), "history": columns(self.history)}

    @staticmethod
    def unpack(data: Mapping[str, Any], objective: FormObjective) -> TrainingResult:
        """Result from what `pack` returned, and the objective that was trained."""
        history, stopped = tuple(from_columns(data["history"])), StopReason.of(data["stopped"])
        return TrainingResult(**{**data, "history": history, "stopped": stopped}, objective=objective)


@dataclass(frozen=True)
class Stage:
    """Stage of a solve: its objective, its name in the history, the stages before and their last history entry."""

    objective: FormObjective
    label: str = ""
    completed: tuple[TrainingResult, ...] = ()
    previous: HistoryEntry | None = None

    @property
    def trial(self) -> TrialFunctions:
        """The trial functions."""
        return self.objective.trial


@dataclass
class TrainingState:
    """State of a training after a step; callbacks read it.

    Attributes:
        stage: The stage that is trained.
        optimizer_state: The state of the optimizer.
        best_theta: The parameters (P,) to keep: the latest that are not worse than the best validated by more than noise.
        best_validation: The loss at validation points there.
        best_loss: The training loss there.
        previous_validation: The last validation.
        initial_validation: The loss at validation points before the first step.
        reference: The lowest validation so far, which later ones are compared with; None before the first step is validated,
            as untrained parameters are not kept once a step has lowered the loss.
        last_validation: The last validation, with its shares by point.
        is_worse: Whether it is worse than the reference by more than noise.
        initial_loss: The loss before the first step, which tells one problem from another.
        work: The multiplications so far, as `Optimizer.step_flops` counts them.
        rises: How many validations in a row have risen.
        rollbacks: How often training went back to the best parameters.
        recent_losses: The training losses by which stagnation is measured.
        history: One entry a step.
        seconds: The training time so far.
        strategy_states: The states of the strategies.
        objective_is_transient: Whether the strategies still change what is minimised: then the last parameters are the best.
        stop_request: Why a callback wants training to stop, "" where none does.
    """

    stage: Stage
    optimizer_state: State
    best_theta: Tensor
    best_validation: float
    best_loss: float
    previous_validation: float
    initial_validation: float
    initial_loss: float
    reference: Validation | None = None
    last_validation: Validation | None = None
    is_worse: bool = False
    work: float = 0.0
    rises: int = 0
    rollbacks: int = 0
    recent_losses: list[float] = field(default_factory=list)
    history: list[HistoryEntry] = field(default_factory=list)
    seconds: float = 0.0
    strategy_states: list[StrategyState] = field(default_factory=list)
    objective_is_transient: bool = False
    stop_request: str = ""

    @property
    def theta(self) -> Tensor:
        """The present parameters (P,)."""
        return self.optimizer_state.theta

    @property
    def loss(self) -> float:
        """The training loss."""
        return self.optimizer_state.loss

    @property
    def validation(self) -> float | None:
        """The loss at validation points, where this step measured it."""
        return self.history[-1].validation if self.history else None

    @property
    def iteration(self) -> int:
        """The number of steps so far."""
        return len(self.history)

    @property
    def fields(self) -> TrialFunctions:
        """Trial functions at the present parameters, to be evaluated."""
        self.stage.trial.flat.set(self.theta)
        return self.stage.trial

    @property
    def last_entry(self) -> HistoryEntry:
        """Last history entry, counted from the first stage of the solve."""
        return self.history[-1].following(self.stage.previous, self.stage.label)

    def stop(self, reason: str = StopReason.CALLBACK) -> None:
        """End the training of this stage after the present step."""
        self.stop_request = str(reason or StopReason.CALLBACK)

    def record_validation(self, measured: Validation) -> None:
        """Take the validation of the present parameters into account."""
        self.last_validation = measured
        self.is_worse = not self._is_kept(measured)
        if not self.is_worse:
            self.best_theta, self.best_validation, self.best_loss = self.theta, measured.loss, self.loss
        lowest = inf if self.reference is None or self.objective_is_transient else self.reference.loss
        if not self.is_worse and measured.loss < lowest:
            self.reference = measured
        rose = measured.loss > self.previous_validation and not self.objective_is_transient
        self.rises = self.rises + 1 if rose else 0
        self.previous_validation = measured.loss

    def _is_kept(self, measured: Validation) -> bool:
        """Whether the present parameters replace those kept."""
        if self.objective_is_transient:
            return True
        if self.reference is None:
            return self.loss < self.initial_loss or measured.loss < self.initial_validation
        # against the lowest and not the kept one: many small rises, each within the noise, would add up
        return not measured.is_worse_than(self.reference)

    def best_parameters(self) -> tuple[Tensor, float]:
        """Parameters to keep and the training loss there: the last ones, or those kept before.

        The validation at the end is not recorded as the others are: a training that is resumed continues as if it had not
        stopped.
        """
        measured = self.last_validation if self.validation is not None else None
        if self.objective_is_transient or (measured is not None and self._is_kept(measured)):
            return self.theta, self.loss
        return self.best_theta, self.best_loss

    def result(self, stopped: StopReason | str) -> TrainingResult:
        """Result of a training that stops here."""
        theta, loss = self.best_parameters()
        validation = None if theta is self.best_theta else self.validation
        return TrainingResult(
            theta,
            loss,
            self.best_validation if validation is None else validation,
            self.initial_validation,
            stopped,
            tuple(self.history),
            self.seconds,
            self.strategy_states,
            self.stage.objective,
        )

    def pack(self) -> dict[str, Any]:
        """Plain data and tensors, which can be written without pickling code."""
        data = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "stage"}
        validations = {name: data[name] and data[name].pack() for name in VALIDATIONS}
        packed = {"optimizer_state": self.optimizer_state.pack(), "history": columns(self.history)}
        return data | packed | validations

    @staticmethod
    def unpack(data: Mapping[str, Any], stage: Stage) -> TrainingState:
        """State from what `pack` returned."""
        optimizer_state, history = State.unpack(data["optimizer_state"]), from_columns(data["history"])
        validations = {name: data[name] and Validation(**data[name]) for name in VALIDATIONS}
        return TrainingState(stage, **{**data, **validations, "optimizer_state": optimizer_state, "history": history})


def columns(history: Sequence[HistoryEntry]) -> dict[str, Any]:
    """History as tensors, a column a value and NaN where there is none: compact, and quick to write."""

    def column(values: Iterable[float | None]) -> Tensor:
        return torch.tensor([nan if value is None else value for value in values], dtype=torch.float64)

    def table(rows: Sequence[Mapping[str, float]]) -> dict[str, Tensor]:
        return {name: column(row.get(name) for row in rows) for name in dict.fromkeys(chain(*rows))}

    return {
        "stages": [[stage, len(list(run))] for stage, run in groupby(entry.stage for entry in history)],
        **{name: column(getattr(entry, name) for entry in history) for name in NUMBERS},
        **{name: table([getattr(entry, name) for entry in history]) for name in TABLES},
    }


def from_columns(data: Mapping[str, Any]) -> list[HistoryEntry]:
    """History from what `columns` returned."""
    stages = [stage for stage, count in data["stages"] for _ in range(count)]
    tables = [{name: values.tolist() for name, values in data.get(table, {}).items()} for table in TABLES]
    rows = zip(stages, *(data[name].tolist() for name in NUMBERS), strict=True)
    history = []
    for n, (stage, iteration, seconds, loss, validation) in enumerate(rows):
        values = ({name: v[n] for name, v in table.items() if not isnan(v[n])} for table in tables)
        measured = None if isnan(validation) else validation
        history.append(HistoryEntry(stage, int(iteration), seconds, loss, measured, *values))
    return history
