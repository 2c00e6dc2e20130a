"""Arguments of a solve: names become objects, and what cannot go together is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from kinn.errors import InputError, check_name
from kinn.networks import NETWORKS, Architecture
from kinn.optim import OPTIMIZERS, Optimizer
from kinn.problem import Problem
from kinn.train.distributed import process_count
from kinn.training_options import TrainingOptions, option_kinds

#: Settings of networks by name in forms that the library's defaults do not suit: one per edge, of one coordinate.
FORM_SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "inverse": {"kan": {"width": (4,), "grid": 6, "degree": 5}, "mlp": {"width": (10,)}}
}

#: The least tolerances that training can reach, by precision.
LEAST_TOLERANCES = {"float64": 1e-13, "float32": 1e-5}

Choice = TypeVar("Choice")


def resolve_network(problem: Problem, network: Architecture | str) -> Architecture:
    """Architecture, by name with the problem's settings.

    Raises:
        InputError: If there is no network of that name.
    """
    if isinstance(network, Architecture):
        return network
    kind, defaults = choice("network", network, NETWORKS), problem.defaults
    settings = FORM_SETTINGS.get(defaults.form, {}).get(network, {})
    chosen = defaults.networks.get(network) or kind(**settings)
    if not isinstance(chosen, Architecture):
        raise InputError(f"the default network {network!r} of problem {problem.name!r} is no network: {chosen!r}")
    return chosen


def resolve_growth(
    problem: Problem, network: Architecture | str, optimizer: Optimizer, options: TrainingOptions, asked: bool | None
) -> TrainingOptions:
    """Options with the growth of the network decided: where it is named and neither the problem nor the user sizes it.

    Args:
        problem: The problem.
        network: The network, by name where it has no settings.
        optimizer: The method.
        options: The resolved options.
        asked: What the user says.

    Raises:
        InputError: If growth is asked for together with a fixed size, or with what trains several networks.
    """
    others = [name for name in ("time_windows", "curriculum", "batch") if getattr(options, name)]
    name = network if isinstance(network, str) else network.name
    plain = NETWORKS[name]() if name in NETWORKS else None
    without_settings = isinstance(network, str) or network == plain
    if asked:
        if not without_settings:
            raise InputError(f"growth gives the network its size: leave the settings of {network!r} out, or growth")
        if others:
            raise InputError(f"growth trains one network from stage to stage, which {others[0]} does not know")
        return replace(options, growth=True)
    if asked is None and options.growth:  # a default of the problem yields to what the user states
        return replace(options, growth=True if without_settings and not others else None)
    sized = not isinstance(network, str) or network in problem.defaults.networks
    fixed = sized or others or options.strategies or not optimizer.monotone or problem.defaults.form != "strong"
    grows = asked is None and not fixed and plain is not None and len(plain.larger()) > 0
    return replace(options, growth=True if grows else None)


def resolve_grown_network(
    network: Architecture | str, architecture: Architecture, options: TrainingOptions
) -> Architecture:
    """Architecture of a solve: without the problem's settings where growth gives it its size.

    Args:
        network: What the user states.
        architecture: It, by name with the problem's settings.
        options: The resolved options.
    """
    return NETWORKS[network]() if options.growth and isinstance(network, str) else architecture


def resolve_optimizer(optimizer: Optimizer | str) -> Optimizer:
    """Method, by name with its default settings.

    Raises:
        InputError: If there is no method of that name.
    """
    return optimizer if isinstance(optimizer, Optimizer) else choice("optimizer", optimizer, OPTIMIZERS)()


def check_options(options: TrainingOptions, optimizer: Optimizer, form: str) -> None:
    """Refuse training options that the form, the optimizer or several processes do not know.

    Raises:
        InputError: If there is one: energies have no residuals to weight, and mini-batches are for first-order methods.
    """
    if process_count() > 1 and (options.strategies or options.batch):
        raise InputError("strategies that move or weight points, and mini-batches, are for one process")
    if options.batch is not None and not optimizer.stochastic:
        raise InputError(f"mini-batches are for optimizer 'adam', not for {optimizer.name!r}")
    for name in options.stated if form != "strong" else ():
        if option_kinds()[name].strong_only:
            raise InputError(f"{name} is for the strong form, not for the {form} form")


def check_tolerance(options: TrainingOptions, dtype: str) -> None:
    """Refuse tolerances that cannot be reached or checked.

    Raises:
        InputError: If there is one.
    """
    if options.tolerance is None:
        return
    least = LEAST_TOLERANCES[dtype]
    if options.tolerance < least:
        hint = "" if dtype == "float64" else ": take dtype='float64'"
        raise InputError(f"tolerance is at least {least:g} in {dtype}, not {options.tolerance:g}{hint}")
    if options.estimate is False:
        raise InputError("a tolerance is checked by the estimated error: leave out estimate=False")
    if options.time_windows:
        raise InputError(
            "a tolerance is checked while the network of all time is trained: leave out time_windows or the tolerance"
        )


def choice(kind: str, name: str, choices: Mapping[str, Choice]) -> Choice:
    """Choice of a name, or an error that names the nearest."""
    check_name(kind, name, choices)
    return choices[name]


def positive(name: str, value: float) -> float:
    """Number that must be positive and finite."""
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} is positive and finite, not {value}")
    return value
