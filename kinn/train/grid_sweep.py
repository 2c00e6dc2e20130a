"""The grid of tensor-product splines that suits a linear problem, by least squares with few points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from math import inf

import torch

from kinn.forms import build_objective, build_trial
from kinn.networks import TensorSplines
from kinn.problem import Problem
from kinn.train.spread_sweep import COMPARISON_SEED_OFFSET, fitted_loss

#: The degree of the splines of the sweep: along coordinates that need no grid it costs fewer coefficients than a higher one.
DEGREE = 5

#: The most coefficients of the sweep.
MAX_COEFFICIENTS = 2000

#: Points for each coefficient and field of the sweep, and those on which grids are compared.
POINTS_PER_COEFFICIENT, COMPARISON_POINTS = 2.5, 1000

#: Grids of one coordinate, in the order in which they are tried.
GRIDS = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96)

#: The factor of the grid where there is no sweep.
GROWTH = 1.5


def sweep_grid(problem: Problem, network: TensorSplines, most: int, *, seed: int, dtype: torch.dtype) -> TensorSplines:
    """Splines with the grid, of at most so many coefficients, whose solution has the least residual on fresh points.

    Solutions that oscillate in one coordinate alone need a fine grid along it, which costs too much along all. Where the
    problem is not linear, so that a sweep would take long, one and a half times the intervals of the given grid.

    Args:
        problem: The problem.
        network: The splines, with a grid for each coordinate.
        most: The most coefficients, for all fields.
        seed: Fixes points.
        dtype: The precision.
    """
    assert isinstance(network.grid, tuple)
    dimension, outputs = len(network.grid), len(problem.names)
    if not build_objective(build_trial(problem, network, dtype=dtype), points=256, seed=seed).affine:
        return network.resized(GROWTH)

    def residual(grid: tuple[int, ...]) -> float:
        splines = TensorSplines(grid, DEGREE)
        count = splines.parameter_count(dimension, outputs)
        if count > min(most, MAX_COEFFICIENTS):
            return inf
        trial = build_trial(problem, splines, seed=seed, dtype=dtype)
        objective = build_objective(trial, points=max(256, int(POINTS_PER_COEFFICIENT * count / outputs)), seed=seed)
        fresh = build_objective(trial, points=COMPARISON_POINTS, seed=seed + COMPARISON_SEED_OFFSET, like=objective)
        return fitted_loss(objective, fresh, objective.start())

    best = minimise_by_axes(residual, dimension)
    smooth = replace(network, grid=best)
    return smooth if smooth.parameter_count(dimension, outputs) <= most else TensorSplines(best, DEGREE)


def minimise_by_axes(function: Callable[[tuple[int, ...]], float], dimension: int) -> tuple[int, ...]:
    """Least point of a function of grids: each time the best of scans along all axes, until the function is infinite."""
    values: dict[tuple[int, ...], float] = {}

    def value(grid: tuple[int, ...]) -> float:
        if grid not in values:
            values[grid] = function(grid)
        return values[grid]

    best = (GRIDS[0],) * dimension
    for _ in range(dimension):
        tried = [best]
        for axis in range(dimension):
            along = ((*best[:axis], n, *best[axis + 1 :]) for n in GRIDS if n > best[axis])
            tried += takewhile(lambda grid: value(grid) < inf, along)
        if best == (best := min(tried, key=value)):
            break
    return best
