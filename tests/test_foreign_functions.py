"""Functions of numpy, scipy and torch: right on fields, or one line that says what to write; arrays where no derivative is asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
import torch
from scipy.interpolate import CubicSpline

import kinn
from kinn import MLP, Dirichlet, InputError, Interval, Problem, TimeInterval
from kinn.fields import Points

XS = np.linspace(0, 1, 50)
AT = np.linspace(0.03, 0.97, 9)
SPLINE = CubicSpline(XS, 1 + XS**2)

#: Data whose derivatives fields know.
SMOOTH: dict[str, Callable[[Any], Any]] = {
    "np.heaviside": lambda x: np.heaviside(x - 0.5, 1.0) * x,
    "np.clip": lambda x: np.clip(x, 0, 0.5),
    "np.minimum": lambda x: np.minimum(x, 0.5),
    "np.zeros_like": np.zeros_like,
    "root": lambda x: x**0.5,
    "np.mod": lambda x: np.mod(x, 0.3),
    "remainder": lambda x: x % 0.3,
    "np.abs": lambda x: np.abs(x - 0.51),
    "sum": lambda x: sum(np.sin(k * x) for k in range(3)),
    "np.polyval": lambda x: np.polyval([1.0, 2.0, 0.0], x),
    "np.log1p": np.log1p,
    "np.square": np.square,
    "np.power": lambda x: np.power(x, 2),
    "np.hypot": lambda x: np.hypot(x, 1.0),
}

#: Data that are known at points alone.
PLAIN: dict[str, Callable[[Any], Any]] = {
    "erfc": scipy.special.erfc,
    "jv": lambda x: scipy.special.jv(0, x),
    "np.where": lambda x: np.where(x < 0.5, 0.0, 1.0),
    "np.piecewise": lambda x: np.piecewise(x, [x < 0.5, x >= 0.5], [0.0, 1.0]),
    "np.interp": lambda x: np.interp(x, XS, XS),
    "spline": SPLINE,
    "np.ones": lambda x: np.ones(len(x)),
    "np.real": lambda x: np.real(np.exp(1j * x)),
    "mask": lambda x: (x < 0.5) * 1.0,
    "where": lambda x: kinn.where(x < 0.5, 0.0, 1.0),
}


def field_of(function: Callable[[Any], Any]) -> Any:
    return Points(("x",), torch.as_tensor(AT[:, None])).field(function, "the value of a condition")


@pytest.mark.parametrize("name", SMOOTH)
def test_functions_that_fields_know(name: str) -> None:
    field, step = field_of(SMOOTH[name]), 1e-6
    np.testing.assert_allclose(np.broadcast_to(field.value, AT.shape), SMOOTH[name](AT), rtol=1e-14)
    if "heaviside" not in name:
        slope = (SMOOTH[name](AT + step) - SMOOTH[name](AT - step)) / (2 * step)
        np.testing.assert_allclose(np.broadcast_to(field.x.value, AT.shape), slope, atol=1e-7)


@pytest.mark.parametrize("name", PLAIN)
def test_functions_that_fields_do_not_know(name: str) -> None:
    field = field_of(PLAIN[name])
    np.testing.assert_allclose(np.broadcast_to(field.value, AT.shape), PLAIN[name](AT), rtol=1e-14)
    with pytest.raises(InputError, match=r"plain data, and a derivative is asked of it.*kinn\.Table"):
        _ = field.x.value


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: kinn.where(x - 0.5, 1.0, 0.0), "where takes a comparison"),
        (lambda x: 1.0 if x > 0.5 else 0.0, "cannot decide an `if`"),
        (lambda x: max(x, 0.5), r"kinn\.maximum"),
        (math.sin, "the value of a condition cannot be evaluated on fields"),
        (lambda x: x.y, "no derivative .y"),
        (lambda x: [0.0], "has shape"),
    ],
)
def test_mistakes_are_one_line(function: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        field_of(function)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("residual", "message"),
    [
        (
            lambda u, p: SPLINE(p.x) * u.xx + 1,
            r"the residual of problem 'bar' cannot be evaluated on fields.*kinn\.Table",
        ),
        (lambda u, p: np.interp(p.x, XS, XS) * u.xx + 1, r"kinn\.Table"),
        (lambda u, p: u.xx + (1.0 if p.x > 0.5 else 0.0), r"kinn\.where"),
        (lambda u, p: u.xx + math.sin(p.x), "cannot be evaluated on fields"),
        (lambda u, p: u.xx + max(u, 0), r"kinn\.maximum"),
        (lambda u, p: p.k * u.xx + 1, r"combines an array with fields at other points.*kinn\.Table"),
    ],
)
def test_residuals_that_fields_cannot_go_through(residual: Any, message: str) -> None:
    problem = Problem(
        "bar",
        Interval(0, 1),
        strong=residual,
        conditions=[Dirichlet("u", 0.0, on="boundary")],
        coefficients={"k": np.linspace(1, 2, 200)},
    )
    with pytest.raises(InputError, match=message):
        kinn.solve(problem, MLP((4,)), iterations=1)


def test_soft_data_of_scipy_solve() -> None:
    def exact(x: Any, t: Any) -> Any:
        return scipy.special.erfc(x / (2 * np.sqrt(t + 0.25)))  # diffusion from a wall, which fields do not know

    problem = Problem(
        "wall",
        Interval(0, 1) * TimeInterval(0, 1),
        strong=lambda u, p: u.t - u.xx,
        conditions=[
            kinn.Initial("u", lambda x: exact(x, 0.0)),
            Dirichlet("u", 1.0, on="left"),
            Dirichlet("u", lambda t: exact(1.0, t), on="right"),
        ],
    )
    solution = kinn.solve(problem, MLP((10,)), iterations=60)
    points = np.random.default_rng(0).random((50, 2))
    assert np.sqrt(np.mean((solution(points)[:, 0] - exact(*points.T)) ** 2)) < 1e-3
