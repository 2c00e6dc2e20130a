from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import (
    MLP,
    Cuboid,
    Dirichlet,
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
from kinn.conditions import TimeWindow
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


FLUX_UP = np.cos(0.5) * (np.exp(2) - 1)  # of sin(x) exp(y) to the right through x = 1/2


@pytest.mark.parametrize(
    ("domain", "over", "flux"),
    [
        (SQUARE, [(0.5, 0), (0.5, 2)], FLUX_UP),
        (SQUARE, np.array([(0.5, 2), (0.5, 1), (0.5, 0)]), -FLUX_UP),
        (SQUARE, Rectangle((0, 0), (0.5, 2)).boundary("right"), FLUX_UP),
        (SQUARE, [(0.2, 0.3), (0.9, 0.4), (0.3, 1.7), (0.2, 0.3)], 0.0),  # u is harmonic
        (SQUARE, Disk((0.5, 0.7), 0.3).boundary("disk"), 0.0),
        (
            {"low": Rectangle((0, 0), (1, 1)), "high": Rectangle((0, 1), (1, 2))},
            [(0.5, 0), (0.5, 1), (0.5, 2)],
            FLUX_UP,
        ),
        ({"left": Rectangle((0, 0), (0.5, 2)), "right": Rectangle((0.5, 0), (1, 2))}, [(0.5, 0), (0.5, 2)], FLUX_UP),
    ],
)
def test_fluxes_through_lines_inside(domain: Any, over: Any, flux: float) -> None:
    for condition in (
        Integral("u", flux, over=over, of="flux"),
        Integral(None, flux, over=over, of=lambda u, p: u.x * p.n[0] + u.y * p.n[1]),
    ):
        assert max(at_exact(Problem("p", domain, conditions=[condition]), condition, u)) < 1e-12
        wrong = Integral("u", flux + 0.1, over=over, of="flux")
        assert min(at_exact(Problem("p", domain, conditions=[wrong]), wrong, u)) > 1e-3


def test_fluxes_through_inner_points_surfaces_and_lines_in_time() -> None:
    flow = Integral("u", lambda t: exp(-t) * np.cos(0.5), over=Interval(0, 0.5).boundary("right"), of="flux")
    found = at_exact(Problem("p", SPACE_TIME, conditions=[flow]), flow, lambda x, t: (sin(x) * exp(-t),))
    assert len(found) == 16
    assert max(found) < 1e-12
    plane = Integral("u", 1.0, over=Cuboid((0, 0, 0), (0.5, 1, 1)).boundary("right"), of="flux")
    cube = Problem("p", Cuboid((0, 0, 0), (1, 1, 1)), conditions=[plane])
    assert max(at_exact(cube, plane, lambda x, y, z: (x * x + y * z,))) < 1e-12
    window = TimeWindow(1, (0.0, 0.5), last=False)
    assert flow.in_window(window) is flow


def test_a_flow_through_a_cross_section_determines_a_pressure() -> None:
    """The potential at the outlet of a channel follows from the flow through a line inside."""
    problem = Problem(
        "p", Rectangle((0, 0), (2, 1)), strong=lambda u, p: u.xx + u.yy, exact=lambda x, y: 3 * x + 0 * y,
        conditions=[
            Dirichlet("u", 0.0, on="left"), Neumann("u", 0.0, on="top"), Neumann("u", 0.0, on="bottom"),
            ResidualCondition(lambda u, p: u - p.outlet, on="right"), Integral("u", 3.0, over=[(0.7, 0), (0.7, 1)], of="flux"),
        ],
        unknowns=[Unknown("outlet", initial=1.0)],
    )  # fmt: skip
    solution = kinn.solve(problem, MLP((8,)), iterations=40, points=100)
    assert solution.unknowns["outlet"].value == pytest.approx(6.0, rel=1e-5)


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
        (lambda: Integral("u", 1.0, over=[(0, 0)]), "a line through 2 or more different points"),
        (lambda: Integral("u", 1.0, over=[(0, 0), (0, 0)]), "a line through 2 or more different points"),
        (lambda: Integral("u", 1.0, over=3), "a line through 2 or more different points"),
        (
            lambda: Problem("p", SQUARE, conditions=[Integral("u", 1.0, over=[(0.5, 1), (0.5, 3)])]),
            r"Integral\('u', over='line'\) of problem 'p': it leaves the domain, at \(0.5, 2",
        ),
        (
            lambda: Problem("p", Interval(0, 1), conditions=[Integral("u", 1.0, over=[(0, 0), (0, 1)])]),
            "have 2 coordinates",
        ),
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
