"""From a problem and a network to a solution: arguments, plan, training, solution."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from kinn.config import to_config, to_plain
from kinn.errors import InputError, unknown
from kinn.forms import FormObjective, ResidualObjective, TrialFunctions, build_objective
from kinn.forms.diagnostics import warn_if_ill_posed
from kinn.metrics import field_errors
from kinn.networks import NETWORKS, Architecture
from kinn.optim import OPTIMIZERS, Optimizer
from kinn.problem import Problem
from kinn.solution import Solution
from kinn.train.callbacks import Callback, HistoryFunction
from kinn.train.checkpoint import Checkpoints
from kinn.train.distributed import distribute, process_count, rank
from kinn.train.loop import CLOCKS, StoppingCriteria
from kinn.train.plans import build_plan
from kinn.train.plans.plan import TrainingPlan
from kinn.train.stages import ObjectiveFactory, joined_history, train_stages
from kinn.train.state import HistoryEntry, TrainingResult
from kinn.training_options import TrainingOptions, option_kinds, resolve_options

if TYPE_CHECKING:  # few problems have unknowns
    from kinn.forms.strong.identification import Estimate

#: Settings of networks by name in forms that the library's defaults do not suit: one per edge, of one coordinate.
FORM_SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "inverse": {"kan": {"width": (4,), "grid": 6, "degree": 5}, "mlp": {"width": (10,)}}
}

#: The precisions by name.
DTYPES = {"float64": torch.float64, "float32": torch.float32}

#: Validation points for each collocation point.
VALIDATION_FACTOR = 2

#: What is added to the seed for validation points.
VALIDATION_SEED_OFFSET = 7_919

#: Up to this many parameters one thread does as well as several.
SINGLE_THREAD_BELOW = 2000

Choice = TypeVar("Choice")


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
        network: The network that represents the solution, or the name of one with the problem's settings.
        form: The form of the equations: "strong", "energy" or "inverse".
        optimizer: A method or its name; None for the problem's own.
        points: The number of interior points, of collocation or of the energy's quadrature; None for the problem's own, or
            four per parameter, ten for an energy.
        budget: Seconds of training; None for the problem's own.
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
            ensemble; None for the problem's own.

    Raises:
        InputError: If something asked for is not possible.
        SolveError: If the numbers break down.
    """
    now = CLOCKS.get(clock, time.perf_counter)
    began = now()
    arguments = _resolve(problem, network, form, optimizer, budget, clock, iterations, seed, dtype, callbacks, options)
    plan = build_plan(arguments.problem, arguments.network, arguments.options, seed=seed, dtype=DTYPES[dtype])
    with _torch_threads(_saved_threads(checkpoint) if threads is None else threads) as limit_threads:
        trial = plan.trial(0)
        limit_threads(trial.parameter_count)
        points = collocation_count(trial) if points is None else points
        checkpoints = _checkpoints(checkpoint, arguments, points)
        results = train_stages(
            plan, _objective_factory(points, seed), arguments.optimizer, arguments.stopping, arguments.options,
            seed=seed, checkpoints=checkpoints, callbacks=[*callbacks, *map(HistoryFunction, [progress] if progress else [])],
        )  # fmt: skip
        unknowns = _identified_constants(plan, results)
    return _solution(arguments, plan, results, unknowns, seconds=checkpoints.seconds_before + now() - began)


# what editors, `help` and the documentation show: the training options by name
_SIGNATURE = signature(solve)
solve.__signature__ = _SIGNATURE.replace(  # type: ignore[attr-defined]
    parameters=[
        *(p for p in _SIGNATURE.parameters.values() if p.kind is not Parameter.VAR_KEYWORD),
        *(Parameter(f.name, Parameter.KEYWORD_ONLY, default=None, annotation=f.type) for f in fields(TrainingOptions)),
    ]
)


