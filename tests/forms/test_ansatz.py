from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kinn import (
    MLP,
    Dirichlet,
    Disk,
    Initial,
    InputError,
    Interval,
    Problem,
    Rectangle,
    TimeInterval,
    cos,
    exp,
    sin,
)
from kinn.forms import Trial


def residual(u: Any, p: Any) -> Any:
    return u.xx


def values_on(problem: Problem, boundary: str) -> tuple[np.ndarray, np.ndarray]:
    trial = Trial(problem, MLP((5,)), seed=3)
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
    trial = Trial(problem, MLP((5,)), seed=1)
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
            "disagree by up to 1",
        ),
        (Disk((0, 0), 1), [Dirichlet("u", 0.0, on="disk", enforce="hard")], "whole faces of a box"),
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
        Trial(problem, MLP((4,)))


def test_evaluation_names_mistakes() -> None:
    problem = Problem("p", Interval(0, 1), strong=residual, conditions=[Dirichlet("u", 0.0, on="left")])
    trial = Trial(problem, MLP((4,)))
    with pytest.raises(InputError, match="no field named 'v'"):
        trial.evaluate(np.zeros((1, 1)), "v.x")
    with pytest.raises(InputError, match="'t' is no coordinate"):
        trial.evaluate(np.zeros((1, 1)), "u.t")
    with pytest.raises(InputError, match=r"shape \(N, 1\)"):
        trial.evaluate(np.zeros((3, 2)), "u")
    assert np.isnan(trial.evaluate(np.array([[5.0]]), "u")).all()
    assert torch.equal(trial.flat.get(), trial.flat.vector)
