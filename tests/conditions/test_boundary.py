from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kinn import Disk, Initial, InputError, Interval, Problem, Rectangle, Robin, TimeInterval, cos, exp, sin
from kinn.fields import Field


def residuals(problem: Problem, exact: Any, boundary: str) -> list[float]:
    """Return the largest residual of each condition on a boundary, at a function that is given."""
    (geometry,) = problem.subdomains.values()
    drawn = geometry.boundary(boundary).sample(30)
    p = problem.points(torch.as_tensor(drawn.points), torch.as_tensor(drawn.normals))
    traces = [{"u": exact(*p.coordinates)}]
    return [float(torch.as_tensor(r.value).abs().max()) for c in problem.conditions for r in c.residuals(traces, p)]


def test_robin_with_factors_that_vary() -> None:
    def value(x: Any, y: Any) -> Any:  # on the unit circle n = (x, y)
        return x * (x**2 * y) + 3 * (2 * x * y * x + x**2 * y)

    problem = Problem(
        "p", Disk((0, 0), 1), conditions=[Robin("u", lambda x: x, 3.0, value, on="disk")], strong=lambda u, p: u.xx
    )
    assert max(residuals(problem, lambda x, y: x**2 * y, "disk")) < 1e-12
    assert max(residuals(problem, lambda x, y: x**2 * y + 0.1, "disk")) > 0.05


def test_robin_solves() -> None:
    import kinn

    problem = Problem(
        "p", Interval(0, 1), strong=lambda u, p: u.xx + sin(p.x), exact=sin,
        conditions=[
            Robin("u", 2.0, 3.0, lambda x: 2 * sin(x) + 3 * cos(x), on="right"),
            Robin("u", 1.0, 1.0, -1.0, on="left"),
        ],
    )  # fmt: skip
    assert kinn.solve(problem, kinn.MLP((10,)), iterations=50).errors["u"].l2 < 1e-6


@pytest.mark.parametrize(
    "value", [lambda t: exp(-t), lambda x, t: exp(-t), lambda t, rate=1.0: exp(-rate * t), lambda t, x: exp(-x)]
)
def test_data_that_depends_on_time_alone(value: Any) -> None:
    """A function of some coordinates takes them by name; one of all of them takes them in order."""
    problem = Problem("p", Interval(0, 1) * TimeInterval(0, 1), strong=lambda u, p: u.t)
    p = problem.points(torch.rand(5, 2, dtype=torch.float64))
    field = p.field(value, "data")
    assert isinstance(field, Field)
    torch.testing.assert_close(torch.as_tensor(field.value), torch.exp(-p.tensor[:, 1]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Robin("u", 1.0, 1.0, 0.0, on="left", enforce="firm"), "did you mean|valid: hard, soft"),
        (lambda: Robin("u", 1.0, 0.0, 0.0, on="left", enforce="hard"), "beta = 0 is a Dirichlet condition"),
        (lambda: Initial("u", 0.0, derivative="tt", enforce="hard"), "cannot be enforced hard"),
        (lambda: Robin("u", 1.0, 1.0, 0.0, on="left", weight=np.nan), "weight of Robin"),
        (lambda: Problem("p", Rectangle((0, 0), (1, 1)), conditions=[Robin("u", 1, 1, 0, on="lft")]), "'left'"),
    ],
)
def test_mistakes_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
