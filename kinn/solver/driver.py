"""From a problem and a network to a solution."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch

from kinn.config import to_config, to_plain
from kinn.errors import InputError, unknown
from kinn.forms import BoundaryTrial, EnergyObjective, FormObjective, Nystrom, TrialFunctions
from kinn.forms.diagnostics import warn_of_doubts
from kinn.metrics import field_errors
from kinn.networks import Architecture
from kinn.optim import Optimizer
from kinn.problem import Problem
from kinn.solution import Solution
from kinn.solver.choices import (
    DTYPES,
    FORMS,
    SINGLE_THREAD_BELOW,
    collocation_count,
    positive,
    reject_strong_only,
    resolve_network,
    resolve_optimizer,
)
from kinn.solver.findings import identified, quadrature_check, trained_objectives
from kinn.train.checkpoint import Checkpoints
from kinn.train.distributed import count, distribute, rank
from kinn.train.history import HistoryEntry
from kinn.train.loop import CLOCKS, StoppingCriteria
from kinn.train.options import resolve_options
from kinn.train.plans import TrialBuilder
from kinn.train.plans.curriculum import Values
from kinn.train.stages import Placing, StageRunner, history
from kinn.train.strategies import Causal, Sampling, Weighting

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
    weights: Weighting | str | None = None,
    sampling: Sampling | str | None = None,
    causal: Causal | bool | None = None,
    batch: int | None = None,
    slabs: int | None = None,
    curriculum: Values | None = None,
    ensemble: int | None = None,
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
        weights: How terms and points are weighted: `NTK()`, `GradientNorm()`, `ResidualAttention()`, `SelfAdaptive()`,
            `FixedWeights(...)`, or the name of one; "measure" for the mean squares alone; None for the problem's own.
        sampling: How points are moved while training goes on: `RAD()`, `RARD()` or a name, "none" not to; None for the
            problem's own.
        causal: Whether late times count only once early ones are learnt: `Causal(...)`, or True; None for the problem's own.
        batch: The number of interior points that each step sees, for Adam; None for all.
        slabs: Cuts the time into so many intervals, each solved from where the last one ended with a network of its own;
            None for the problem's own number, which mostly is 1.
        curriculum: The values that a constant of the problem takes one after the other, `{"re": (100, 400, 1000)}`, each
            training starting from the weights of the last.
        ensemble: Solves with so many seeds, each in the time given, and returns the mean, and the standard deviation as
            `solution.std`.

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
    followed = resolve_options(
        defaults,
        weights=weights,
        sampling=sampling,
        causal=causal,
        batch=batch,
        slabs=slabs,
        curriculum=curriculum,
        ensemble=ensemble,
    )
    followed.check(method)
    if count() > 1 and (followed.strategies or followed.batch):
        raise InputError("strategies that move or weight points, and mini-batches, are for one process")
    if form != "strong":
        reject_strong_only(followed, form)
    warn_of_doubts(problem)
    start = TrialBuilder(problem, architecture, seed, DTYPES[dtype])
    route = followed.route(start)
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
        place = _placed(FORMS[form], points, seed)
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
        bem=field_errors(Nystrom(fields))
        if isinstance(fields, BoundaryTrial) and fields.main.solution is not None
        else {},
    )


def _placed(form: Callable[..., FormObjective], points: int, seed: int) -> Placing:
    """Return what places the points that are trained on, and those of validation: of an energy, those of its guard."""

    def place(trial: TrialFunctions, offset: int) -> tuple[FormObjective, FormObjective]:
        training = form(trial, points=points, seed=seed + offset)
        if isinstance(training, EnergyObjective) and training.guard is not None:
            return distribute(training), training.guard
        return distribute(training), distribute(form(trial, points=VALIDATION * points, seed=seed + offset + 7_919))

    return place
