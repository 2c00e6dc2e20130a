from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from kinn.errors import InputError
from kinn.ops import SplineGrid, basis

EDGES = {"uniform": np.linspace(-1, 1, 7), "adapted": np.array([-1.0, -0.9, -0.3, 0.0, 0.05, 1.0])}


def knots(grid: SplineGrid) -> np.ndarray:
    edges = grid.edges.double().numpy()
    steps = np.arange(1, grid.degree + 1)
    before = edges[0] - steps[::-1] * (edges[1] - edges[0])
    return np.concatenate([before, edges, edges[-1] + steps * (edges[-1] - edges[-2])])


@pytest.mark.parametrize("kind", EDGES)
@pytest.mark.parametrize("degree", range(1, 8))
def test_against_scipy(kind: str, degree: int) -> None:
    grid = SplineGrid.from_edges(EDGES[kind], degree)
    x = torch.linspace(-0.999, 0.999, 101, dtype=torch.float64)
    for m, values in enumerate(islice(basis(x, grid), degree + 1)):
        for k in range(grid.size):
            spline = BSpline(knots(grid), np.eye(grid.size)[k], degree)
            expected = (spline.derivative(m) if m else spline)(x.numpy())
            np.testing.assert_allclose(values[:, k].numpy(), expected, rtol=1e-9, atol=1e-9 * 40**m)


@pytest.mark.parametrize("kind", EDGES)
def test_on_knots_the_cell_on_the_right_counts(kind: str) -> None:
    grid = SplineGrid.from_edges(EDGES[kind], 3)
    inner = grid.edges[1:-1]
    at, right = (list(islice(basis(x, grid), 4)) for x in (inner, inner + 1e-9))
    for m in range(3):  # continuous up to degree - 1
        left = list(islice(basis(inner - 1e-9, grid), 4))[m]
        torch.testing.assert_close(at[m], left, rtol=1e-5, atol=1e-5 * 400**m)
    torch.testing.assert_close(at[3], right[3], rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("degree", [1, 3, 5])
def test_partition_of_unity_also_outside(degree: int) -> None:
    x = torch.linspace(-3, 3, 61, dtype=torch.float64)
    values, slopes = islice(basis(x, SplineGrid.uniform(5, degree)), 2)
    torch.testing.assert_close(values.sum(dim=-1), torch.ones(61, dtype=torch.float64))
    torch.testing.assert_close(slopes.sum(dim=-1), torch.zeros(61, dtype=torch.float64), atol=1e-12, rtol=0)


def test_linear_beyond_the_ends() -> None:
    grid = SplineGrid.uniform(6, 5)
    ends = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    value, slope = islice(basis(ends, grid), 2)
    beyond = list(islice(basis(ends * 1.7, grid), 4))
    torch.testing.assert_close(beyond[0], value + slope * (0.7 * ends).unsqueeze(-1))
    torch.testing.assert_close(beyond[1], slope)
    assert not beyond[2].any()
    assert not beyond[3].any()


@pytest.mark.parametrize("x", [0.31, -1.4, 1.2])
def test_nested_autograd_agrees(x: float) -> None:
    grid = SplineGrid.uniform(4, 5)
    at = torch.tensor([x], dtype=torch.float64, requires_grad=True)
    streams = list(islice(basis(at.detach(), grid), 4))
    coefficients = torch.linspace(-1, 2, grid.size, dtype=torch.float64)
    value = (next(basis(at, grid)) * coefficients).sum()
    for m in range(1, 4):
        (value,) = torch.autograd.grad(value, at, create_graph=True)
        torch.testing.assert_close(value.detach(), streams[m] @ coefficients)
    assert torch.autograd.gradgradcheck(lambda t: next(basis(t, grid)), at)


def test_float32() -> None:
    grid = SplineGrid.uniform(50, 3)
    x = torch.linspace(-1, 1, 77)
    single = next(basis(x, grid.to(torch.float32)))
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), next(basis(x.double(), grid)), rtol=1e-4, atol=1e-4)
    assert len(grid.to(torch.float32).derivative(1)) == 1  # still known to be uniform


@pytest.mark.parametrize(
    ("edges", "degree", "what"),
    [
        ([0, 1, 1], 3, "increasing"),
        ([0.0], 3, "increasing"),
        ([0, np.nan], 3, "increasing"),
        ([0, 1], 0, "degree"),
        ([0, 1], 8, "degree"),
    ],
)
def test_bad_grids(edges: list[float], degree: int, what: str) -> None:
    with pytest.raises(InputError, match=what):
        SplineGrid.from_edges(edges, degree)


def test_no_intervals() -> None:
    with pytest.raises(InputError, match="at least one interval"):
        SplineGrid.uniform(0, 3)
