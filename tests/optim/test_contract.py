"""The contract of optimisers, for all of ours and for one of a user's script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from torch import Tensor

import kinn
from kinn import LBFGS, Adam, Auto, LastLayerLeastSquares, LevenbergMarquardt, SelfScaledBroyden
from kinn.optim import OPTIMIZERS, Objective, Optimizer, State
from tests.optim.contract import OptimizerContract


class TestAuto(OptimizerContract):
    optimizer = Auto()
    trials = 60  # of three methods


class TestAutoFirstOrder(OptimizerContract):
    optimizer = Auto(max_parameters=1)
    steps, loss = 2200, 1e-10


class TestLevenbergMarquardt(OptimizerContract):
    optimizer = LevenbergMarquardt()


class TestLevenbergMarquardtByQR(OptimizerContract):
    optimizer = LevenbergMarquardt(linear_algebra="qr")


class TestLevenbergMarquardtDual(OptimizerContract):
    optimizer = LevenbergMarquardt(linear_algebra="kernel")


class TestSelfScaledBroyden(OptimizerContract):
    optimizer = SelfScaledBroyden()


class TestSelfScaledBroydenFromIdentity(OptimizerContract):
    optimizer = SelfScaledBroyden(gauss_newton_start=False)


class TestLastLayerLeastSquares(OptimizerContract):
    optimizer = LastLayerLeastSquares()


class TestLBFGS(OptimizerContract):
    optimizer = LBFGS()
    loss = 1e-12


class TestAdam(OptimizerContract):
    optimizer = Adam(lr=0.05)
    steps, loss = 2500, 1e-10


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """Gradient descent with the step length as its setting: an optimiser of a user's script."""

    name: ClassVar[str] = "gradient-descent"

    length: float = 0.4

    def start(self, objective: Objective, theta: Tensor) -> State:
        """The state at theta."""
        return State(theta, objective.loss(theta))

    def step(self, objective: Objective, state: State) -> State:
        """The state after one step down the gradient."""
        _, gradient = objective.gradient(state.theta)
        theta = state.theta - self.length * gradient
        return State(theta, objective.loss(theta))


class TestGradientDescent(OptimizerContract):
    optimizer = GradientDescent()
    steps, loss = 4000, 1e-12


def test_an_optimizer_of_a_script_solves_without_registration() -> None:
    def poisson(u: Any, p: kinn.Points) -> Any:
        return u.xx + 1.0

    problem = kinn.Problem(
        "slab",
        kinn.Interval(0, 1),
        strong=poisson,
        conditions=[
            kinn.Dirichlet("u", 0.0, on="left", enforce="soft"),
            kinn.Dirichlet("u", 0.0, on="right", enforce="soft"),
        ],
    )
    solution = kinn.solve(problem, kinn.MLP((4,)), optimizer=GradientDescent(1e-3), iterations=5, points=20)
    losses = [entry.loss for entry in solution.history]
    assert len(losses) == 5
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_catalogue(name: str) -> None:
    assert OPTIMIZERS[name].name == name
    assert isinstance(OPTIMIZERS[name](), Optimizer)
