"""The stages of a solve: each trained in its share of the budget, and kept in the checkpoint once completed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from kinn.forms import FormObjective, TrialFunctions
from kinn.optim import Optimizer
from kinn.train.callbacks import Callback
from kinn.train.checkpoint import Checkpoints, restore_state
from kinn.train.error_monitor import ErrorMonitor
from kinn.train.loop import StoppingCriteria, train
from kinn.train.plans.plan import TrainingPlan
from kinn.train.state import HistoryEntry, Stage, TrainingResult
from kinn.train.strategies.stack import StrategyStack
from kinn.training_options import TrainingOptions

#: Builds the objectives of training and of validation for trial functions, a number added to the seed, and the number of
#: points, None for that of the solve.
ObjectiveFactory: TypeAlias = Callable[[TrialFunctions, int, int | None], tuple[FormObjective, FormObjective]]


def train_stages(
    plan: TrainingPlan,
    build_objectives: ObjectiveFactory,
    optimizer: Optimizer,
    stopping: StoppingCriteria,
    options: TrainingOptions,
    *,
    seed: int,
    checkpoints: Checkpoints,
    callbacks: Sequence[Callback] = (),
) -> list[TrainingResult]:
    """Train the stages of a plan, from the beginning or from a checkpoint.

    The seed fixes all random draws of the strategies.
    """
    saved = checkpoints.saved
    completed: Sequence[object] = saved.get("completed", ())
    results: list[TrainingResult] = []
    while plan.continues(results):
        number = len(results)
        trial = plan.trial(number)
        objective, validation = build_objectives(trial, plan.seed_offset(number), plan.points(number))
        plan.place_points(objective, number)
        strategies = _strategies(objective, options, seed + plan.seed_offset(number))
        if number < len(completed):
            result = TrainingResult.unpack(saved["completed"][number], objective)
            strategies.resume(result.strategy_states)
        else:
            previous = joined_history(plan, results)[-1:]
            stage = Stage(objective, plan.label(number), tuple(results), *previous)
            resumed = saved and number == len(completed)
            state = restore_state(saved, stage, objective.loss(objective.start())) if resumed else None
            monitors = [ErrorMonitor(trial)] if plan.solves_problem(number) else []
            result = train(
                objective, validation, optimizer, plan.limits(stopping, results),
                strategies=strategies, state=state, stage=stage, callbacks=[*monitors, *callbacks, checkpoints],
            )  # fmt: skip
        trial.flat.set(result.theta)
        result.objective.release()
        results.append(result)
    return results


def joined_history(plan: TrainingPlan, results: Sequence[TrainingResult]) -> tuple[HistoryEntry, ...]:
    """History of successive stages as one."""
    history: list[HistoryEntry] = []
    for number, result in enumerate(results):
        previous = history[-1] if history else None
        history += [entry.following(previous, plan.label(number)) for entry in result.history]
    return tuple(history)


def _strategies(objective: FormObjective, options: TrainingOptions, seed: int) -> StrategyStack:
    """Strategies of a stage: those of the user, or those that every energy needs."""
    if objective.guard is not None:
        from kinn.train.strategies.energy import energy_strategies

        return StrategyStack(energy_strategies(objective), objective, seed=seed)
    return StrategyStack(options.strategies, objective, batch=options.batch, seed=seed)
