"""What every optimiser must satisfy: a test class to inherit from."""

from __future__ import annotations

import io
from itertools import pairwise
from math import isfinite

import pytest
import torch

from kinn.optim import Objective, Optimizer, State
from tests.optim.fakes import Residuals, linear


def run(method: Optimizer, objective: Objective, theta: torch.Tensor, steps: int) -> State:
    state = method.start(objective, theta)
    for _ in range(steps):
        if state.stalled:
            break
        state = method.step(objective, state)
    return state


class OptimizerContract:
    """Inherited by the tests of each optimiser, which name it, and what it reaches in how many steps."""

    optimizer: Optimizer
    steps: int = 200
    loss: float = 1e-16
    trials: int = 20  # steps within which it gives up where no step leads to a finite loss

    def test_reaches_the_minimum_of_linear_least_squares(self) -> None:
        objective = linear(30, 10)
        state = run(self.optimizer, objective, torch.zeros(10, dtype=torch.float64), self.steps)
        assert state.loss < self.loss
        assert objective.loss(state.theta) == pytest.approx(state.loss, rel=0.2, abs=1e-24)

    def test_a_monotone_method_never_raises_the_loss(self) -> None:
        objective = linear(30, 10)
        state = self.optimizer.start(objective, torch.zeros(10, dtype=torch.float64))
        losses = [state.loss]
        for _ in range(25):
            if state.stalled:
                break
            state = self.optimizer.step(objective, state)
            losses.append(state.loss)
        assert not self.optimizer.monotone or all(b <= a * (1 + 1e-12) for a, b in pairwise(losses))
        assert losses[-1] < losses[0]

    def test_a_state_written_and_read_continues_to_the_same_bits(self) -> None:
        objective = linear(30, 10, condition=1e3)
        state = run(self.optimizer, objective, torch.zeros(10, dtype=torch.float64), 4)
        file = io.BytesIO()
        torch.save(state.pack(), file)
        file.seek(0)
        copy = State.unpack(torch.load(file, weights_only=True))
        assert torch.equal(copy.theta, state.theta)
        for _ in range(4):
            state, copy = (self.optimizer.step(objective, s) for s in (state, copy))
            assert torch.equal(copy.theta, state.theta)
            assert (copy.loss, copy.stalled, copy.detail) == (state.loss, state.stalled, state.detail)

    def test_the_same_start_gives_the_same_bits(self) -> None:
        first, second = (
            run(self.optimizer, linear(30, 10), torch.zeros(10, dtype=torch.float64), 12) for _ in range(2)
        )
        assert torch.equal(first.theta, second.theta)
        assert first.loss == second.loss

    def test_an_objective_that_is_not_finite_is_reported(self) -> None:
        """Finite at the start alone: the method stalls, or its state has the loss that is not finite."""
        inner = linear(30, 10)
        start = torch.zeros(10, dtype=torch.float64)
        objective = Residuals(
            lambda theta: inner.function(theta) / float(torch.equal(theta.detach(), start)), 10, affine=True
        )
        objective.blocks = inner.blocks  # type: ignore[method-assign]
        state = self.optimizer.start(objective, start)
        for _ in range(self.trials):
            state = self.optimizer.step(objective, state)
            if state.stalled or not isfinite(state.loss):
                return
        pytest.fail("neither stalled nor a loss that is not finite")

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_parameters_keep_their_precision(self, dtype: torch.dtype) -> None:
        inner = linear(30, 10)
        objective = Residuals(lambda theta: inner.function(theta.double()), 10, affine=True)
        start = torch.zeros(10, dtype=dtype)
        state = run(self.optimizer, objective, start, self.steps)
        assert state.theta.dtype == dtype
        assert state.loss < 1e-2 * objective.loss(start)

    def test_after_a_change_of_the_objective_it_resumes_from_its_parameters(self) -> None:
        state = run(self.optimizer, linear(30, 10), torch.zeros(10, dtype=torch.float64), 4)
        changed = linear(40, 10)
        restarted = self.optimizer.reset(changed, state)
        assert torch.equal(restarted.theta, state.theta)
        assert self.optimizer.step_flops(changed, restarted) > 0
        assert run(self.optimizer, changed, restarted.theta, self.steps).loss < max(self.loss, 1e-10)
