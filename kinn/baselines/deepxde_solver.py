"""A problem solved by DeepXDE, for a comparison: Adam, then L-BFGS, as in its examples."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch

from kinn.baselines.deepxde_problem import as_deepxde_net, check, deepxde, to_deepxde, with_soft_conditions
from kinn.errors import SolveError
from kinn.forms import DomainTrial
from kinn.metrics import field_errors
from kinn.networks import Architecture
from kinn.problem import Problem
from kinn.solution import Solution
from kinn.solver import DTYPES, torch_threads
from kinn.train.error_monitor import ErrorMonitor
from kinn.train.loop import CLOCKS
from kinn.train.state import HistoryEntry

#: The fraction of the budget, or of the iterations, for Adam before L-BFGS.
ADAM_FRACTION = 0.6

#: The learning rate of Adam in DeepXDE's examples.
LEARNING_RATE = 1e-3

#: The iterations of L-BFGS between two readings of the clock.
STEPS_PER_READING = 20

__all__ = ["check", "solve"]


class _StageEnd(Exception):
    """The time or the iterations of a stage are used up."""


def solve(
    problem: Problem,
    network: Architecture,
    *,
    points: int,
    budget: float,
    clock: str = "wall",
    iterations: int | None = None,
    seed: int = 0,
    dtype: str = "float64",
    threads: int | None = None,
    progress: Callable[[HistoryEntry], None] | None = None,
    **_: Any,
) -> Solution:
    """Solve a problem with DeepXDE's nested derivatives and optimisers, and KINN's residuals, points and network.

    The arguments are those of `kinn.solve`; Adam has the first 60 % of the budget.

    Raises:
        InputError: If DeepXDE is not installed, or cannot state the problem.
        SolveError: If the numbers break down.
    """
    soft = with_soft_conditions(problem)
    now = CLOCKS[clock]
    dtype_before, dde = torch.get_default_dtype(), deepxde()
    torch.set_default_device("cpu")  # importing it may have set another, for every library in this process
    try:
        with torch_threads(threads):
            dde.config.set_default_float(dtype)
            dde.config.set_random_seed(seed)
            began = now()
            trial = DomainTrial(soft, network, seed=seed, dtype=DTYPES[dtype])
            net = as_deepxde_net(trial.network(next(iter(soft.subdomains))))
            model = dde.Model(to_deepxde(soft, points=points, seed=seed), net)
            history, stopped = _train(dde, model, trial, now, began, budget, iterations, progress)
    finally:
        torch.set_default_dtype(dtype_before)
    if not bool(torch.isfinite(trial.flat.get()).all()):
        raise SolveError("DeepXDE came to parameters that are not finite")
    return Solution(
        problem=replace(problem, conditions=soft.conditions),
        form="strong",
        network=network,
        optimizer="adam, l-bfgs",
        seed=seed,
        dtype=dtype,
        device="cpu",
        backend=f"deepxde {dde.__version__}",
        parameters=trial.parameter_count,
        iterations=history[-1].iteration if history else 0,
        seconds=now() - began,
        stopped=stopped,
        loss=history[-1].loss if history else float("nan"),
        errors=field_errors(trial),
        history=tuple(history),
        fields=trial,
    )


def _train(
    dde: Any,
    model: Any,
    trial: DomainTrial,
    now: Callable[[], float],
    began: float,
    budget: float,
    iterations: int | None,
    progress: Callable[[HistoryEntry], None] | None,
) -> tuple[list[HistoryEntry], str]:
    """Train with Adam, then with L-BFGS: the history, and why training stopped."""
    history: list[HistoryEntry] = []
    monitor = ErrorMonitor(trial)
    monitoring = 0.0  # seconds, which do not count

    class StageRecorder(dde.callbacks.Callback):  # type: ignore[misc]
        """Records every step, and ends a stage when its time or its iterations are used up."""

        def __init__(self, stage: str, until: float, last: int | None) -> None:
            super().__init__()
            self.stage, self.until, self.last = stage, until, last

        def on_epoch_end(self) -> None:
            nonlocal monitoring
            seconds = now() - began - monitoring
            state = self.model.train_state
            loss = float("nan") if state.loss_train is None else float(sum(state.loss_train))
            started = now()
            errors = monitor.measure(trial.flat.get(), seconds)
            monitoring += now() - started
            history.append(HistoryEntry(self.stage, int(state.step), seconds, loss, errors=errors))
            if progress is not None:
                progress(history[-1])
            if seconds >= self.until or (self.last is not None and state.step >= self.last):
                self.model.stop_training = True
                raise _StageEnd

    limit = 10**7 if iterations is None else iterations
    first = max(1, round(ADAM_FRACTION * limit))
    model.compile("adam", lr=LEARNING_RATE, verbose=0)
    recorder = StageRecorder("adam", ADAM_FRACTION * budget, first)
    with suppress(_StageEnd):
        model.train(iterations=first, callbacks=[recorder], display_every=100, verbose=0)
    remaining = limit - history[-1].iteration
    if remaining < 1:
        return history, "iterations"
    dde.optimizers.config.set_LBFGS_options(maxiter=remaining, ftol=0, gtol=0, maxls=50)
    dde.optimizers.config.LBFGS_options["iter_per_step"] = min(STEPS_PER_READING, remaining)
    model.compile("L-BFGS", verbose=0)
    model.stop_training = False
    try:
        model.train(callbacks=[StageRecorder("l-bfgs", budget, None)], display_every=100, verbose=0)
    except _StageEnd:
        return history, "budget"
    return history, "iterations" if history[-1].iteration >= limit else "converged"
