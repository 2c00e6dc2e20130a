"""The training loop: takes steps, validates, keeps the best parameters, and says why it stopped."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from kinn.errors import ProblemWarning, SolveError
from kinn.forms import FormObjective
from kinn.optim import Optimizer, State
from kinn.train.callbacks import Callback
from kinn.train.distributed import broadcast
from kinn.train.state import HistoryEntry, Stage, StopReason, TrainingResult, TrainingState
from kinn.train.strategies.stack import StrategyStack
from kinn.train.validation import Validation

#: How often training goes back to the best parameters before it gives up on numbers that are not finite.
MAX_ROLLBACKS = 3

#: The most multiplications between two validations, some seconds on one core. Not seconds, for the clock must not decide
#: which parameters are kept.
MAX_FLOPS_UNVALIDATED = 5e10

#: The loss stagnates once it falls by less than this fraction over `StoppingCriteria.stagnation` steps.
STAGNATION_FRACTION = 1e-3

#: Steps between two looks at the progress of the loss.
PROGRESS_EVERY = 5

#: Clocks of the training time. CPU time, summed over threads, makes runs on a shared machine comparable: that of one
#: thread is what an idle machine's wall clock would show.
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(frozen=True)
class StoppingCriteria:
    """When training ends.

    Attributes:
        budget: Seconds.
        clock: The clock that they are counted by, a name of `CLOCKS`.
        iterations: Steps, None for no limit.
        check_every: The most steps between validations.
        rises: Training stops after this many validations in a row that rise, at twice the best or more.
        stagnation: Training stops when the loss stagnates over this many steps.
        work: Multiplications, as `Optimizer.step_flops` counts them.
        progress_work: The multiplications over which slow progress is measured; infinite not to measure it.
        least_fall: Progress is slow where the loss falls by less than this fraction over them.
        overfit: Training ends where the loss at validation points is above this multiple of that at the training points.
    """

    budget: float = 60.0
    clock: str = "wall"
    iterations: int | None = None
    check_every: int = 20
    rises: int = 6
    stagnation: int = 50
    work: float = inf
    progress_work: float = inf
    least_fall: float = 0.3
    overfit: float = inf


def train(
    objective: FormObjective,
    validation: FormObjective,
    optimizer: Optimizer,
    stopping: StoppingCriteria,
    *,
    strategies: StrategyStack | None = None,
    state: TrainingState | None = None,
    stage: Stage | None = None,
    callbacks: Sequence[Callback] = (),
) -> TrainingResult:
    """Minimise an objective.

    A step depends on the steps before and never on the clock, which can only end training: a resumed training comes to
    the same parameters, bit for bit.

    Args:
        objective: Residuals at collocation points, or an energy.
        validation: The same at validation points.
        optimizer: The method.
        stopping: When to end.
        strategies: They change the objective between steps.
        state: The state of an earlier training to resume; its time counts.
        stage: The stage that a new training belongs to.
        callbacks: They follow the training and may stop it.

    Raises:
        SolveError: If the loss stays not finite, wherever a step leads; names the term and the place.
    """
    strategies = strategies or StrategyStack((), objective)
    if state is None:
        state = begin(objective, validation, optimizer, strategies, stage)
    else:
        strategies.resume(state.strategy_states)
    clock = CLOCKS[stopping.clock]
    began = clock() - state.seconds

    def notify(event: str) -> float:
        """Call the callbacks; return the time that does not count."""
        excluded = 0.0
        for callback in callbacks:
            called = 0.0 if callback.counts_as_training else clock()
            getattr(callback, event)(state)
            excluded += 0.0 if callback.counts_as_training else clock() - called
        return excluded

    began += notify("on_stage_start")
    while not (reason := reason_to_stop(state, objective, optimizer, stopping)):
        iteration = state.iteration + 1
        if strategies.refresh(state.theta, iteration):
            _restart_optimizer(state, optimizer, strategies)
            if (final := strategies.final_parameters) is not None:
                state.optimizer_state = State(final, objective.loss(final), stalled=str(StopReason.CONDITIONS_STAGNATE))
                continue
        step_objective = strategies.step_objective(iteration)
        optimizer_state = optimizer.step(step_objective, state.optimizer_state)
        if not math.isfinite(optimizer_state.loss):
            state.rollbacks += 1
            if state.rollbacks > MAX_ROLLBACKS:
                where = objective.locate_nonfinite(optimizer_state.theta)
                raise SolveError(f"the loss is not finite after {iteration} steps: {where}")
            state.optimizer_state = optimizer.start(step_objective, state.best_theta)
            continue
        state.optimizer_state = optimizer_state
        state.recent_losses = [*state.recent_losses, state.loss][-stopping.stagnation - 1 :]
        state.seconds = broadcast(clock() - began)
        measured = None
        if iteration % validation_interval(optimizer, step_objective, optimizer_state, stopping) == 0:
            state.record_validation(Validation.of(validation, state.theta))
            measured = state.previous_validation
        method, unknowns = optimizer_state.stage or optimizer.name, objective.unknowns(state.theta)
        state.work += optimizer.step_flops(step_objective, optimizer_state)
        detail = optimizer_state.detail | objective.metrics() | {"work": state.work}
        state.history.append(HistoryEntry(method, iteration, state.seconds, state.loss, measured, detail, unknowns))
        if stall_reason(state, objective, optimizer, stopping) and strategies.relax():
            _restart_optimizer(state, optimizer, strategies)
        if reason_to_stop(state, objective, optimizer, stopping):
            _validate_last(state, validation)
        if state.validation is not None:
            began += notify("on_validation")
        began += notify("on_step")
        if state.stop_request:
            _validate_last(state, validation)
    notify("on_stage_end")
    state.seconds = broadcast(clock() - began)
    state.strategy_states = strategies.states
    result = state.result(reason)
    if objective.least_squares and not state.stage.completed and result.validation > result.initial_validation:
        warnings.warn(
            f"the loss at validation points rose in training, from {result.initial_validation:.1e} to "
            f"{result.validation:.1e}, while that at the training points fell from {state.initial_loss:.1e} to "
            f"{result.loss:.1e}: these points are too few for the parameters, or the weights are wrong; "
            "take more points or a smaller network",
            ProblemWarning,
            stacklevel=2,
        )
    return result


def begin(
    objective: FormObjective,
    validation: FormObjective,
    optimizer: Optimizer,
    strategies: StrategyStack | None = None,
    stage: Stage | None = None,
) -> TrainingState:
    """State before the first step, at the present parameters.

    Raises:
        SolveError: If the loss is not finite there; names the term.
    """
    theta = objective.start()
    initial_loss = objective.loss(theta)
    if not math.isfinite(initial_loss):
        raise SolveError(f"the loss is not finite at the start: {objective.locate_nonfinite(theta)}")
    strategies = strategies or StrategyStack((), objective)
    strategies.begin(theta)
    optimizer_state = optimizer.start(strategies.step_objective(1), theta)
    measured = Validation.of(validation, theta)
    return TrainingState(
        stage or Stage(objective),
        optimizer_state,
        best_theta=theta,
        best_validation=measured.loss,
        best_loss=optimizer_state.loss,
        previous_validation=measured.loss,
        initial_validation=measured.loss,
        # a later stage starts from parameters that are trained
        reference=measured if stage is not None and stage.completed else None,
        initial_loss=initial_loss,
        strategy_states=strategies.states,
        objective_is_transient=strategies.objective_is_transient,
    )


def _restart_optimizer(state: TrainingState, optimizer: Optimizer, strategies: StrategyStack) -> None:
    """Drop what the optimizer knows of the objective before it changed, and its losses."""
    state.optimizer_state = optimizer.reset(strategies.objective, state.optimizer_state)
    state.recent_losses = []
    state.strategy_states = strategies.states
    state.objective_is_transient = strategies.objective_is_transient


def _validate_last(state: TrainingState, validation: FormObjective) -> None:
    """Measure the loss at validation points at the last step."""
    if state.validation is None:
        state.last_validation = Validation.of(validation, state.theta)
        state.history[-1] = replace(state.history[-1], validation=state.last_validation.loss)


def stall_reason(
    state: TrainingState, objective: FormObjective, optimizer: Optimizer, stopping: StoppingCriteria
) -> StopReason | str:
    """Why the optimizer makes no more progress on this objective, or ""."""
    recent = state.recent_losses
    if state.optimizer_state.stalled:
        return StopReason.of(state.optimizer_state.stalled)
    stagnant = len(recent) > stopping.stagnation and objective.progress(recent) < STAGNATION_FRACTION
    if stagnant and optimizer.may_stagnate(state.optimizer_state):
        return StopReason.STAGNATION
    return ""


def progress_is_slow(state: TrainingState, objective: FormObjective, stopping: StoppingCriteria) -> bool:
    """Whether the loss fell by less than the least fraction over the last work of `StoppingCriteria.progress_work`."""
    since = state.work - stopping.progress_work
    if since <= 0 or state.iteration % PROGRESS_EVERY:
        return False
    earlier = next(entry for entry in reversed(state.history) if entry.detail["work"] <= since or entry.iteration == 1)
    return objective.progress([earlier.loss, state.loss]) < stopping.least_fall


def reason_to_stop(
    state: TrainingState, objective: FormObjective, optimizer: Optimizer, stopping: StoppingCriteria
) -> StopReason | str:
    """Why training ends here, or "" where it continues."""
    if state.stop_request:
        return StopReason.of(state.stop_request)
    if state.optimizer_state.stalled:
        return StopReason.of(state.optimizer_state.stalled)
    if state.seconds >= stopping.budget:
        return StopReason.BUDGET
    if stopping.iterations is not None and state.iteration >= stopping.iterations:
        return StopReason.ITERATIONS
    if state.work >= stopping.work:
        return StopReason.SHARE
    if reason := stall_reason(state, objective, optimizer, stopping):
        return reason
    if progress_is_slow(state, objective, stopping):
        return StopReason.SLOW_PROGRESS
    validated = state.validation if objective.least_squares else None  # energies may be negative
    if validated is not None and validated > stopping.overfit * state.loss:
        return StopReason.POINTS_FITTED
    if objective.least_squares and state.iteration and state.loss == 0:
        return StopReason.LOSS_IS_ZERO
    # a few rises are chance, or a layer that is just being found: only a lasting departure from the best counts
    if (
        state.is_worse
        and state.rises >= stopping.rises
        and objective.overfits(state.previous_validation, state.best_validation)
    ):
        return StopReason.VALIDATION_RISES
    return ""


def validation_interval(
    optimizer: Optimizer, objective: FormObjective, state: State, stopping: StoppingCriteria
) -> int:
    """Steps between validations: fewer where steps take long."""
    return max(1, min(stopping.check_every, int(MAX_FLOPS_UNVALIDATED / optimizer.step_flops(objective, state))))