@dataclass(frozen=True)
class _Arguments:
    """Resolved arguments of a solve."""

    problem: Problem
    network: Architecture
    optimizer: Optimizer
    form: str
    stopping: StoppingCriteria
    options: TrainingOptions
    seed: int
    dtype: str

    def config(self, points: int) -> dict[str, Any]:
        """Configuration of the solve, as checkpoints hold it."""
        settings = {
            "problem": {"name": self.problem.name}, "form": self.form, "points": points, "seed": self.seed,
            "network": to_config(self.network), "optimizer": to_config(self.optimizer), "dtype": self.dtype,
            "budget": self.stopping.budget, "clock": self.stopping.clock, "iterations": self.stopping.iterations,
        }  # fmt: skip
        plain: dict[str, Any] = to_plain(settings | self.options.to_config())
        return plain


def _resolve(
    problem: Problem,
    network: Architecture | str,
    form: str,
    optimizer: Optimizer | str | None,
    budget: float | None,
    clock: str,
    iterations: int | None,
    seed: int,
    dtype: str,
    callbacks: Sequence[Callback],
    options: Mapping[str, Any],
) -> _Arguments:
    """Arguments with names as objects, and the problem's defaults for what is not stated.

    Raises:
        InputError: If one of them is not possible.
    """
    if not isinstance(problem, Problem):
        raise InputError(f"solve takes a kinn.Problem, not {type(problem).__name__}")
    problem = problem.in_form(form)
    defaults = problem.defaults
    _named("dtype", dtype, DTYPES)
    _named("clock", clock, CLOCKS)
    architecture = resolve_network(problem, network)
    method = resolve_optimizer(optimizer if optimizer is not None else defaults.optimizer)
    stopping = StoppingCriteria(
        budget=_positive("budget", budget if budget is not None else defaults.budget),
        clock=clock,
        iterations=None if iterations is None else int(_positive("iterations", iterations)),
    )
    for name in options:
        if name not in option_kinds():
            raise unknown("option", name, signature(solve).parameters, "kinn.solve")
    training = resolve_options(defaults, options)
    check_options(training, method, form)
    if process_count() > 1 and (training.strategies or training.batch):
        raise InputError("strategies that move or weight points, and mini-batches, are for one process")
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise InputError(f"callbacks are kinn.Callback objects, not {callback!r}")
    warn_if_ill_posed(problem)
    return _Arguments(problem, architecture, method, form, stopping, training, seed, dtype)


def collocation_count(trial: TrialFunctions) -> int:
    """Number of interior points by default: the problem's own, or in proportion to the number of parameters."""
    defaults = trial.problem.defaults
    return defaults.points or max(
        256, int(defaults.points_per_parameter * trial.parameter_count / len(trial.problem.names))
    )


def resolve_network(problem: Problem, network: Architecture | str) -> Architecture:
    """Architecture, by name with the problem's settings.

    Raises:
        InputError: If there is no network of that name.
    """
    if isinstance(network, Architecture):
        return network
    kind, defaults = _named("network", network, NETWORKS), problem.defaults
    settings = FORM_SETTINGS.get(defaults.form, {}).get(network, {})
    chosen = defaults.networks.get(network) or kind(**settings)
    if not isinstance(chosen, Architecture):
        raise InputError(f"the default network {network!r} of problem {problem.name!r} is no network: {chosen!r}")
    return chosen


def resolve_optimizer(optimizer: Optimizer | str) -> Optimizer:
    """Method, by name with its default settings.

    Raises:
        InputError: If there is no method of that name.
    """
    return optimizer if isinstance(optimizer, Optimizer) else _named("optimizer", optimizer, OPTIMIZERS)()


def check_options(options: TrainingOptions, optimizer: Optimizer, form: str) -> None:
    """Refuse training options that the form or the optimizer does not know.

    Raises:
        InputError: If there is one: energies have no residuals to weight, and mini-batches are for first-order methods.
    """
    if options.batch is not None and not optimizer.stochastic:
        raise InputError(f"mini-batches are for optimizer 'adam', not for {optimizer.name!r}")
    for name in options.stated if form != "strong" else ():
        if option_kinds()[name].strong_only:
            raise InputError(f"{name} is for the strong form, not for the {form} form")


