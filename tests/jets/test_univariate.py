from __future__ import annotations

from itertools import islice

import pytest
import torch

from kinn.jets import univariate
from tests.oracle import nested

EVERYWHERE = [
    "exp",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "sinh",
    "cosh",
    "arctan",
    "erf",
    "normal_cdf",
    "silu",
    "gelu",
    "softsign",
]
POSITIVE = ["sqrt", "reciprocal", "log", "tan"]


@pytest.mark.parametrize("name", EVERYWHERE + POSITIVE)
def test_streams_are_the_derivatives(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    u = 0.2 + torch.rand(7, generator=generator, dtype=torch.float64)
    if name in EVERYWHERE:
        u = torch.cat([u, -u, torch.zeros(1, dtype=torch.float64)])
    function = getattr(univariate, name)
    for k, derivative in enumerate(islice(function(u), 6)):
        expected = nested(lambda v: next(function(v)), [u], (k,))
        torch.testing.assert_close(derivative, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("exponent", [-2.0, 0.5, 2.0, 3.0, 0.0])
def test_powers(exponent: float) -> None:
    u = torch.tensor([0.3, 1.0, 2.5], dtype=torch.float64)
    for k, derivative in enumerate(islice(univariate.power(exponent)(u), 5)):
        torch.testing.assert_close(derivative, nested(lambda v: v**exponent, [u], (k,)))


def test_whole_powers_vanish_at_zero_without_nan() -> None:
    values = list(islice(univariate.power(2.0)(torch.zeros(1, dtype=torch.float64)), 5))
    assert [float(v) for v in values] == [0.0, 0.0, 2.0, 0.0, 0.0]


@pytest.mark.parametrize("name", ["abs", "sign"])
def test_kinks(name: str) -> None:
    u = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64)
    first, second, third = islice(getattr(univariate, name)(u), 3)
    expected = [torch.abs(u), torch.sign(u)] if name == "abs" else [torch.sign(u), torch.zeros(3)]
    assert torch.equal(first, expected[0])
    assert torch.equal(second, expected[1].double())
    assert not third.any()
