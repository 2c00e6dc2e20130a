"""The training loop: steps, validates on fresh points, keeps the best, and says why it stopped."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from kinn.errors import SolveError
from kinn.forms import ResidualSystem
from kinn.optim import Optimizer
from kinn.training.record import Record

#: How often the run goes back to the last good state before it gives up on numbers that are not finite.
ROLLBACKS = 3


@dataclass(frozen=True)
class Stopping:
    """When training ends.

    Attributes:
        budget: Seconds.
        iterations: Steps, None for no limit.
        check_every: Steps between validations.
        rises: Training stops after this many validations in a row that rise, at twice the best or more.
        stagnation: Training stops when the loss falls by less than 0.1 % over this many steps.
    """

    budget: float = 60.0
    iterations: int | None = None
    check_every: int = 20
    rises: int = 6
    stagnation: int = 50


@dataclass(frozen=True)
class Outcome:
    """What training came to.

    Attributes:
        theta: The best validated parameters (P,).
        loss: The training loss there.
        stopped: Why it stopped.
        history: One record a step.
        seconds: Wall-clock time.
    """

    theta: Tensor
    loss: float
    stopped: str
    history: tuple[Record, ...]
    seconds: float


def train(
    system: ResidualSystem,
    validation: ResidualSystem,
    optimizer: Optimizer,
    stopping: Stopping,
    progress: Callable[[Record], None] | None = None,
) -> Outcome:
    """Minimise the loss of a system.

    Args:
        system: The residuals at the collocation points.
        validation: The same residuals at fresh points.
        optimizer: The method.
        stopping: When to end.
        progress: Called with each record.

    Raises:
        SolveError: If the loss stays not finite; names the term.
    """
    began = time.perf_counter()
    theta = system.start()
    if not math.isfinite(system.loss(theta)):
        raise SolveError(f"the loss is not finite at the start: {blamed_term(system, theta)}")
    state = optimizer.start(system, theta)
    best = (validation.loss(theta), theta, state.loss)
    history: list[Record] = []
    recent: deque[float] = deque(maxlen=stopping.stagnation + 1)
    rises, previous, rollbacks, stopped = 0, best[0], 0, ""
    checked = time.perf_counter()
    while not stopped:
        state = optimizer.step(system, state)
        iteration = len(history) + 1
        seconds = time.perf_counter() - began
        if not math.isfinite(state.loss):
            rollbacks += 1
            if rollbacks > ROLLBACKS:
                raise SolveError(f"the loss is not finite after {iteration} steps: {blamed_term(system, state.theta)}")
            state = optimizer.start(system, best[1])
            continue
        recent.append(state.loss)
        if state.stalled:
            stopped = state.stalled
        elif seconds >= stopping.budget:
            stopped = "budget"
        elif stopping.iterations is not None and iteration >= stopping.iterations:
            stopped = "iterations"
        elif optimizer.monotone and len(recent) == recent.maxlen and recent[-1] > 0.999 * recent[0]:
            stopped = "stagnation"
        elif state.loss == 0:
            stopped = "loss is zero"
        measured = None
        # at fixed steps, but not so often that cheap steps wait for it, nor so seldom that long ones go unwatched
        if stopped or iteration % stopping.check_every == 0 or time.perf_counter() - checked > 5.0:
            measured = validation.loss(state.theta)
            checked = time.perf_counter()
            if measured < best[0]:
                best = (measured, state.theta, state.loss)
            rises = rises + 1 if measured > previous else 0
            previous = measured
            # a few rises are chance, or a layer that is just being found: only a lasting departure from the best counts
            if rises >= stopping.rises and not stopped and measured > 2 * best[0]:
                stopped = "validation rises"
        record = Record(state.stage or optimizer.name, iteration, seconds, state.loss, measured, state.detail)
        history.append(record)
        if progress is not None:
            progress(record)
    return Outcome(best[1], best[2], stopped, tuple(history), time.perf_counter() - began)


def blamed_term(system: ResidualSystem, theta: Tensor) -> str:
    """Return which terms are not finite at theta, and at which points."""
    shares = system.term_losses(theta)
    bad = [name for name, loss in shares.items() if not math.isfinite(loss)]
    if not bad:
        return "the sum of all terms overflows"
    where = system.first_bad_point(theta)
    return f"{', '.join(bad)}" + (f", first at {where}" if where else "")
