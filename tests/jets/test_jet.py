from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st

from kinn import math as f
from kinn.errors import InputError, PlainDataError
from kinn.jets import IndexSet, Jet, constant, coordinate
from tests.oracle import nested

#: Formulas in two variables: the same text for jets and for tensors under autograd.
FORMULAS: dict[str, Callable[[Any, Any], Any]] = {
    "product": lambda x, y: x * y * y + 2 * x - 3,
    "quotient": lambda x, y: (1 + x * y) / (2 + x * x + y),
    "powers": lambda x, y: (x + y) ** 3 - x**0.5 + 2.0 ** (x * y) + (1 + x) ** y,
    "composition": lambda x, y: f.sin(x * y) * f.exp(-x) + f.tanh(x - y) + f.log(1 + x * x + y),
    "reflected": lambda x, y: 1 / (1 + x) - (2 - y) + (-x) / y,
    "angle": lambda x, y: f.arctan2(y, x) * f.sqrt(x * x + y * y),
    "absolute": lambda x, y: abs(x - 3) * y + f.maximum(x, 2 * x) + f.minimum(y, 3 * y),
}


def points(n: int, d: int, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [0.3 + torch.rand(n, generator=generator, dtype=torch.float64) for _ in range(d)]


@pytest.mark.parametrize("name", FORMULAS)
def test_against_nested_autograd(name: str) -> None:
    at = points(5, 2)
    jet = FORMULAS[name](*(coordinate(2, i, x) for i, x in enumerate(at)))
    for a in IndexSet.full(2, 4):
        expected = nested(FORMULAS[name], at, a)
        torch.testing.assert_close(torch.as_tensor(jet[a]).double().expand(5), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FORMULAS)
def test_laplacian_is_one_component(name: str) -> None:
    jet = FORMULAS[name](*(coordinate(2, i, x) for i, x in enumerate(points(5, 2))))
    total = torch.as_tensor(jet[2, 0]) + torch.as_tensor(jet[0, 2])
    torch.testing.assert_close(torch.as_tensor(jet.trace((0, 1)).value).double().expand(5), total)


@pytest.mark.parametrize("dimension", [1, 3, 6])
def test_other_dimensions(dimension: int) -> None:
    at = points(4, dimension)

    def formula(*xs: Any) -> Any:
        total = f.sin(xs[0] * xs[-1])
        for i, x in enumerate(xs):
            total = total * f.exp(-x / (i + 2)) + x * xs[0]
        return total

    jet = formula(*(coordinate(dimension, i, x) for i, x in enumerate(at)))
    order = 4 if dimension == 1 else 3 if dimension == 3 else 2
    for a in IndexSet.full(dimension, order):
        torch.testing.assert_close(
            torch.as_tensor(jet[a]).double().expand(4), nested(formula, at, a), rtol=1e-9, atol=1e-9
        )


def test_against_sympy() -> None:
    x, y = sympy.symbols("x y")
    expression = sympy.exp(sympy.sin(x * y)) / (1 + x**2)
    jet_x, jet_y = (coordinate(2, i, torch.tensor([v], dtype=torch.float64)) for i, v in enumerate((0.7, -0.4)))
    jet = f.exp(f.sin(jet_x * jet_y)) / (1 + jet_x**2)
    for a in IndexSet.full(2, 4):
        derivative = expression
        for variable, times in zip((x, y), a, strict=True):
            derivative = sympy.diff(derivative, variable, times) if times else derivative
        expected = float(derivative.subs({x: 0.7, y: -0.4}))
        assert float(torch.as_tensor(jet[a])) == pytest.approx(expected, rel=1e-10)


@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6), st.lists(st.floats(-2, 2), min_size=6, max_size=6))
def test_product_rule_holds_for_any_components(left: list[float], right: list[float]) -> None:
    index = IndexSet.full(2, 2)
    u = Jet(2, lambda a: torch.tensor([left[index.position[a]]]))
    v = Jet(2, lambda a: torch.tensor([right[index.position[a]]]))
    uv = u * v
    p = index.position
    expected = left[p[1, 1]] * right[0] + left[p[1, 0]] * right[p[0, 1]] + left[p[0, 1]] * right[p[1, 0]]
    expected += left[0] * right[p[1, 1]]
    assert float(uv[1, 1]) == pytest.approx(expected, abs=1e-5)


def test_only_what_is_needed_is_asked_for() -> None:
    asked: list[tuple[int, ...]] = []

    def rule(a: tuple[int, ...]) -> torch.Tensor:
        asked.append(a)
        return torch.ones(3)

    u = Jet(2, rule)
    k = coordinate(2, 0, torch.ones(3))
    flux = (k * u.derivative((1, 0))).derivative((1, 0))
    assert asked == []
    torch.as_tensor(flux.value)
    assert sorted(asked) == [(1, 0), (2, 0)]
    torch.as_tensor(flux.value)
    assert len(asked) == 2  # nothing is computed twice


def test_constants_vanish_structurally() -> None:
    c = constant(3, 4.0)
    assert c[0, 1, 0] == 0.0
    x = coordinate(3, 1, torch.ones(2))
    assert (x * c)[0, 2, 0] == 0.0
    assert (x * c)[0, 1, 0] == 4.0


def test_linear_maps_act_on_each_component() -> None:
    at = points(4, 1)[0]
    wide = coordinate(1, 0, at).linear(lambda c: c.unsqueeze(-1) if isinstance(c, torch.Tensor) else c)
    total = (
        (wide * torch.tensor([1.0, 2.0]))
        .compose(lambda u: iter([u**2, 2 * u, 0 * u + 2]))
        .linear(lambda c: c.sum(dim=-1) if isinstance(c, torch.Tensor) else c)
    )
    torch.testing.assert_close(total[(0,)], 5 * at**2)
    torch.testing.assert_close(total[(1,)], 10 * at)