def _named(kind: str, name: str, choices: Mapping[str, Choice]) -> Choice:
    """Choice of a name.

    Raises:
        InputError: If there is none.
    """
    if name not in choices:
        raise unknown(kind, name, choices)
    return choices[name]


def _positive(name: str, value: float) -> float:
    """Number that must be positive and finite."""
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} is positive and finite, not {value}")
    return value


@contextmanager
def _torch_threads(threads: int | None) -> Iterator[Callable[[int], None]]:
    """Set the number of threads while the block lasts.

    Yields:
        Sets it by the number of parameters, where none is asked for.
    """
    before = torch.get_num_threads()

    def limit(parameters: int) -> None:
        if threads is None and parameters <= SINGLE_THREAD_BELOW:
            torch.set_num_threads(1)

    if threads is not None:
        torch.set_num_threads(int(_positive("threads", threads)))
    try:
        yield limit
    finally:
        torch.set_num_threads(before)


def _saved_threads(checkpoint: Checkpoints | Path | str | None) -> int | None:
    """Number of threads of the solve that is resumed."""
    return checkpoint.saved.get("threads") if isinstance(checkpoint, Checkpoints) else None


def _checkpoints(checkpoint: Checkpoints | Path | str | None, arguments: _Arguments, points: int) -> Checkpoints:
    """Checkpoints in a file, with the configuration of the solve; only process 0 writes."""
    if isinstance(checkpoint, Checkpoints):
        return checkpoint
    if checkpoint is None or rank():
        return Checkpoints(None)
    return Checkpoints.in_file(checkpoint, arguments.config(points))


def _objective_factory(points: int, seed: int) -> ObjectiveFactory:
    """Factory of the objective that is trained and that of validation: of an energy, its guard."""

    def build(trial: TrialFunctions, seed_offset: int) -> tuple[FormObjective, FormObjective]:
        first = seed + seed_offset
        objective = build_objective(trial, points=points, seed=first)
        if objective.guard is not None:
            return distribute(objective), objective.guard
        fresh = build_objective(trial, points=VALIDATION_FACTOR * points, seed=first + VALIDATION_SEED_OFFSET)
        return distribute(objective), distribute(fresh)

    return build


def _identified_constants(plan: TrainingPlan, results: Sequence[TrainingResult]) -> dict[str, Estimate]:
    """Unknown constants by name, their estimates combined where several seeds were solved with."""
    if not plan.problem.unknown_constants:
        return {}
    from kinn.forms.strong.identification import combined, estimates

    final = [(results[n].objective, results[n].theta) for n in plan.final_stages]
    return combined(
        [estimates(objective, theta) for objective, theta in final if isinstance(objective, ResidualObjective)]
    )


def _solution(
    arguments: _Arguments,
    plan: TrainingPlan,
    results: Sequence[TrainingResult],
    unknowns: dict[str, Estimate],
    seconds: float,
) -> Solution:
    """Solution of a plan whose stages are trained."""
    history, solved, final = joined_history(plan, results), plan.fields(), [results[n] for n in plan.final_stages]
    rejected = sum(int(entry.detail.get("rejected", 0)) for entry in history)
    checks = [result.objective.quadrature_check(result.theta, rejected) for result in final]
    direct = solved.direct_solution() if isinstance(solved, TrialFunctions) else None
    stopped = list(dict.fromkeys(result.stopped for result in results))
    return Solution(
        problem=solved.problem,
        form=arguments.form,
        network=arguments.network,
        optimizer=arguments.optimizer.name,
        seed=arguments.seed,
        dtype=arguments.dtype,
        device="cpu",
        backend=plan.trial(0).backend,
        parameters=solved.parameter_count,
        iterations=len(history),
        seconds=seconds,
        stopped=stopped[0] if len(stopped) == 1 else ", ".join(stopped),
        loss=sum(result.loss for result in final) / len(final),
        errors=field_errors(solved),
        history=history,
        fields=solved,
        unknowns=unknowns,
        quadrature=max((check for check in checks if check is not None), key=lambda check: check.gap, default=None),
        bem={} if direct is None else field_errors(direct),
    )
