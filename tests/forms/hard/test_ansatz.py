from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import (
    MLP,
    Defaults,
    Dirichlet,
    Disk,
    Field,
    Initial,
    InputError,
    Interval,
    Neumann,
    Polygon,
    Problem,
    Rectangle,
    Robin,
    TimeInterval,
    cos,
    exp,
    sin,
)
from kinn.forms import DomainTrial


def residual(u: Any, p: Any) -> Any:
    return u.xx


def values_on(problem: Problem, boundary: str) -> tuple[np.ndarray, np.ndarray]:
    trial = DomainTrial(problem, MLP((5,)), seed=3)
    (geometry,) = problem.subdomains.values()
    x = geometry.boundary(boundary).sample(40).points
    return x, trial.evaluate(x, "u")


def test_every_face_of_a_square_with_varying_data() -> None:
    def data(x: Any, y: Any) -> Any:
        return sin(2 * x) * y + exp(x * y)

    conditions = [Dirichlet("u", data, on=side, enforce="hard") for side in ("left", "right", "bottom", "top")]
    problem = Problem("p", Rectangle((0, -1), (2, 1)), strong=residual, conditions=conditions)
    for side in ("left", "right", "bottom", "top"):
        x, u = values_on(problem, side)
        np.testing.assert_allclose(u, data(*x.T), atol=1e-12)


def test_start_and_sides_of_space_time() -> None:
    conditions = [
        Initial("u", cos, enforce="hard"),
        Dirichlet("u", lambda x, t: exp(-t) * np.cos(1.0), on="right", enforce="hard"),
    ]
    problem = Problem("p", Interval(0, 1) * TimeInterval(0, 2), strong=residual, conditions=conditions)
    x, u = values_on(problem, "initial")
    np.testing.assert_allclose(u, np.cos(x[:, 0]), atol=1e-12)
    x, u = values_on(problem, "right")
    np.testing.assert_allclose(u, np.exp(-x[:, 1]) * np.cos(1.0), atol=1e-12)
    x, u = values_on(problem, "left")  # not given: left to the network
    assert np.std(u) > 1e-3


def test_derivatives_pass_through_the_ansatz() -> None:
    problem = Problem("p", Interval(0, 1), strong=residual, conditions=[Dirichlet("u", 2.0, on="left", enforce="hard")])
    trial = DomainTrial(problem, MLP((5,)), seed=1)
    x = np.array([[0.3], [0.7]])
    h = 1e-5
    slope = (trial.evaluate(x + h, "u") - trial.evaluate(x - h, "u")) / (2 * h)
    np.testing.assert_allclose(trial.evaluate(x, "u.x"), slope, atol=1e-8)


@pytest.mark.parametrize(
    ("domain", "conditions", "message"),
    [
        (
            Rectangle((0, 0), (1, 1)),
            [Dirichlet("u", 0.0, on="left", enforce="hard"), Dirichlet("u", 1.0, on="top", enforce="hard")],
            r"contradict each other: Dirichlet\('u', on='left'\) and .*on='top'\) disagree at x = 0, y = 1: 0 and 1",
        ),
        (
            Rectangle((0, 0), (1, 1)) * TimeInterval(0, 2),
            [Initial("u", 1.0, enforce="hard"), Dirichlet("u", lambda t: 2 * cos(t), on="right", enforce="hard")],
            r"disagree at x = 1, y = .*, t = 0: 1 and 2",
        ),
        (
            Polygon([(0, 0), (1, 0), (0, 1)]),
            [
                Dirichlet("u", lambda x: x, on="edge-0", enforce="hard"),
                Dirichlet("u", lambda x: 1.5 * x, on="edge-1", enforce="hard"),
            ],
            "disagree at x = 1, y = 0: 1 and 1.5",
        ),
        (
            Disk((0, 0), 1),
            [Dirichlet("u", 0.0, on="disk", enforce="hard"), Dirichlet("u", 0.0, on="boundary", enforce="hard")],
            "another hard condition has already",
        ),
        (
            Disk((0, 0), 1),
            [Neumann("u", lambda x: 1 / (x - x), on="disk", enforce="hard")],
            "the flux of Neumann.* is not finite at x = ",
        ),
        (
            Rectangle((0, 0), (1, 1)),
            [Dirichlet("u", 0.0, on="left", enforce="hard"), Dirichlet("u", 0.0, on="boundary", enforce="hard")],
            "another hard condition",
        ),
    ],
)
def test_impossible_conditions_are_named(domain: Any, conditions: list[Dirichlet], message: str) -> None:
    problem = Problem("p", domain, strong=residual, conditions=conditions)
    with pytest.raises(InputError, match=message):
        DomainTrial(problem, MLP((4,)))


