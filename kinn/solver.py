"""From a problem and a network to a solution: arguments, plan, training, solution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from kinn.arguments import (
    check_options,
    check_tolerance,
    choice,
    positive,
    resolve_grown_network,
    resolve_growth,
    resolve_network,
    resolve_optimizer,
)
from kinn.config import to_config, to_plain
from kinn.errors import InputError, unknown
from kinn.fields import TIME
from kinn.forms import FormObjective, TrialFunctions, build_objective
from kinn.forms.diagnostics import warn_if_ill_posed
from kinn.metrics import FieldEvaluator, field_errors
from kinn.networks import Architecture
from kinn.optim import Optimizer
from kinn.problem import Problem
from kinn.solution import Solution
from kinn.train.callbacks import Callback, HistoryFunction
from kinn.train.checkpoint import Checkpoints
from kinn.train.distributed import distribute
from kinn.train.loop import CLOCKS, StoppingCriteria
from kinn.train.plans import build_plan
from kinn.train.plans.plan import TrainingPlan
from kinn.train.stages import joined_history, train_stages
from kinn.train.state import HistoryEntry, TrainingResult
from kinn.training_options import TrainingOptions, option_kinds, resolve_options

if TYPE_CHECKING:  # few problems have unknowns
    from kinn.forms.strong.identification import Estimate
    from kinn.train.error_estimate import ErrorEstimate

#: The precisions by name.
DTYPES = {"float64": torch.float64, "float32": torch.float32}

#: The most corrections of fields whose networks grew.
GROWTH_CORRECTIONS = 2

#: The fractions of the work of training that a least-squares problem of a correction may take: where corrections are asked
#: for, and after growth.
CORRECTION_SHARE, GROWTH_CORRECTION_SHARE = 0.5, 0.02

#: Validation points for each collocation point.
VALIDATION_FACTOR = 2

#: Up to this many validation points there are twice as many, whose noise is lower.
FEW_VALIDATION_POINTS = 4000

#: What is added to the seed for validation points.
VALIDATION_SEED_OFFSET = 7_919

#: Up to this many parameters one thread does as well as several.
SINGLE_THREAD_BELOW = 2000


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
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoints | Path | str | None = None,
    **options: Any,
) -> Solution:
    """Solve a problem.

    Args:
        problem: The problem.
        network: The network that represents the solution, or the name of one: with the problem's settings, or without any,
            to grow from a small one.
        form: The form of the equations: "strong", "energy" or "inverse".
        optimizer: A method or its name; None for that of the problem.
        points: The number of interior points, of collocation or of the energy's quadrature; None for that of the problem,
            or in proportion to the parameters: four each, ten for an energy, five where the network grows.
        budget: Seconds of training; None for those of the problem.
        clock: The clock that they are counted by: "wall", or "cpu" for CPU time, of all threads together, which does not
            depend on what else a machine does.
        iterations: The most steps.
        seed: Fixes initial parameters and points: one seed gives the same run on the same machine.
        dtype: "float64" or "float32".
        threads: CPU threads; None takes one for networks of up to 2,000 parameters, where a second gains little and
            waits in vain as soon as the machine is shared, and torch's setting above. It is set back afterwards.
        progress: Called with the last `HistoryEntry` after each step.
        callbacks: Objects that follow the training and may stop it, see `kinn.Callback`.
        checkpoint: A file that keeps the state of the solve, from which `kinn.resume` continues after a kill.
        **options: The fields of `kinn.TrainingOptions`: weights, sampling, causal, batch, time_windows, curriculum and
            ensemble; None for those of the problem.

    Raises:
        InputError: If something asked for is not possible.
        SolveError: If the numbers break down.
    """
    now = choice("clock", clock, CLOCKS)
    began = now()
    if not isinstance(problem, Problem):
        raise InputError(f"solve takes a kinn.Problem, not {type(problem).__name__}")
    problem = problem.in_form(form)
    defaults = problem.defaults
    precision = choice("dtype", dtype, DTYPES)
    named, network = network, resolve_network(problem, network)
    optimizer = resolve_optimizer(defaults.optimizer if optimizer is None else optimizer)
    stopping = StoppingCriteria(
        budget=positive("budget", defaults.budget if budget is None else budget),
        clock=clock,
        iterations=None if iterations is None else int(positive("iterations", iterations)),
    )
    for name in options:
        if name not in option_kinds():
            raise unknown("option", name, signature(solve).parameters, "kinn.solve")
    training = resolve_options(defaults, options)
    training = resolve_growth(problem, named, optimizer, training, options.get("growth"))
    network = resolve_grown_network(named, network, training)
    check_options(training, optimizer, form)
    check_tolerance(training, dtype)
    if not isinstance(callbacks, Sequence):
        raise InputError(f"callbacks is a list of kinn.Callback objects, not {callbacks!r}")
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise InputError(f"callbacks are kinn.Callback objects, not {callback!r}")
    if progress is not None and not callable(progress):
        raise InputError(f"progress is a function of a history entry, not {progress!r}")
    warn_if_ill_posed(problem)
    if getattr(network, "spread", None) == "auto":
        from kinn.train.spread_sweep import with_spread

        network = with_spread(problem, network, seed=seed, dtype=precision)
    plan = build_plan(
        problem, network, training, stopping, points=points or defaults.points, seed=seed, dtype=precision
    )
    if threads is None and isinstance(checkpoint, Checkpoints):
        threads = checkpoint.saved.get("threads")
    with torch_threads(threads):
        trial = plan.trial(0)
        if threads is None and trial.parameter_count <= SINGLE_THREAD_BELOW:
            torch.set_num_threads(1)
        if points is None and not training.growth:
            points = collocation_count(trial)
        if checkpoint is None:
            checkpoint = Checkpoints(None)
        elif not isinstance(checkpoint, Checkpoints):
            config = {
                "problem": {"name": problem.name}, "form": form, "points": points, "seed": seed, "dtype": dtype,
                "network": to_config(network), "optimizer": to_config(optimizer),
                "budget": stopping.budget, "clock": clock, "iterations": stopping.iterations, **training.to_config(),
            }  # fmt: skip
            checkpoint = Checkpoints.in_file(checkpoint, to_plain(config))
        followers = [*callbacks, *([HistoryFunction(progress)] if progress else [])]
        if training.tolerance is not None:
            from kinn.train.tolerance import ToleranceCheck

            followers.append(ToleranceCheck(training.tolerance, seed=seed, now=now))
        results = train_stages(
            plan, partial(_build_objectives, points=points, seed=seed, pde_weight=training.pde_weight), optimizer, stopping, training, seed=seed,
            checkpoints=checkpoint, callbacks=followers,
        )  # fmt: skip
        fields, final = plan.fields(), [results[n] for n in plan.final_stages]
        work = sum(result.work for result in results)
        by_default = GROWTH_CORRECTIONS if training.growth else 0
        if corrections := by_default if training.corrections is None else training.corrections:
            from kinn.train.multi_stage import add_corrections

            share = CORRECTION_SHARE if training.corrections else GROWTH_CORRECTION_SHARE
            fields, final = add_corrections(fields, final, corrections, work=share * work, seed=seed)
        _warn_of_departures(problem, final)
        unknowns = _identified_constants(problem, final)
        estimate = None if training.estimate is False else _estimated_error(fields, final, work, seed, now)
    seconds = checkpoint.seconds_before + now() - began
    trained = plan.trials[plan.final_stages[-1]].architecture
    settings = {"form": form, "network": trained, "optimizer": optimizer.name, "seed": seed, "dtype": dtype}
    tolerance = training.tolerance
    return _solution(
        plan, results, fields, final, tolerance, unknowns=unknowns, estimate=estimate, seconds=seconds, **settings
    )


# what editors, `help` and the documentation show: the training options by name
_SIGNATURE = signature(solve)
solve.__signature__ = _SIGNATURE.replace(  # type: ignore[attr-defined]
    parameters=[
        *(p for p in _SIGNATURE.parameters.values() if p.kind is not Parameter.VAR_KEYWORD),
        *(Parameter(f.name, Parameter.KEYWORD_ONLY, default=None, annotation=f.type) for f in fields(TrainingOptions)),
    ]
)


def collocation_count(trial: TrialFunctions) -> int:
    """Number of interior points by default: that of the problem, or in proportion to the number of parameters."""
    defaults = trial.problem.defaults
    in_proportion = int(defaults.points_per_parameter * trial.parameter_count / len(trial.problem.names))
    if len(trial.last_layer()) == trial.parameter_count:
        # points of a problem suit networks of few parameters: least squares of many coefficients would fit them alone
        return max(defaults.points or 256, in_proportion)
    return defaults.points or max(256, in_proportion)


@contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Set the number of CPU threads, None for that of now, and set it back at the end of the block."""
    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(int(positive("threads", threads)))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _build_objectives(
    trial: TrialFunctions,
    seed_offset: int,
    stage_points: int | None,
    *,
    points: int | None,
    seed: int,
    pde_weight: float | None,
) -> tuple[FormObjective, FormObjective]:
    """Objective that is trained and that of validation: of an energy, its guard."""
    seed, points = seed + seed_offset, stage_points or points
    assert points is not None
    objective = build_objective(trial, points=points, seed=seed, pde_weight=pde_weight)
    if objective.guard is not None:
        return distribute(objective), objective.guard
    validation = build_objective(
        trial,
        points=max(VALIDATION_FACTOR * points, min(2 * VALIDATION_FACTOR * points, FEW_VALIDATION_POINTS)),
        seed=seed + VALIDATION_SEED_OFFSET,
        pde_weight=pde_weight,
        like=objective,
    )
    return distribute(objective), distribute(validation)


