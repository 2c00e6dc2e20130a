"""A problem of ours solved by DeepXDE, for a comparison beside our own solves: Adam, then L-BFGS, as its examples do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch

from kinn.baselines.deepxde_problem import as_deepxde_net, deepxde, softened, to_deepxde
from kinn.errors import SolveError
from kinn.forms import DomainTrial
from kinn.metrics import field_errors
from kinn.networks import Architecture
from kinn.problem import Problem
from kinn.solution import Solution
from kinn.solver import DTYPES
from kinn.train.error_monitor import ErrorMonitor
from kinn.train.loop import CLOCKS
from kinn.train.state import HistoryEntry

#: The share of the budget, or of the iterations, that Adam has before L-BFGS.
ADAM = 0.6

#: The rate of Adam in DeepXDE's examples.
RATE = 1e-3


#: The iterations of L-BFGS that DeepXDE makes between two looks at the clock.
STEPS = 20


def check(problem: Problem) -> None:
    """Refuse what DeepXDE has no way to state.

    Raises:
        InputError: Names it.
    """
    softened(problem)


class _Ended(Exception):
    """The time is up."""


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
    """Solve a problem with DeepXDE: its nested derivatives and its optimisers, our residuals, points and network.

    Args:
        problem: What is to be solved.
        network: The network.
        points: Interior points.
        budget: Seconds, of which Adam has the first 60 %.
        clock: What they are counted by.
        iterations: The most steps.
        seed: Fixes initial parameters and points.
        dtype: "float64" or "float32".
        threads: CPU threads; None for torch's setting.
        progress: Called with a record after each step.

    Raises:
        InputError: If DeepXDE is not installed, or cannot state the problem.
        SolveError: If the numbers break down.
    """
    stated = softened(problem)
    now = CLOCKS[clock]
    before = torch.get_default_dtype(), torch.get_num_threads()
    dde = deepxde()
    torch.set_default_device("cpu")  # importing it may have set another, for every library in this process
    try:
        torch.set_num_threads(threads or before[1])
        dde.config.set_default_float(dtype)
        dde.config.set_random_seed(seed)
        began = now()
        trial = DomainTrial(stated, network, seed=seed, dtype=DTYPES[dtype])
        net = as_deepxde_net(trial.network(next(iter(stated.subdomains))))
        model = dde.Model(to_deepxde(stated, points=points, seed=seed), net)
        history, stopped = _trained(dde, model, trial, now, began, budget, iterations, progress)
    finally:
        torch.set_default_dtype(before[0])
        torch.set_num_threads(before[1])
    if not bool(torch.isfinite(trial.flat.get()).all()):
        raise SolveError("DeepXDE came to parameters that are not finite")
    return Solution(
        problem=replace(problem, conditions=stated.conditions),
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


def _trained(
    dde: Any,
    model: Any,
    trial: DomainTrial,
    now: Callable[[], float],
    began: float,
    budget: float,
    iterations: int | None,
    progress: Callable[[HistoryEntry], None] | None,
) -> tuple[list[HistoryEntry], str]:
    """Train with Adam and then with L-BFGS; return the history and why it ended."""
    history: list[HistoryEntry] = []
    watch = ErrorMonitor(trial)
    lost = 0.0

    class Recorder(dde.callbacks.Callback):  # type: ignore[misc]
        """Records every step, and ends a stage at its share."""

        def __init__(self, stage: str, until: float, last: int | None) -> None:
            super().__init__()
            self.stage, self.until, self.last = stage, until, last

        def on_epoch_end(self) -> None:
            nonlocal lost
            seconds = now() - began - lost
            state = self.model.train_state
            loss = float("nan") if state.loss_train is None else float(sum(state.loss_train))
            asked = now()
            measured = watch.measure(trial.flat.get(), seconds)
            lost += now() - asked
            history.append(HistoryEntry(self.stage, int(state.step), seconds, loss, errors=measured))
            if progress is not None:
                progress(history[-1])
            if seconds >= self.until or (self.last is not None and state.step >= self.last):
                self.model.stop_training = True
                raise _Ended

    most = 10**7 if iterations is None else iterations
    first = max(1, round(ADAM * most))
    model.compile("adam", lr=RATE, verbose=0)
    with suppress(_Ended):
        model.train(iterations=first, callbacks=[Recorder("adam", ADAM * budget, first)], display_every=100, verbose=0)
    rest = most - history[-1].iteration
    if rest < 1:
        return history, "iterations"
    dde.optimizers.config.set_LBFGS_options(maxiter=rest, ftol=0, gtol=0, maxls=50)
    dde.optimizers.config.LBFGS_options["iter_per_step"] = min(STEPS, rest)
    model.compile("L-BFGS", verbose=0)
    model.stop_training = False
    try:
        model.train(callbacks=[Recorder("l-bfgs", budget, None)], display_every=100, verbose=0)
    except _Ended:
        return history, "budget"
    return history, "iterations" if history[-1].iteration >= most else "converged"
