"""From a problem and a network to a solution."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import torch

from kinn.config import to_config, to_plain
from kinn.errors import InputError, unknown
from kinn.forms import FormObjective, TrialFunctions, build_objective
from kinn.forms.diagnostics import warn_if_ill_posed
from kinn.metrics import field_errors
from kinn.networks import Architecture
from kinn.optim import Optimizer
from kinn.problem import Problem
from kinn.solution import Solution
from kinn.solver.choices import (
    DTYPES,
    SINGLE_THREAD_BELOW,
    check_options,
    collocation_count,
    positive,
    resolve_network,
    resolve_optimizer,
)
from kinn.solver.findings import identified, quadrature_check, trained_objectives
from kinn.train.checkpoint import Checkpoints
from kinn.train.distributed import count, distribute, rank
from kinn.train.history import HistoryEntry
from kinn.train.loop import CLOCKS, StoppingCriteria
from kinn.train.plans import TrialBuilder, build_plan
from kinn.train.stages import Placing, StageRunner, history
from kinn.training_options import TrainingOptions, option_kinds, resolve_options

#: Validation points for each collocation point.
VALIDATION = 2


def solve(
    problem: Problem,
    network: Architecture | str,
    *,
    form: str = "strong",
    optimizer: Optimizer | str | None = None,
    points: int | None = None,
    budget: float | None = None,
    clock: str = "wall",
    iterations: int | None = None,
    seed: int = 0,
    dtype: str = "float64",
    threads: int | None = None,
    progress: Callable[[HistoryEntry], None] | None = None,
    checkpoint: Checkpoints | Path | str | None = None,
    **options: Any,
) -> Solution:
    """Solve a problem.

    Args:
        problem: What is to be solved.
        network: The network that represents it, or the name of one with the problem's settings.
        form: The form of the equations: "strong", "energy" or "inverse".
        optimizer: A method or its name; None for the problem's own.
        points: The number of interior points, of collocation or of the energy's quadrature; None for the problem's own, or
            four a parameter, ten for an energy.
        budget: Seconds of training; None for the problem's own.
        clock: What they are counted by: "wall", or "cpu" for the processor's, of all threads together, which does not
            depend on what else a machine does.
        iterations: The most steps.
        seed: Fixes initial parameters and points: one seed gives the same run on the same machine.
        dtype: "float64" or "float32".
        threads: CPU threads; None takes one for networks of up to 2,000 parameters, where a second gains little and
            waits in vain as soon as the machine is shared, and torch's setting above. It is set back afterwards.
        progress: Called with a record after each step.
        checkpoint: A file that keeps where the solve stands, from which `kinn.resume` goes on after a kill.
        **options: The fields of `kinn.TrainingOptions`: weights, sampling, causal, batch, time_windows, curriculum and
            ensemble; None for the problem's own.

    Raises:
        InputError: If something asked for cannot be.
        SolveError: If the numbers break down.
    """
    now = CLOCKS.get(clock, time.perf_counter)
    began = now()
    if not isinstance(problem, Problem):
        raise InputError(f"solve takes a kinn.Problem, not {type(problem).__name__}")
    problem = problem.in_form(form)
    if dtype not in DTYPES:
        raise unknown("dtype", dtype, DTYPES)
    if clock not in CLOCKS:
        raise unknown("clock", clock, CLOCKS)
    defaults = problem.defaults
    architecture = resolve_network(problem, network)
    method = resolve_optimizer(optimizer if optimizer is not None else defaults.optimizer)
    stopping = StoppingCriteria(
        budget=positive("budget", budget if budget is not None else defaults.budget),
        clock=clock,
        iterations=None if iterations is None else int(positive("iterations", iterations)),
    )
    for name in options:
        if name not in option_kinds():
            raise unknown("option", name, signature(solve).parameters, "kinn.solve")
    followed = resolve_options(defaults, options)
    check_options(followed, method, form)
    if count() > 1 and (followed.strategies or followed.batch):
        raise InputError("strategies that move or weight points, and mini-batches, are for one process")
    warn_if_ill_posed(problem)
    start = TrialBuilder(problem, architecture, seed, DTYPES[dtype])
    route = build_plan(start, followed)
    sample = start.trial()
    points = collocation_count(sample) if points is None else points
    if isinstance(checkpoint, Checkpoints):
        keeper = checkpoint
    else:
        config = {
            "problem": {"name": problem.name},
            "network": to_config(architecture),
            "optimizer": to_config(method),
            "form": form,
            "points": points,
            "budget": stopping.budget,
            "clock": clock,
            "iterations": stopping.iterations,
            "seed": seed,
            "dtype": dtype,
            **followed.to_config(),
        }
        keeper = Checkpoints.in_file(None if rank() else checkpoint, to_plain(config))
    before = torch.get_num_threads()
    if threads is None:
        threads = (keeper.before or {}).get("threads") or (
            1 if sample.parameter_count <= SINGLE_THREAD_BELOW else before
        )
    torch.set_num_threads(int(positive("threads", threads)))
    try:
        place = _placed(points, seed)
        outcomes = StageRunner(place, method, stopping, keeper, followed, seed, progress).travel(route)
        fields = route.fields()
        systems = trained_objectives(fields, place)
        unknowns = identified(systems)
    finally:
        torch.set_num_threads(before)
    records = history(route, outcomes)
    return Solution(
        problem=fields.problem,
        form=form,
        network=architecture,
        optimizer=method.name,
        seed=seed,
        dtype=dtype,
        device="cpu",
        backend=sample.backend,
        parameters=fields.parameter_count,
        iterations=len(records),
        seconds=keeper.seconds_before + now() - began,
        stopped=", ".join(dict.fromkeys(outcome.stopped for outcome in outcomes)),
        loss=route.loss([outcome.loss for outcome in outcomes]),
        errors=field_errors(fields),
        history=records,
        fields=fields,
        unknowns=unknowns,
        quadrature=quadrature_check(systems, records),
        bem=field_errors(direct)
        if isinstance(fields, TrialFunctions) and (direct := fields.direct_solution()) is not None
        else {},
    )


# what editors, `help` and the documentation show: the training options by name
_SIGNATURE = signature(solve)
solve.__signature__ = _SIGNATURE.replace(  # type: ignore[attr-defined]
    parameters=[
        *(p for p in _SIGNATURE.parameters.values() if p.kind is not Parameter.VAR_KEYWORD),
        *(
            Parameter(option.name, Parameter.KEYWORD_ONLY, default=None, annotation=option.type)
            for option in fields(TrainingOptions)
        ),
    ]
)


def _placed(points: int, seed: int) -> Placing:
    """Return what places the points that are trained on, and those of validation: of an energy, those of its guard."""

    def place(trial: TrialFunctions, offset: int) -> tuple[FormObjective, FormObjective]:
        training = build_objective(trial, points=points, seed=seed + offset)
        if training.guard is not None:
            return distribute(training), training.guard
        return distribute(training), distribute(
            build_objective(trial, points=VALIDATION * points, seed=seed + offset + 7_919)
        )

    return place
