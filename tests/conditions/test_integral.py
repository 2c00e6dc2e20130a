from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import (
    MLP,
    Disk,
    InputError,
    Integral,
    Interval,
    Neumann,
    Problem,
    Rectangle,
    ResidualCondition,
    TimeInterval,
    Unknown,
    cos,
    exp,
    sin,
)
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.forms.terms import evaluate

SQUARE = Rectangle((0, 0), (1, 2))
SPACE_TIME = Interval(0, 1) * TimeInterval(0, 1)


def system(domain: Any, conditions: Any, strong: Any = None, **options: Any) -> ResidualObjective:
    problem = Problem("p", domain, strong=strong, conditions=conditions, **options)
    return strong_form(DomainTrial(problem, MLP((5,)), seed=2), points=100)


def at_exact(problem: Problem, condition: Any, exact: Any) -> list[float]:
    """Return the residuals of a condition at a function that is given."""
    (term,) = [t for t in strong_form(DomainTrial(problem, MLP((2,))), points=50).terms if t.name == condition.label]
    found = []
    for p in term.blocks:
        sides = [p.side(n) for n in range(len(term.subdomains))]
        traces = [dict(zip(problem.names, exact(*s.coordinates), strict=True)) for s in sides]
        found.append(float(evaluate(term, traces, p).abs().max()))
    return found


def test_jacobian_of_integrals_and_of_residuals_of_ones_own() -> None:
    whole = system(
        SPACE_TIME,
        [
            Integral("u", lambda t: exp(-t), instants=3),
            Integral("u", 2.0, over="left", of="flux"),
            Integral(None, 1.0, over="initial", of=lambda u, v, p: u * v * p.x * p.k, mean=True),
            ResidualCondition(lambda u, v, p: (u.x - p.k * v, u * v), on="right"),
            ResidualCondition(lambda u, v, p: u + v - 1, on="interior", weight=lambda x: 1 + x),
        ],
        fields=("u", "v"),
        unknowns=[Unknown("k", initial=2.0)],
    )
    theta = whole.start()
    blocks = [(r.clone(), j.clone()) for r, j in whole.blocks(theta)]
    r, jacobian = torch.cat([r for r, _ in blocks]), torch.cat([j for _, j in blocks])
    assert len(r) == whole.samples
    assert [t.points for t in whole.terms][:3] == [3, 16, 1]
    loss, gradient = whole.gradient(theta)
    assert loss == pytest.approx(float(r @ r))
    assert loss == pytest.approx(whole.loss(theta))
    torch.testing.assert_close(gradient, 2 * jacobian.T @ r)
    step = torch.randn(whole.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ahead, behind = (torch.cat([r for r, _ in whole.blocks(theta + s * 1e-6 * step)]) for s in (1, -1))
    torch.testing.assert_close(jacobian @ step, (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-7)
    assert [len(s) for s in whole.squared_residuals(theta)] == [t.points for t in whole.terms]


def u(x: Any, y: Any) -> Any:
    return (sin(x) * exp(y),)


@pytest.mark.parametrize(
    ("domain", "condition", "accuracy"),
    [
        (SQUARE, Integral("u", (1 - np.cos(1)) * (np.exp(2) - 1)), 1e-12),
        (SQUARE, Integral("u", (1 - np.cos(1)) * (np.exp(2) - 1) / 2, mean=True), 1e-12),
        (SQUARE, Integral("u", np.cos(1) * (np.exp(2) - 1), over="right", of="flux"), 1e-12),
        (SQUARE, Integral("u", 0.0, over="boundary", of="flux"), 1e-12),  # u is harmonic
        (SQUARE, Integral(None, 2.0, of=lambda u, p: 1 + 0 * u), 1e-12),
        (Disk((0, 0), 1) - Disk((0.3, 0), 0.5), Integral("u", 0.0, over="disk-2", of="flux"), 1e-12),
        (Disk((0, 0), 1), Integral("u", 0.0, over="disk", of="flux"), 1e-12),
        (Disk((0, 0), 1), Integral("u", 0.0), 1e-3),  # u is odd in x
    ],
)
def test_integrals_of_a_known_function(domain: Any, condition: Integral, accuracy: float) -> None:
    problem = Problem("p", domain, conditions=[condition])
    assert max(at_exact(problem, condition, u)) < accuracy
    wrong = at_exact(problem, condition, lambda x, y: (sin(x) * exp(y) + x**2 + 0.1,))
    assert max(wrong) > 1e-2 or condition.field is None


def test_an_integral_over_two_subdomains() -> None:
    halves = {"low": Rectangle((0, 0), (1, 1)), "high": Rectangle((0, 1), (1, 2))}
    condition = Integral("u", (1 - np.cos(1)) * (np.exp(2) - 1))
    problem = Problem("p", halves, conditions=[condition])
    assert max(at_exact(problem, condition, u)) < 1e-12


def test_an_integral_at_every_instant() -> None:
    condition = Integral("u", lambda t: exp(-t) * (1 - np.cos(1)), instants=5)
    problem = Problem("p", SPACE_TIME, conditions=[condition])
    found = at_exact(problem, condition, lambda x, t: (sin(x) * exp(-t),))
    assert len(found) == 5
    assert max(found) < 1e-12
    start = Integral("u", 1 - np.cos(1), over="initial")
    problem = Problem("p", SPACE_TIME, conditions=[start])
    assert max(at_exact(problem, start, lambda x, t: (sin(x) * exp(-t),))) < 1e-12


def test_a_mean_fixes_what_neumann_conditions_leave_open() -> None:
    problem = Problem(
        "p", Interval(0, 1), strong=lambda u, p: u.xx + np.pi**2 * cos(np.pi * p.x),
        exact=lambda x: cos(np.pi * x) + 3,
        conditions=[Neumann("u", 0.0, on="left"), Neumann("u", 0.0, on="right"), Integral("u", 3.0, mean=True)],
    )  # fmt: skip
    assert kinn.solve(problem, MLP((12,)), iterations=60).errors["u"].l2 < 1e-5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Integral("u", 1.0, of="flow"), "no integrand named 'flow'"),
        (lambda: Integral("u", 1.0, of="flux"), "through a boundary"),
        (lambda: Integral(None, 1.0), "name of a field"),
        (lambda: Integral("u", 1.0, instants=0), "1 instant or more"),
        (lambda: Problem("p", SQUARE, conditions=[Integral("v", 1.0)]), "no field named 'v'"),
        (lambda: Problem("p", SQUARE, conditions=[Integral("u", 1.0, over="lft")]), "did you mean 'left'"),
        (lambda: Problem("p", SQUARE, conditions=[Integral("u", lambda t: t)]), "depend on time alone"),
        (lambda: Problem("p", SQUARE, conditions=[Integral("u", 1.0, of=lambda p: p)]), "must take u, p"),
        (lambda: system(SQUARE, [Integral("u", np.nan)]), "value of Integral.* is not finite"),
    ],
)
def test_mistakes_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