def _warn_of_departures(problem: Problem, final: Sequence[TrainingResult]) -> None:
    """Warn of trajectories that leave their equation for a short while."""
    if TIME in problem.coordinates and problem.defaults.form == "strong":
        from kinn.train.trajectories import warn_of_departures

        warn_of_departures(final)


def _identified_constants(problem: Problem, final: Sequence[TrainingResult]) -> dict[str, Estimate]:
    """Unknown constants by name, their estimates combined where several seeds were solved with."""
    if not problem.unknown_constants:
        return {}
    from kinn.train.constants import identified_constants

    return identified_constants(final)


def _estimated_error(
    fields: FieldEvaluator, final: Sequence[TrainingResult], work: float, seed: int, now: Callable[[], float]
) -> ErrorEstimate | None:
    """Estimated error of the trained fields, None where there is no estimate."""
    from kinn.train.error_estimate import estimate_error

    return estimate_error(fields, final, work=work, seed=seed, now=now)


def _solution(
    plan: TrainingPlan,
    results: Sequence[TrainingResult],
    fields: FieldEvaluator,
    final: Sequence[TrainingResult],
    tolerance: float | None,
    **arguments: Any,
) -> Solution:
    """Solution of a plan whose stages are trained, with the arguments of the solve.

    Args:
        plan: The plan.
        results: The trainings of all stages.
        fields: The solution.
        final: The trainings of the fields that it consists of.
        tolerance: The error asked for.
        **arguments: Further attributes of the solution.
    """
    history = joined_history(plan, results)
    rejected = sum(int(entry.detail.get("rejected", 0)) for entry in history)
    checks = [result.objective.quadrature_check(result.theta, rejected) for result in final]
    direct = fields.direct_solution() if isinstance(fields, TrialFunctions) else None
    return Solution(
        problem=fields.problem,
        device="cpu",
        backend=plan.trial(0).backend,
        parameters=fields.parameter_count,
        iterations=len(history),
        stopped=plan.stopped(results),
        loss=sum(result.loss for result in final) / len(final),
        errors=field_errors(fields),
        history=history,
        fields=fields,
        quadrature=max((check for check in checks if check is not None), key=lambda check: check.gap, default=None),
        bem={} if direct is None else field_errors(direct),
        tolerance=tolerance,
        **arguments,
    )
