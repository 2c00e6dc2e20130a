"""The training loop: steps, validates on fresh points, keeps the best, and says why it stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from kinn.errors import SolveError
from kinn.forms import FormObjective
from kinn.optim import Optimizer, State
from kinn.train.distributed import broadcast
from kinn.train.history import HistoryEntry
from kinn.train.state import TrainingState
from kinn.train.strategies.stack import StrategyStack

#: How often the run goes back to the last good state before it gives up on numbers that are not finite.
ROLLBACKS = 3

#: How many multiplications may pass between two validations: some seconds on one core. Not seconds, for the clock must
#: not decide which parameters are kept.
MAX_FLOPS_UNVALIDATED = 5e10

#: What seconds of training are counted by. The processor's, which are the sum over its threads, make runs on a machine
#: that others use comparable: of one thread they are what an idle machine's clock would show.
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(frozen=True)
class StoppingCriteria:
    """When training ends.

    Attributes:
        budget: Seconds.
        clock: Which ones: a name of `CLOCKS`.
        iterations: Steps, None for no limit.
        check_every: The most steps between validations.
        rises: Training stops after this many validations in a row that rise, at twice the best or more.
        stagnation: Training stops when the loss falls by less than 0.1 % over this many steps.
    """

    budget: float = 60.0
    clock: str = "wall"
    iterations: int | None = None
    check_every: int = 20
    rises: int = 6
    stagnation: int = 50


@dataclass(frozen=True)
class TrainingResult:
    """What training came to.

    Attributes:
        theta: The best validated parameters (P,).
        loss: The training loss there.
        stopped: Why it stopped.
        history: One record a step.
        seconds: Time by the clock of the stopping rule.
    """

    theta: Tensor
    loss: float
    stopped: str
    history: tuple[HistoryEntry, ...]
    seconds: float


def train(
    system: FormObjective,
    validation: FormObjective,
    optimizer: Optimizer,
    stopping: StoppingCriteria,
    progress: Callable[[HistoryEntry], None] | None = None,
    *,
    regime: StrategyStack | None = None,
    standing: TrainingState | None = None,
    keep: Callable[[TrainingState, bool], None] | None = None,
    watch: Callable[[Tensor, float], dict[str, float]] | None = None,
) -> TrainingResult:
    """Minimise the loss of a system.

    What is done in a step depends on the steps before and never on the clock, which can only end training: a training
    that goes on from where an earlier one stood comes to the same parameters, bit for bit.

    Args:
        system: The objective: residuals at collocation points, or an energy.
        validation: The same at fresh points.
        optimizer: The method.
        stopping: When to end.
        progress: Called with each record.
        regime: The strategies that change the objective, which is `system`, between steps.
        standing: Where an earlier training stood, to go on from there; its time counts.
        keep: Called before the first step and after each with where training stands, and whether it has ended.
        watch: Called after each step with the parameters and the seconds, returns the errors that it measured; the time
            that it takes does not count.

    Raises:
        SolveError: If the loss stays not finite, wherever a step leads; names the term and the place.
    """
    regime = regime or StrategyStack((), system)
    if standing is None:
        standing = begin(system, validation, optimizer, regime)
    else:
        regime.resume(standing.memories)
    clock = CLOCKS[stopping.clock]
    began = clock() - standing.seconds
    if keep is not None:
        keep(standing, False)
    while not (stopped := reason_to_stop(standing, system, optimizer, stopping)):
        iteration = standing.iteration + 1
        if regime.refresh(standing.state.theta, iteration):
            _renew(standing, optimizer, regime)
            if (best := regime.concluded) is not None:
                standing.state = State(best, system.loss(best), stalled="conditions are held no better")
                continue
        objective = regime.objective(iteration)
        state = optimizer.step(objective, standing.state)
        if not math.isfinite(state.loss):
            standing.rollbacks += 1
            if standing.rollbacks > ROLLBACKS:
                raise SolveError(
                    f"the loss is not finite after {iteration} steps: {system.locate_nonfinite(state.theta)}"
                )
            standing.state = optimizer.start(objective, standing.best)
            continue
        standing.state = state
        standing.recent = [*standing.recent, state.loss][-stopping.stagnation - 1 :]
        standing.seconds = broadcast(clock() - began)
        measured = None
        if iteration % validation_interval(optimizer, objective, state, stopping) == 0:
            measured = validation.loss(state.theta)
            standing.validated(measured)
        stage, unknowns = state.stage or optimizer.name, system.unknowns(state.theta)
        detail = state.detail | system.metrics()
        standing.history.append(
            HistoryEntry(stage, iteration, standing.seconds, state.loss, measured, detail, unknowns)
        )
        if watch is not None:
            asked = clock()
            if errors := watch(state.theta, standing.seconds):
                standing.history[-1] = replace(standing.history[-1], errors=errors)
                began += clock() - asked
        if stall_reason(standing, system, optimizer, stopping) and regime.release():
            _renew(standing, optimizer, regime)
        if measured is None and reason_to_stop(standing, system, optimizer, stopping):
            standing.history[-1] = replace(standing.history[-1], validation=validation.loss(state.theta))
        if progress is not None:
            progress(standing.history[-1])
        if keep is not None:
            keep(standing, False)
    if keep is not None:
        keep(standing, True)
    theta, loss = standing.winner()
    return TrainingResult(theta, loss, stopped, tuple(standing.history), broadcast(clock() - began))


def begin(
    system: FormObjective, validation: FormObjective, optimizer: Optimizer, regime: StrategyStack | None = None
) -> TrainingState:
    """Return where training stands before the first step, at the present parameters.

    Raises:
        SolveError: If the loss is not finite there; names the term.
    """
    theta = system.start()
    if not math.isfinite(system.loss(theta)):
        raise SolveError(f"the loss is not finite at the start: {system.locate_nonfinite(theta)}")
    regime = regime or StrategyStack((), system)
    regime.begin(theta)
    state = optimizer.start(regime.objective(1), theta)
    measured = validation.loss(theta)
    return TrainingState(
        state,
        best=theta,
        best_validation=measured,
        best_loss=state.loss,
        previous=measured,
        memories=regime.memories,
        unsettled=regime.unsettled,
    )


def _renew(standing: TrainingState, optimizer: Optimizer, regime: StrategyStack) -> None:
    """Take note that the objective changed: what the optimizer knows of the old one, and its losses, no longer count."""
    standing.state = optimizer.reset(regime.system, standing.state)
    standing.recent = []
    standing.memories = regime.memories
    standing.unsettled = regime.unsettled


def stall_reason(
    standing: TrainingState, system: FormObjective, optimizer: Optimizer, stopping: StoppingCriteria
) -> str:
    """Return why the method can go no further with this objective, or ""."""
    recent = standing.recent
    if standing.state.stalled:
        return standing.state.stalled
    if optimizer.monotone and len(recent) > stopping.stagnation and system.progress(recent) < 0.001:
        return "stagnation"
    return ""


def reason_to_stop(
    standing: TrainingState, system: FormObjective, optimizer: Optimizer, stopping: StoppingCriteria
) -> str:
    """Return why training ends here, or "" where it goes on."""
    if standing.state.stalled:
        return standing.state.stalled
    if standing.seconds >= stopping.budget:
        return "budget"
    if stopping.iterations is not None and standing.iteration >= stopping.iterations:
        return "iterations"
    if reason := stall_reason(standing, system, optimizer, stopping):
        return reason
    if system.least_squares and standing.iteration and standing.state.loss == 0:
        return "loss is zero"
    # a few rises are chance, or a layer that is just being found: only a lasting departure from the best counts
    if standing.rises >= stopping.rises and system.overfits(standing.previous, standing.best_validation):
        return "validation rises"
    return ""


def validation_interval(optimizer: Optimizer, system: FormObjective, state: State, stopping: StoppingCriteria) -> int:
    """Return the steps between validations: few where steps are long, so that these do not go unwatched."""
    return max(1, min(stopping.check_every, int(MAX_FLOPS_UNVALIDATED / optimizer.step_flops(system, state))))