def held(domain: Any, on: str, condition: Any, others: Any = ()) -> float:
    """Return the largest residual of a hard condition on its boundary, for a network with random weights."""
    problem = Problem("p", domain, strong=residual, conditions=[condition, *others])
    trial = DomainTrial(problem, MLP((5,)), seed=4)
    drawn = domain.boundary(on).sample(50, method="random", seed=8)
    names = ["u", *(f"u.{c}" for c in domain.coordinates)]
    values = torch.as_tensor(trial.evaluate(drawn.points, names))
    fields = [Field(domain.coordinates, lambda a, n=n: values[:, n] if not any(a) else 0.0) for n in range(len(names))]

    def component(a: tuple[int, ...]) -> Any:
        return fields[1 + a.index(1)].value if any(a) else fields[0].value

    p = problem.points(torch.as_tensor(drawn.points), torch.as_tensor(drawn.normals))
    (found,) = condition.residuals([{"u": Field(domain.coordinates, component)}], p)
    inside = trial.evaluate(domain.sample(30), ["u", "u.x", "u.xx"])
    assert np.isfinite(inside).all()
    assert inside[:, 0].std() > 1e-3
    return float(found.value.abs().max())


def wave(x: Any, y: Any) -> Any:
    return sin(2 * x) * y


HOLE = Rectangle((-1, -1), (1, 1)) - Disk((0.1, 0.2), 0.4)
CORNER = Polygon([(-1, -1), (1, -1), (1, 0), (0, 0), (0, 1), (-1, 1)])
LINE = Interval(0, 1) * TimeInterval(0, 2)
ROD = Disk((0, 0), 1) * TimeInterval(0, 2)


@pytest.mark.parametrize(
    ("domain", "conditions"),
    [
        (Disk((0, 0), 1), [Dirichlet("u", wave, on="disk")]),
        (Disk((0, 0), 1), [Neumann("u", wave, on="disk")]),
        (Disk((0, 0), 1), [Robin("u", wave, 3.0, lambda x, y: x + 1, on="disk")]),
        (Disk((0, 0), 1), [Dirichlet("u", wave, on="disk"), Neumann("u", lambda x, y: x * y, on="disk")]),
        (HOLE, [Dirichlet("u", wave, on="rectangle"), Neumann("u", 2.0, on="disk")]),
        (HOLE, [Dirichlet("u", 1.0, on="left"), Dirichlet("u", 0.0, on="disk"), Neumann("u", 0.0, on="right")]),
        (CORNER, [Dirichlet("u", 0.0, on="edge-2"), Dirichlet("u", 0.0, on="edge-3"), Neumann("u", 1.0, on="edge-0")]),
        (CORNER, [Neumann("u", 0.0, on="edge-2"), Robin("u", 1.0, 2.0, 3.0, on="edge-3")]),
        (ROD, [Initial("u", lambda x, y: x * y), Dirichlet("u", lambda x, y, t: x * y * exp(-t), on="disk")]),
        (ROD, [Initial("u", 1.0), Initial("u", lambda x: x, derivative="t"), Neumann("u", 0.0, on="disk")]),
        # boxes, by polynomials
        (Interval(0, 1), [Neumann("u", 1.0, on="left"), Neumann("u", 2.0, on="right")]),
        (Interval(0, 1), [Robin("u", 1.0, 2.0, 3.0, on="left"), Robin("u", 2.0, -1.0, 3.0, on="right")]),
        (
            LINE,
            [
                Initial("u", sin), Initial("u", lambda x: -sin(x), derivative="t"),
                Dirichlet("u", 0.0, on="left"), Neumann("u", lambda t: float(np.cos(1)) * exp(-t), on="right"),
            ],
        ),
        (
            Rectangle((0, 0), (1, 2)),
            [
                Dirichlet("u", wave, on="left"), Robin("u", 3.0, 2.0, lambda x, y: 3 * wave(x, y) - 2 * sin(2 * x), on="bottom"),
                Neumann("u", lambda y: 2 * float(np.cos(2)) * y, on="right"), Dirichlet("u", wave, on="top"),
            ],
        ),
        # slopes that contradict each other in a corner, where no polynomial helps
        (Rectangle((0, 0), (1, 2)), [Neumann("u", 1.0, on="left"), Neumann("u", lambda x: x, on="bottom")]),
        (Rectangle((0, 0), (1, 2)), [Dirichlet("u", 0.0, on="left"), Neumann("u", 1.0, on="bottom")]),
    ],
)  # fmt: skip
def test_hard_conditions_on_any_shape(domain: Any, conditions: Any) -> None:
    hard = [replace(condition, enforce="hard") for condition in conditions]
    for condition in hard:
        others = [other for other in hard if other is not condition]
        assert held(domain, condition.on, condition, others) < 1e-5


