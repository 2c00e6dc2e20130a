from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import MLP, Dirichlet, Disk, Initial, InputError, Interval, Periodic, Problem, Rectangle, TimeInterval, sin
from kinn.forms import DomainTrial, strong_form
from kinn.forms.terms import evaluate

SPACE_TIME = Interval(0, 1) * TimeInterval(0, 1)


def test_soft_pairs_are_a_period_apart() -> None:
    condition = Periodic("u", on=("bottom", "top"), derivatives=("", "y", "xy"))
    problem = Problem("p", Rectangle((0, -1), (2, 2)), strong=lambda u, p: u.xx, conditions=[condition])
    trial = DomainTrial(problem, MLP((5,)), seed=2)
    _, term = strong_form(trial, points=300).terms
    assert term.equations == 3
    (p,) = term.blocks
    here, there = p.tensor.numpy(), p.side(1).tensor.numpy()
    np.testing.assert_allclose(there - here, [[0.0, 3.0]] * len(here), atol=1e-12)
    with torch.no_grad():
        traces = [trial.fields("domain", p.side(n), index) for n, index in enumerate(term.index)]
        found = evaluate(term, traces, p).numpy() / np.array(term.factors)[:, None]
    names = ["u", "u.y", "u.xy"]
    np.testing.assert_allclose(found.T, trial.evaluate(here, names) - trial.evaluate(there, names), atol=1e-12)


def test_soft_jacobian_knows_both_faces() -> None:
    problem = Problem("p", SPACE_TIME, conditions=[Periodic("u", on=("left", "right"))])
    system = strong_form(DomainTrial(problem, MLP((4,)), seed=1), points=100)
    theta = system.start()
    ((r, jacobian),) = [(r.clone(), j.clone()) for r, j in system.blocks(theta)]
    loss, gradient = system.gradient(theta)
    torch.testing.assert_close(gradient, 2 * jacobian.T @ r)
    step = torch.randn(system.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (ahead,), (behind,) = ([r for r, _ in system.blocks(theta + s * 1e-6 * step)] for s in (1, -1))
    torch.testing.assert_close(jacobian @ step, (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-7)
    assert loss == pytest.approx(float(r @ r))


def test_advection_leaves_and_comes_back() -> None:
    problem = Problem(
        "p", SPACE_TIME, strong=lambda u, p: u.t + u.x, exact=lambda x, t: sin(2 * np.pi * (x - t)),
        conditions=[Initial("u", lambda x: sin(2 * np.pi * x)), Periodic("u", on=("left", "right"))],
    )  # fmt: skip
    assert kinn.solve(problem, MLP((12, 12)), iterations=150, pde_weight=1.0).errors["u"].l2 < 5e-3


def test_hard_periodic_with_all_derivatives() -> None:
    box = Rectangle((0, -1), (2, 2))
    conditions = [Periodic("u", on=("right", "left"), enforce="hard", harmonics=3)]
    trial = DomainTrial(Problem("p", box, strong=lambda u, p: u.xx, conditions=conditions), MLP((8,)), seed=1)
    assert trial.network("domain").inputs == 7
    y = np.linspace(-1, 2, 9)
    names = ["u", "u.x", "u.xy", "u.xxx", "u.xxxx", "u.yy"]
    here, there, inside = (trial.evaluate(np.column_stack([x + 0 * y, y]), names) for x in (0.0, 2.0, 0.7))
    np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-8)
    assert np.abs(here - inside).max() > 1e-2
    h, x = 1e-5, np.column_stack([0.3 + 0 * y, y])
    slope = (trial.evaluate(x + np.array([h, 0]), "u") - trial.evaluate(x - np.array([h, 0]), "u")) / (2 * h)
    np.testing.assert_allclose(trial.evaluate(x, "u.x"), slope, atol=1e-8)


def test_hard_periodic_advection() -> None:
    """Far fewer steps than the soft condition takes."""
    problem = Problem(
        "p", SPACE_TIME, strong=lambda u, p: u.t + u.x, exact=lambda x, t: sin(2 * np.pi * (x - t)),
        conditions=[
            Initial("u", lambda x: sin(2 * np.pi * x), enforce="hard"),
            Periodic("u", on=("left", "right"), enforce="hard"),
        ],
    )  # fmt: skip
    assert kinn.solve(problem, MLP((12, 12)), iterations=60).errors["u"].l2 < 3e-3


def hard(*conditions: Any, **options: Any) -> DomainTrial:
    stated = [Periodic("u", on=("left", "right"), enforce="hard"), *conditions]
    return DomainTrial(Problem("p", SPACE_TIME, strong=lambda *_: _, conditions=stated, **options), MLP((3,)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: hard(Initial("u", lambda x: x, enforce="hard")), "is periodic in x, enforced hard.*u jumps"),
        (lambda: hard(Initial("u", lambda x: (x - 0.5) ** 2, enforce="hard")), "u.x jumps"),
        (lambda: hard(Dirichlet("u", 0.0, on="left", enforce="hard")), "u jumps"),
        (lambda: hard(features=[lambda x, t: x * t]), "a feature"),
        (lambda: hard(fields=("u", "v")), "state it for 'v' too"),
        (lambda: hard(Periodic("u", on=("left", "right"), enforce="hard", harmonics=2)), "other harmonics"),
    ],
)
def test_what_is_not_periodic_is_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Periodic("u", on="left"), "joins two faces"),  # type: ignore[arg-type]
        (lambda: Periodic("u", on=("left", "left")), "joins two faces"),
        (lambda: Periodic("u", on=("left", "right"), harmonics=0), "harmonics"),
        (lambda: Problem("p", SPACE_TIME, conditions=[Periodic("u", on=("left", "rigt"))]), "did you mean 'right'"),
        (lambda: Problem("p", SPACE_TIME, conditions=[Periodic("u", on=("left", "initial"))]), "two opposite faces"),
        (
            lambda: Problem("p", Disk((0, 0), 2) - Disk((0, 0), 1), conditions=[Periodic("u", on=("disk", "disk-2"))]),
            "two opposite faces",
        ),
    ],
)
def test_mistakes_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