def test_numpy_and_torch_functions_act_on_jets() -> None:
    at = torch.tensor([0.2, 0.9], dtype=torch.float64)
    x = coordinate(1, 0, at)
    for made, value, slope in [
        (np.sin(x), at.sin(), at.cos()),
        (torch.sin(x), at.sin(), at.cos()),
        (np.square(x), at**2, 2 * at),
        (np.power(x, 2), at**2, 2 * at),
        (torch.special.erf(x), torch.erf(at), 2 / torch.pi**0.5 * torch.exp(-(at**2))),
        (np.float64(3.0) * x, 3 * at, 3 * torch.ones(2)),
    ]:
        torch.testing.assert_close(torch.as_tensor(made[(0,)]).double(), value.double())
        torch.testing.assert_close((torch.ones(2) * torch.as_tensor(made[(1,)])).double(), slope.double())


def test_arrays_are_data_without_derivatives() -> None:
    at = torch.tensor([0.2, 0.9], dtype=torch.float64)
    x = coordinate(1, 0, at)
    array = np.array([1.0, 2.0])
    tensor = torch.tensor(array)
    for jet, value in [
        (array * x, tensor * at),
        (array - x, tensor - at),
        (tensor - x, tensor - at),
        (torch.mul(tensor, x), tensor * at),
        (f.where(x < 0.5, 1.0, 2.0) * x, tensor * at),
    ]:
        torch.testing.assert_close(torch.as_tensor(jet.value), value)
        with pytest.raises(PlainDataError, match="plain data, and a derivative is asked of it"):
            jet[(1,)]
    frozen = f.locally_constant(array, x) * x
    torch.testing.assert_close(torch.as_tensor(frozen[(1,)]), tensor)


def test_comparisons_are_masks() -> None:
    at = np.array([-1.25, 0.0, 2.5])
    x = coordinate(1, 0, torch.tensor(at))
    for mask, expected in [
        (x < 0, at < 0),
        (x <= 0.0, at <= 0),
        (operator.lt(1.0, x), at > 1),
        (np.float64(0.0) >= x, at <= 0),
        (np.array([0.0, 0.0, 9.0]) < x, [False, False, False]),
        ((x < 0) | (x > 2), (at < 0) | (at > 2)),
        (~(x < 0) & (x * x < 4), (at >= 0) & (at**2 < 4)),
    ]:
        assert mask.tolist() == list(expected)

    def formula(x: Any) -> Any:
        return f.where(x < 0.5, 1.1, 10.0) + (x > 2) * 1.0 + (1 - (x < 0)) + x % 0.75 + f.floor(x)

    torch.testing.assert_close(torch.as_tensor(formula(x).value), torch.tensor(formula(at)))
    for wrong in (lambda: max(x, 0.0), lambda: 0 < x < 1, lambda: f.where(x - 0.5, 1.0, 0.0), lambda: bool(x < 1)):
        with pytest.raises(InputError, match=r"kinn\.where|comparison"):
            wrong()


def test_equality_is_a_mask_too() -> None:
    x = coordinate(1, 0, torch.tensor([0.0, 2.0], dtype=torch.float64))
    for equal in (x == 0.0, 0 == x, x == np.zeros(2), np.equal(x, 0.0), x == torch.zeros(2), ~(x != 0.0), 2 * x == x):  # noqa: SIM300
        assert torch.as_tensor(f.where(equal, 1.0, x).value).tolist() == [1.0, 2.0]
    assert {x: "a field is a key"}[x]
    assert x not in ("x", None)


def test_remainders_of_numbers_by_jets() -> None:
    values = np.array([0.3, 0.7, 1.5])
    x = coordinate(1, 0, torch.as_tensor(values))
    for remainder in (2.0 % x, np.mod(2.0, x)):
        np.testing.assert_allclose(torch.as_tensor(remainder.value), 2.0 % values)
        np.testing.assert_allclose(torch.as_tensor(remainder[(1,)]), -(2.0 // values))
    np.testing.assert_allclose(torch.as_tensor((2.0 // x).value), 2.0 // values)


def test_where_takes_derivatives_from_its_branch() -> None:
    x = coordinate(1, 0, torch.tensor([-1.0, 2.0], dtype=torch.float64))
    jet = f.where(np.array([True, False]), x * x, 5.0)
    assert torch.as_tensor(jet[(1,)]).tolist() == [-2.0, 0.0]
    assert f.where(np.array([True, False]), 1.0, 2.0).tolist() == [1.0, 2.0]


def test_plain_functions_keep_the_type() -> None:
    assert isinstance(f.sin(np.ones(2)), np.ndarray)
    assert isinstance(f.silu(torch.ones(2)), torch.Tensor)
    assert f.gelu(1.0) == pytest.approx(0.8413447, abs=1e-6)


def test_float32_stays_float32() -> None:
    x = coordinate(1, 0, torch.rand(3))
    assert torch.as_tensor((f.sin(2.0 * x) * np.pi)[(1,)]).dtype == torch.float32


def test_misuse_is_named() -> None:
    x = coordinate(1, 0, torch.ones(2))
    with pytest.raises(InputError, match="do not know the function 'cbrt'"):
        np.cbrt(x)
    with pytest.raises(InputError, match="cannot decide an `if`"):
        bool(x)
    with pytest.raises(InputError, match="1 coordinates met one in 2"):
        torch.as_tensor((x + coordinate(2, 0, torch.ones(2))).value)