@pytest.mark.parametrize("enforce", ["soft", "hard"])
def test_mixed_hard_conditions_solve(enforce: str) -> None:
    def exact(x: Any, y: Any) -> Any:
        return sin(2 * x) * exp(y)

    def outward(x: Any, y: Any) -> Any:  # on the hole the normal points to its centre
        return ((0.1 - x) * 2 * cos(2 * x) * exp(y) + (0.2 - y) * exact(x, y)) / 0.4

    problem = Problem(
        "p", HOLE, strong=lambda u, p: u.xx + u.yy + 3 * exact(p.x, p.y), exact=exact,
        conditions=[
            Dirichlet("u", lambda x, y: exact(x, y) + (1 - x**2) * (1 - y**2), on="rectangle", enforce=enforce),
            Neumann("u", outward, on="disk", enforce=enforce),
        ],
        defaults=Defaults(points=300),
    )  # fmt: skip
    assert kinn.solve(problem, MLP((16,)), iterations=40, optimizer="lm").errors["u"].l2 < 5e-3


def test_derivatives_pass_through_slopes() -> None:
    conditions = [Neumann("u", 1.0, on="disk", enforce="hard"), Dirichlet("u", 0.0, on="left", enforce="hard")]
    trial = DomainTrial(Problem("p", HOLE, strong=residual, conditions=conditions), MLP((5,)), seed=1)
    x = np.array([[-0.7, 0.3], [0.6, -0.7]])
    h = np.array([1e-5, 0.0])
    slope = (trial.evaluate(x + h, "u.x") - trial.evaluate(x - h, "u.x")) / 2e-5
    np.testing.assert_allclose(trial.evaluate(x, "u.xx"), slope, rtol=1e-5, atol=1e-7)


def test_evaluation_names_mistakes() -> None:
    problem = Problem("p", Interval(0, 1), strong=residual, conditions=[Dirichlet("u", 0.0, on="left")])
    trial = DomainTrial(problem, MLP((4,)))
    with pytest.raises(InputError, match="no field named 'v'"):
        trial.evaluate(np.zeros((1, 1)), "v.x")
    with pytest.raises(InputError, match="'t' is no coordinate"):
        trial.evaluate(np.zeros((1, 1)), "u.t")
    with pytest.raises(InputError, match=r"shape \(N, 1\)"):
        trial.evaluate(np.zeros((3, 2)), "u")
    assert np.isnan(trial.evaluate(np.array([[5.0]]), "u")).all()
    assert torch.equal(trial.flat.get(), trial.flat.vector)
