"""Tables: their values and derivatives are those of the functions that they were taken from, and of finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn.errors import InputError
from kinn.fields import Points
from kinn.table import Table
from tests.oracle import nested

RNG = np.random.default_rng(0)


def surface(x: Any, y: Any) -> Any:
    return kinn.sin(2 * x) * kinn.exp(0.5 * y)


def values_of(field: Any, index: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.asarray(torch.as_tensor(field[index]))


def grid_table(kind: str) -> Table:
    x, y = np.linspace(-1, 1, 60), np.linspace(0, 2, 50)
    return Table((x, y), surface(x[:, None], y), kind=kind)


def scattered_table(kind: str) -> Table:
    points = np.concatenate([RNG.uniform((-1, 0), (1, 2), (1500, 2)), [[-1, 0], [1, 0], [-1, 2], [1, 2]]])
    return Table(points, surface(*points.T))


@pytest.mark.parametrize(
    ("table", "tolerances"),
    [
        (grid_table("linear"), (4e-3, 0.2)),
        (grid_table("cubic"), (1e-6, 1e-4, 4e-3)),
        (grid_table("quintic"), (1e-8, 1e-6, 1e-5)),
        (scattered_table("cubic"), (2e-3, 5e-2, 2.0)),
    ],
    ids=["linear", "cubic", "quintic", "scattered"],
)
def test_tables_have_the_derivatives_of_their_function(table: Table, tolerances: tuple[float, ...]) -> None:
    x = torch.as_tensor(RNG.uniform((-0.9, 0.1), (0.9, 1.9), (40, 2)))
    p = Points(("x", "y"), x)
    found, wanted = table(p.x, p.y), surface(p.x, p.y)
    for index in [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]:
        if sum(index) < len(tolerances):
            gap = np.abs(values_of(found, index) - values_of(wanted, index)).max()
            assert gap < tolerances[sum(index)], index
    np.testing.assert_allclose(table(*x.numpy().T), values_of(found, (0, 0)), rtol=1e-14)


@pytest.mark.parametrize("kind", ["pchip", "cubic", "quintic"])
def test_derivatives_agree_with_nested_differentiation(kind: str) -> None:
    x = np.sort(RNG.uniform(0, 1, 30))
    table = Table(x, np.cos(5 * x), kind=kind, outside="extrapolate")
    at = torch.as_tensor(RNG.uniform(0.1, 0.9, (9, 1)))
    p = Points(("x",), at)
    field = table(p.x * p.x + 0.1)
    for order in range(3):
        autograd = nested(lambda x: table(x**2 + 0.1), [at[:, 0]], (order,))
        np.testing.assert_allclose(values_of(field, (order,)), autograd.detach(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("d", [1, 3])
def test_splines_interpolate_polynomials_exactly(d: int) -> None:
    axes = [np.sort(RNG.uniform(0, 1, 8)) for _ in range(d)]
    mesh = np.meshgrid(*axes, indexing="ij")
    table = Table(tuple(axes), sum((n + 1.0) * m**3 * (mesh[0] if n else 1.0) for n, m in enumerate(mesh)))
    low, high = [a[0] for a in axes], [a[-1] for a in axes]
    p = Points(("x", "y", "z")[:d], torch.as_tensor(RNG.uniform(low, high, (20, d))))
    exact = sum(((n + 1.0) * c**3 * (p.x if n else 1.0) for n, c in enumerate(p.coordinates)), 0.0 * p.x)
    laplacian = kinn.laplacian(table(*p.coordinates))
    np.testing.assert_allclose(values_of(laplacian, (0,) * d), values_of(kinn.laplacian(exact), (0,) * d), atol=1e-9)


def test_pchip_does_not_overshoot() -> None:
    x = np.arange(6.0)
    fine = np.linspace(0, 5, 501)
    values = Table(x, [0, 0, 0, 1, 1, 1], kind="pchip")(fine)
    assert values.min() > -1e-14
    assert values.max() < 1 + 1e-14


def test_tables_outside_their_range() -> None:
    x = np.linspace(0, 1, 11)
    with pytest.raises(InputError, match=r"covers its coordinate from 0 to 1, and is asked for 1\.2: give outside="):
        Table(x, x**2)(1.2)
    np.testing.assert_allclose(Table(x, x**2, outside="extrapolate")(np.array([-0.2, 1.2])), [0.04, 1.44])
    nearest = Table(x, x**2, outside="nearest")
    p = Points(("x",), torch.tensor([[-0.2], [0.5], [1.2]], dtype=torch.float64))
    np.testing.assert_allclose(values_of(nearest(p.x), (0,)), [0, 0.25, 1], atol=1e-12)
    np.testing.assert_allclose(values_of(nearest(p.x), (1,)), [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Table([0, 1, 1, 2], [0, 1, 2, 3]), "increase along each axis"),
        (lambda: Table([0, 1, 2, 3], [0, 1, 2]), "one value for each point"),
        (lambda: Table([0, 1], [0, np.nan], kind="linear"), "finite numbers"),
        (lambda: Table([0, 1, 2], [0, 1, 2]), "takes 4 values along each axis"),
        (lambda: Table([0, 1, 2, 3], [0, 1, 2, 3], kind="cubik"), "did you mean 'cubic'"),
        (lambda: Table([0, 1, 2, 3], [0, 1, 2, 3], of=("x", "y")), "names 2 coordinates"),
        (lambda: Table([0, 1, 2, 3], [0, 1, 2, 3])(0.5, 0.5), "is called with 2: name them"),
        (lambda: Table(np.zeros((9, 2)), np.zeros(9)), "lie on a line or plane"),
        (lambda: Table(np.outer(np.arange(9), [0.3, 0.7]) + 0.1, np.zeros(9)), "lie on a line or plane"),
        (lambda: Table(np.tile([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], (2, 1)), np.arange(6)), "repeat"),
    ],
)
def test_misuse_is_named(build: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()


def test_numbers_have_all_their_digits() -> None:
    x = np.linspace(0, 1, 9)
    table = Table(x, x**3)
    assert float(table(0.3)) == pytest.approx(0.027, abs=1e-15)
    np.testing.assert_allclose(table([0.1, 0.7]), [0.001, 0.343], atol=1e-15)


def test_a_linear_table_has_no_second_derivative() -> None:
    p = Points(("x",), torch.full((3, 1), 0.5, dtype=torch.float64))
    field = Table([0.0, 1.0], [0.0, 2.0], kind="linear")(p.x)
    np.testing.assert_allclose(values_of(field, (1,)), 2.0)
    with pytest.raises(InputError, match="a derivative of order 2 is asked"):
        field[(2,)]


def test_tables_take_their_coordinates_by_name() -> None:
    x, y = np.linspace(0, 1, 9), np.linspace(0, 2, 9)
    p = Points(("x", "y"), torch.as_tensor(RNG.uniform(0, 1, (5, 2))))
    for data, exact in [
        (Table(y, y**3, of="y"), p.y**3),
        (Table((y, x), y[:, None] ** 2 * x, of=("y", "x")), p.y**2 * p.x),
    ]:
        field = p.field(data, "the value")
        np.testing.assert_allclose(values_of(field, (1, 1)), values_of(exact, (1, 1)), atol=1e-9)
        np.testing.assert_allclose(values_of(field, (0, 0)), values_of(exact, (0, 0)), atol=1e-9)
