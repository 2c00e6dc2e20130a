"""What a solve was asked for, by name or by value: the form, the network, the method, the precision and the points."""

from __future__ import annotations

import math

import torch

from kinn.errors import InputError, unknown
from kinn.forms import TrialFunctions
from kinn.networks import KAN, MLP, NETWORKS, Architecture
from kinn.optim import OPTIMIZERS, Optimizer
from kinn.problem import Problem
from kinn.training_options import TrainingOptions, option_kinds

#: The networks of forms that the library's defaults do not suit, by name: one per edge, of one coordinate.
OF_FORMS: dict[str, dict[str, Architecture]] = {"inverse": {"kan": KAN((4,), 6, 5), "mlp": MLP((10,))}}

#: The precisions by name.
DTYPES = {"float64": torch.float64, "float32": torch.float32}

#: Up to this many parameters one thread does as well as several.
SINGLE_THREAD_BELOW = 2000


def collocation_count(trial: TrialFunctions) -> int:
    """Return the number of interior points when the user does not say: the problem's own, or so many a parameter."""
    defaults = trial.problem.defaults
    return defaults.points or max(
        256, int(defaults.points_per_parameter * trial.parameter_count / len(trial.problem.names))
    )


def resolve_network(problem: Problem, network: Architecture | str) -> Architecture:
    """Return an architecture, by name with the settings that suit the problem.

    Raises:
        InputError: If there is no network of that name.
    """
    if isinstance(network, Architecture):
        return network
    if network not in NETWORKS:
        raise unknown("network", network, NETWORKS)
    defaults = problem.defaults
    chosen = defaults.networks.get(network) or OF_FORMS.get(defaults.form, {}).get(network) or NETWORKS[network]()
    if not isinstance(chosen, Architecture):
        raise InputError(f"the default network {network!r} of problem {problem.name!r} is no network: {chosen!r}")
    return chosen


def resolve_optimizer(optimizer: Optimizer | str) -> Optimizer:
    """Return a method, by name with its default settings.

    Raises:
        InputError: If there is no method of that name.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if optimizer not in OPTIMIZERS:
        raise unknown("optimizer", optimizer, OPTIMIZERS)
    return OPTIMIZERS[optimizer]()


def positive(name: str, value: float) -> float:
    """Return a number that must be positive and finite."""
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} is positive and finite, not {value}")
    return value


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
