"""Grids of splines that a sweep finds."""

from __future__ import annotations

from math import pi

import torch

from kinn import Cuboid, Dirichlet, Problem, TensorSplines, sin
from kinn.train.grid_sweep import minimise_by_axes, sweep_grid


def cube(nonlinear: float) -> Problem:
    """Return -lap u + c u^3 = f on a cube, u = sin(pi x) sin(10 pi y) sin(pi z)."""

    def exact(x, y, z):  # type: ignore[no-untyped-def]
        return sin(pi * x) * sin(10 * pi * y) * sin(pi * z)

    return Problem(
        "cube", Cuboid((0, 0, 0), (1, 1, 1)),
        strong=lambda u, p: u.xx + u.yy + u.zz + 102 * pi**2 * exact(p.x, p.y, p.z) + nonlinear * u**3,
        conditions=[Dirichlet("u", 0.0, on="boundary", enforce="hard")],
    )  # fmt: skip


def test_the_axis_of_oscillation_has_the_finest_grid() -> None:
    found = sweep_grid(cube(0.0), TensorSplines((3, 3, 3)), 1100, seed=0, dtype=torch.float64)
    assert isinstance(found.grid, tuple)
    assert found.grid[1] >= 16
    assert found.parameter_count(3, 1) <= 1100


def test_problems_that_are_not_linear_have_no_sweep() -> None:
    found = sweep_grid(cube(1.0), TensorSplines((2, 4, 2)), 1100, seed=0, dtype=torch.float64)
    assert found == TensorSplines((3, 6, 3))


def test_scans_find_the_least_point_within_the_limit() -> None:
    def distance(grid: tuple[int, ...]) -> float:
        return abs(grid[0] - 16) + abs(grid[1] - 2) if grid[0] * grid[1] <= 40 else float("inf")

    assert minimise_by_axes(distance, 2) == (16, 2)
