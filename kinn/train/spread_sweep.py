"""The spread of random features that suits a problem, by least squares with few features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf, isfinite

import torch

from kinn.forms import FormObjective, build_objective, build_trial
from kinn.networks import Architecture, RandomFeatures
from kinn.networks.layers.random_features import RandomFeatureSum
from kinn.optim import LastLayerLeastSquares, LevenbergMarquardt, Optimizer
from kinn.optim.least_squares import trains_last_layer_only
from kinn.problem import Problem

#: The spreads that are tried, for all coordinates alike and then in each of them.
SPREADS = tuple(2.0**n for n in range(8))

#: The most features of the sweep: with as few as these a spread is seen in milliseconds.
MAX_FEATURES = 250

#: Points for each parameter and field of the sweep.
POINTS_PER_PARAMETER = 3.0

#: Gauss-Newton steps on problems that are not linear.
NONLINEAR_STEPS = 5

#: What is added to the seed for the points that spreads are compared on.
COMPARISON_SEED_OFFSET = 15_485_863


def with_spread(problem: Problem, network: Architecture, *, seed: int, dtype: torch.dtype) -> Architecture:
    """Network with the spread of its random features found by a sweep, where it has such and leaves it open."""
    if not isinstance(network, RandomFeatures) or network.spread != "auto":
        return network
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return sweep_spread(problem, network, seed=seed, dtype=dtype)
    finally:
        torch.set_num_threads(threads)


def sweep_spread(problem: Problem, network: RandomFeatures, *, seed: int, dtype: torch.dtype) -> RandomFeatures:
    """Random features with the spread whose solution with few features has the least residual on fresh points.

    Solutions that oscillate in one coordinate alone are found by a scan along each.
    """
    few = replace(network, features=min(network.features, MAX_FEATURES))
    trial = build_trial(problem, few, seed=seed, dtype=dtype)
    points = max(256, int(POINTS_PER_PARAMETER * trial.parameter_count / len(problem.names)))
    objective = build_objective(trial, points=points, seed=seed)
    fresh = objective.guard or build_objective(trial, points=points, seed=seed + COMPARISON_SEED_OFFSET, like=objective)
    layers = [m for name in trial.networks for m in trial.network(name).modules() if isinstance(m, RandomFeatureSum)]
    dimension = max(len(layer.spread) for layer in layers)
    start = objective.start()

    def residual(spreads: tuple[float, ...]) -> float:
        for layer in layers:
            layer.spread.copy_(torch.tensor(spreads[: len(layer.spread)], dtype=torch.float64))
        return fitted_loss(objective, fresh, start)

    spreads = minimise_by_scans(residual, dimension)
    rounded = tuple(float(f"{spread:.3g}") for spread in spreads)
    return replace(network, spread=rounded[0] if len(set(rounded)) == 1 else rounded)


def minimise_by_scans(function: Callable[[tuple[float, ...]], float], dimension: int) -> tuple[float, ...]:
    """Least point of a function of positive numbers, found by scans along the diagonal and along each axis."""
    values: dict[tuple[float, ...], float] = {}

    def value(spreads: tuple[float, ...]) -> float:
        if spreads not in values:
            values[spreads] = function(spreads)
        return values[spreads]

    def along(point: tuple[float, ...], axis: int, spread: float) -> tuple[float, ...]:
        return (*point[:axis], spread, *point[axis + 1 :])

    best = min(((spread,) * dimension for spread in SPREADS), key=value)
    for _ in range(2 if dimension > 1 else 1):
        for axis in range(dimension):
            best = min([best, *(along(best, axis, spread) for spread in SPREADS)], key=value)
            while best[axis] >= SPREADS[-1] and value(further := along(best, axis, 2 * best[axis])) < value(best):
                best = further
    for axis in range(dimension):
        best = min([best, *(along(best, axis, best[axis] * f) for f in (0.5**0.5, 2.0**0.5))], key=value)
    return best


def fitted_loss(objective: FormObjective, fresh: FormObjective, start: torch.Tensor) -> float:
    """Loss on fresh points after least squares, or after a few Gauss-Newton steps."""
    squares = objective.affine or trains_last_layer_only(objective)
    method: Optimizer = LastLayerLeastSquares() if squares else LevenbergMarquardt()
    state = method.start(objective, start)
    for _ in range(1 if objective.affine else NONLINEAR_STEPS):
        if not state.stalled:
            state = method.step(objective, state)
    loss = fresh.loss(state.theta)
    return loss if isfinite(loss) else inf
