from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from kinn import MLP, Initial, Observation, Problem, TimeInterval, exp, sin, solve
from kinn.errors import ProblemWarning
from kinn.fields import Field, Points
from kinn.forms import DomainTrial, strong_form
from kinn.train.trajectories import warn_of_departures


def lotka_volterra(end: float) -> Problem:
    return Problem(
        "prey", TimeInterval(0, end), fields=("x", "y"),
        strong=lambda x, y, p: (x.t - x * (1 - y), y.t - y * (x - 1)),
        conditions=[Initial("x", 2.0), Initial("y", 1.0)],
    )  # fmt: skip


def pendulum(end: float) -> Problem:
    return Problem(
        "pendulum", TimeInterval(0, end), fields="y", strong=lambda y, p: y.tt + sin(y),
        conditions=[Initial("y", 1.0), Initial("y", 0.0, derivative="t")],
    )  # fmt: skip


def driven(y: Field, p: Points) -> Field:
    return y.t + 50 * (y - sin(p.t))


def solved(problem: Problem, network: Any, iterations: int) -> Any:
    return solve(problem, network, iterations=iterations, estimate=False)


def result_that_fits(problem: Problem, values: Any, *, loss: float) -> Any:
    """Result of a training whose fields are these functions of time, whatever the equation."""
    times = problem.subdomains[next(iter(problem.subdomains))].sample(200)
    observed = [Observation(name, times, value(times[:, 0])) for name, value in values.items()]
    data = Problem("data", problem.subdomains, fields=problem.names, conditions=observed)
    trial = solve(data, MLP((12,)), iterations=60, optimizer="lm", estimate=False).fields
    objective = strong_form(trial_of(problem, trial), points=200)
    return SimpleNamespace(objective=objective, theta=objective.start(), loss=loss)


def trial_of(problem: Problem, trained: Any) -> DomainTrial:
    trial = DomainTrial(problem, trained.architecture, scales=trained.scales)
    trial.load_state_dict(trained.state_dict())
    return trial


COLLAPSE = {"x": lambda t: 2 * np.exp(-3 * t), "y": lambda t: np.exp(-2 * t)}


def test_a_collapse_onto_a_rest_state_is_found_at_any_size_of_the_loss_but_large_ones() -> None:
    result = result_that_fits(lotka_volterra(20), COLLAPSE, loss=1e-3)
    with pytest.warns(ProblemWarning, match="problem 'prey' has a small loss, but the PDE is not met between t = 0"):
        warn_of_departures([result])
    result.loss = 1.0
    warn_of_departures([result])


def test_an_orbit_is_none() -> None:
    orbit = solve_ivp(lambda _, u: [u[0] * (1 - u[1]), u[1] * (u[0] - 1)], (0, 6), [2, 1], dense_output=True, rtol=1e-9)
    values = {"x": lambda t: orbit.sol(t)[0], "y": lambda t: orbit.sol(t)[1]}
    warn_of_departures([result_that_fits(lotka_volterra(6), values, loss=1e-3)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "network"), [(lotka_volterra(50), MLP((20,))), (pendulum(60), MLP((10,)))], ids=lambda p: p.name
)
def test_trajectories_that_drop_onto_a_rest_state(problem: Problem, network: Any) -> None:
    with pytest.warns(ProblemWarning, match="has a small loss, but the PDE is not met between t = .*time_windows="):
        found = solved(problem, network, 300)
    assert found.loss < 3e-2


@pytest.mark.parametrize(
    "problem",
    [
        pendulum(5),
        Problem("stiff", TimeInterval(0, 2), fields="y", strong=driven, conditions=[Initial("y", 1.0)]),
        Problem(
            "decay", TimeInterval(0, 30), fields="y", strong=lambda y, p: y.t + y, conditions=[Initial("y", 1.0)],
            exact=lambda t: exp(-t),
        ),
    ],
    ids=lambda problem: problem.name,
)  # fmt: skip
def test_those_that_follow_their_equation_pass(problem: Problem) -> None:
    """Even where they rest after an initial layer."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert solved(problem, MLP((16,)), 150).loss < 1e-4
