"""A solve from its first leg to its last: each trained in its share of the time, each kept in the checkpoint once done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from kinn.forms import FormObjective, TrialFunctions
from kinn.optim import Optimizer
from kinn.train.checkpoint import Checkpoints, standing_in
from kinn.train.error_monitor import ErrorMonitor
from kinn.train.history import HistoryEntry, columns, from_columns
from kinn.train.loop import StoppingCriteria, TrainingResult, train
from kinn.train.plans import SingleStage, TrainingPlan
from kinn.train.state import TrainingState
from kinn.train.strategies import Multipliers, QuadratureRefinement, Strategy, StrategyStack
from kinn.training_options import TrainingOptions

#: Returns the objective of trial functions at the points trained on, and at those of validation, for what is added to
#: the seed.
Placing = Callable[[TrialFunctions, int], tuple[FormObjective, FormObjective]]


@dataclass(frozen=True)
class StageRunner:
    """What all legs of a solve have in common.

    Attributes:
        place: Places the points.
        method: The optimizer.
        limits: When training ends; legs that share the time have equal parts of what is left of it.
        keeper: Keeps where the solve stands.
        recipe: The strategies.
        seed: Fixes whatever is random in them.
        progress: Called with each record.
    """

    place: Placing
    method: Optimizer
    limits: StoppingCriteria
    keeper: Checkpoints
    recipe: TrainingOptions
    seed: int
    progress: Callable[[HistoryEntry], None] | None = None

    def travel(self, route: TrainingPlan) -> list[TrainingResult]:
        """Train the legs of a route, from the beginning or from a checkpoint, and return what each came to."""
        before = self.keeper.before or {}
        done = [_unpacked(data) for data in before.get("done", ())]
        for leg in range(route.count):
            trial = route.begin()
            if leg == len(done):
                done.append(self._leg(route, trial, done, before if leg == len(before.get("done", ())) else {}))
            trial.flat.set(done[leg].theta)
        return done

    def _leg(
        self, route: TrainingPlan, trial: TrialFunctions, done: Sequence[TrainingResult], before: Mapping[str, Any]
    ) -> TrainingResult:
        """Train one leg."""
        leg = len(done)
        system, validation = self.place(trial, route.seed(leg))
        fingerprint = system.loss(system.start())
        standing = standing_in(before, trial.problem.name, trial.parameter_count, fingerprint) if before else None

        def keep(standing: TrainingState, ended: bool) -> None:
            self.keeper.keep(
                lambda: {
                    "done": [_packed(outcome) for outcome in done],
                    "training": standing.packed(),
                    "fingerprint": fingerprint,
                    "threads": torch.get_num_threads(),
                },
                now=ended,
            )

        progress = None
        if self.progress is not None:
            follow, said, earlier = self.progress, route.label(leg), history(route, done)

            def progress(record: HistoryEntry) -> None:
                follow(_moved(record, said, earlier))

        strategies: tuple[Strategy, ...] = self.recipe.strategies
        if system.guard is not None:
            strategies = (QuadratureRefinement(), Multipliers()) if system.penalised else (QuadratureRefinement(),)
        regime = StrategyStack(strategies, system, batch=self.recipe.batch, seed=self.seed + route.seed(leg))
        stopping = self._share(route, done)
        watch = (
            ErrorMonitor(trial) if isinstance(route, SingleStage) else None
        )  # a part of the time has no errors of the whole
        return train(
            system, validation, self.method, stopping, progress,
            regime=regime, standing=standing, keep=keep, watch=watch,
        )  # fmt: skip

    def _share(self, route: TrainingPlan, done: Sequence[TrainingResult]) -> StoppingCriteria:
        """Return when the next leg ends: each has an equal part of what those before it left."""
        rest = len(done) % route.share
        mine, left = done[len(done) - rest :], route.share - rest
        budget = max(0.0, self.limits.budget - sum(o.seconds for o in mine)) / left
        iterations = self.limits.iterations
        if iterations is not None:
            iterations = max(1, (iterations - sum(len(o.history) for o in mine)) // left)
        return replace(self.limits, budget=budget, iterations=iterations)


def history(route: TrainingPlan, outcomes: Sequence[TrainingResult]) -> tuple[HistoryEntry, ...]:
    """Return the histories of successive legs as one."""
    whole: list[HistoryEntry] = []
    for leg, outcome in enumerate(outcomes):
        earlier = tuple(whole[-1:])
        whole += [_moved(record, route.label(leg), earlier) for record in outcome.history]
    return tuple(whole)


def _moved(record: HistoryEntry, label: str, earlier: Sequence[HistoryEntry]) -> HistoryEntry:
    """Return a record of a leg as one of the whole solve."""
    if not (label or earlier):
        return record
    iteration, seconds = (earlier[-1].iteration, earlier[-1].seconds) if earlier else (0, 0.0)
    return replace(
        record,
        stage=f"{label} {record.stage}".strip(),
        iteration=iteration + record.iteration,
        seconds=seconds + record.seconds,
    )


def _packed(outcome: TrainingResult) -> dict[str, Any]:
    return {
        "theta": outcome.theta,
        "loss": outcome.loss,
        "stopped": outcome.stopped,
        "seconds": outcome.seconds,
        "history": columns(outcome.history),
    }


def _unpacked(data: Mapping[str, Any]) -> TrainingResult:
    return TrainingResult(**{**data, "history": tuple(from_columns(data["history"]))})
