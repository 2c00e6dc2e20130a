from __future__ import annotations

import numpy as np
import pytest
import torch

import kinn
from kinn import InputError, TensorSplines, problems
from kinn.jets import IndexSet
from kinn.jets.index import trace
from kinn.networks import Tape
from tests.networks.contract import NetworkContract, check_fourth_order


class TestTensorSplines(NetworkContract):
    architecture = TensorSplines(2, degree=6)


def test_jets_of_inputs_that_are_not_coordinates() -> None:
    """The inputs s = x y and t = sin x in place of coordinates: the general path, against that on values."""
    network = TensorSplines((3, 2), degree=5).build(2, 2, seed=1)
    x = torch.rand(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 0.5
    index = IndexSet.closure(2, [(2, 0), (1, 1), trace(2, (0, 1))])
    (a, b), zero = x.unbind(dim=1), torch.zeros(6, dtype=torch.float64)
    components = {
        (0, 0): (a * b, a.sin()), (1, 0): (b, a.cos()), (0, 1): (a, zero), (2, 0): (zero, -a.sin()),
        (1, 1): (zero + 1, zero), (0, 2): (zero, zero), trace(2, (0, 1)): (zero, -a.sin()),
    }  # fmt: skip
    stack = torch.stack([torch.stack(components[i], dim=1) for i in index])
    tape = Tape()
    out = network.push(stack, index, tape)
    along = x.clone().requires_grad_()
    u = network(torch.stack([along[:, 0] * along[:, 1], along[:, 0].sin()], dim=1))[:, 1]
    (slope,) = torch.autograd.grad(u.sum(), along, create_graph=True)
    xx, xy = torch.autograd.grad(slope[:, 0].sum(), along, retain_graph=True)[0].unbind(dim=1)
    yy = torch.autograd.grad(slope[:, 1].sum(), along, retain_graph=True)[0][:, 1]
    expected = {(0, 0): u, (1, 0): slope[:, 0], (2, 0): xx, (1, 1): xy, trace(2, (0, 1)): xx + yy}
    for i, values in expected.items():
        torch.testing.assert_close(out[index.position[i], :, 1], values)
    weight = network.last_layer[0]
    columns = {weight: torch.zeros(6, weight.numel(), dtype=torch.float64)}
    laplacian = out[index.position[trace(2, (0, 1))], :, 1]
    tape.add_jacobian(laplacian, columns, last=False)
    row = torch.autograd.grad(laplacian[3], weight)[0]
    torch.testing.assert_close(columns[weight][3], row.flatten())


@pytest.mark.parametrize(
    ("name", "grid", "error"), [("poisson-2d", 16, 1e-9), ("helmholtz", (8, 32), 3e-5), ("biharmonic", 8, 3e-7)]
)
def test_linear_problems(name: str, grid: int | tuple[int, ...], error: float) -> None:
    solution = kinn.solve(problems.get(name), TensorSplines(grid), points=2000)
    assert solution.errors["u"].l2 < error
    assert solution.stopped == "last layer is optimal"


def test_error_falls_at_the_rate_of_the_degree() -> None:
    errors = [kinn.solve(problems.get("helmholtz"), TensorSplines(n, degree=5)).errors["u"].l2 for n in (8, 16)]
    assert np.log2(errors[0] / errors[1]) > 4.0


def test_least_squares_finds_what_the_splines_span() -> None:
    problem = kinn.Problem(
        "polynomial",
        kinn.Cuboid((0, 0, 0), (1, 2, 1)),
        strong=lambda u, p: u.xx + u.yy + u.zz - (2 * p.y**3 * p.z + 6 * p.x**2 * p.y * p.z),
        conditions=[
            kinn.Dirichlet("u", lambda x, y, z: x**2 * y**3 * z, on="boundary", enforce="soft"),
        ],
        exact=lambda x, y, z: x**2 * y**3 * z,
    )
    solution = kinn.solve(problem, TensorSplines((1, 2, 1), degree=4))
    assert solution.errors["u"].l2 < 1e-12


@pytest.mark.parametrize("harmonics", [1, 2])
def test_splines_of_an_angle(harmonics: int) -> None:
    """They are periodic with all derivatives, and their derivatives are those of autograd in the coordinate itself."""
    network = TensorSplines((3, 4), degree=5).build(1 + 2 * harmonics, 1, angles={1: 2 * harmonics}, seed=1)
    assert network.parameter_count == (3 + 5) * 4
    index = IndexSet.closure(2, [(0, 3), (1, 1)])
    x = torch.rand(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    t, angle = x[:, 0], 2 * torch.pi * x[:, 1]
    waves = [wave(k * angle) for k in range(1, harmonics + 1) for wave in (torch.cos, torch.sin)]

    def derivative(u: torch.Tensor, a: tuple[int, ...]) -> torch.Tensor:
        for axis, order in enumerate(a):
            for _ in range(order):
                u = torch.autograd.grad(u.sum() + 0 * x.square().sum(), x, create_graph=True)[0][:, axis]
        return u

    stack = torch.stack([torch.stack([derivative(u, a) for u in (t, *waves)], dim=1) for a in index]).detach()
    out = network.push(stack, index)
    values = network(torch.stack([t, *waves], dim=1))[:, 0]
    for a in index:
        torch.testing.assert_close(out[index.position[a], :, 0], derivative(values, a), rtol=1e-9, atol=1e-9)
    ends = torch.tensor([[0.2, -1.0, -1e-9], [0.2, -1.0, 1e-9]], dtype=torch.float64)
    ends = torch.cat([ends, *[ends[:, 1:]] * (harmonics - 1)], dim=1)
    torch.testing.assert_close(network(ends)[0], network(ends)[1], rtol=0, atol=1e-8)


def test_periodic_problem() -> None:
    solution = kinn.solve(problems.get("advection"), TensorSplines((12, 27)), points=3000)
    assert solution.errors["u"].l2 < 2e-4
    x = np.array([[0.0, 0.4], [2 * np.pi, 0.4]])
    slopes = solution.evaluate("u.xx", x)
    assert abs(slopes[0] - slopes[1]) < 1e-9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"grid": 0}, "network.grid is 1 to 1000 intervals, not 0"),
        ({"degree": 8}, "network.degree is 1 to 7, not 8"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TensorSplines(**settings)


def test_bad_sizes_are_named() -> None:
    with pytest.raises(InputError, match="one number or 3, one per coordinate; 2 are given"):
        TensorSplines((4, 5)).build(3, 1)
    with pytest.raises(InputError, match="at most 3 inputs, and 5 are needed"):
        TensorSplines().build(5, 1)


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-3)])
def test_jets_of_fourth_order(dimension: int, dtype: torch.dtype, tolerance: float) -> None:
    check_fourth_order(TensorSplines(2), dimension, dtype, tolerance)
