"""What is kept where validation is noisy, and where it rises."""

from __future__ import annotations

import pytest
import torch

from kinn.errors import ProblemWarning
from kinn.optim import State
from kinn.train.loop import StoppingCriteria, train
from kinn.train.state import Stage, TrainingState
from kinn.train.validation import Validation
from tests.train.test_loop import Scripted, systems


def validation(*means: float, noise: float = 0.0, points: int = 400, seed: int = 0) -> Validation:
    """Terms of these means at points whose squares scatter."""
    generator = torch.Generator().manual_seed(seed)
    scatter = noise * torch.randn(len(means), points, generator=generator, dtype=torch.float64)
    squares = [(mean + row - row.mean()) / points for mean, row in zip(means, scatter, strict=True)]
    return Validation(float(sum(s.sum() for s in squares)), squares)


def test_a_rise_counts_only_above_the_noise_of_the_paired_difference() -> None:
    """The standard error of the mean of differences of scatter 1 over 400 points is 0.05: two of these are 0.1."""
    best = validation(1.0)
    for rise, expected in ((0.08, False), (0.12, True), (-0.5, False)):
        assert validation(1.0 + rise, noise=1.0).is_worse_than(best) is expected
    scattered = validation(1.0, noise=1.0)
    assert validation(1.001, noise=1.0).is_worse_than(scattered)  # in pairs nothing scatters
    assert validation(1.0 - 1e-9, noise=1.0).is_worse_than(scattered) is False


def test_a_small_term_that_is_lost_counts_where_no_other_gains() -> None:
    best = validation(1.0, 1e-4)
    noisy = validation(1.0, noise=1.0).squares
    assert noisy is not None
    lost = Validation(1.0 + 3e-4, [noisy[0], 4 * best.squares[1]])  # type: ignore[index]
    assert lost.is_worse_than(best)
    assert not Validation(1.0, [noisy[0], 1.5 * best.squares[1]]).is_worse_than(best)  # type: ignore[index]
    gained = Validation(0.5, [0.5 * best.squares[0], 4 * best.squares[1]])  # type: ignore[index]
    assert not gained.is_worse_than(best)


def test_plain_and_infinite_losses_are_compared_as_they_are() -> None:
    assert Validation(1.1).is_worse_than(Validation(1.0))
    assert not Validation(1.0).is_worse_than(Validation(1.0))
    assert Validation(float("inf")).is_worse_than(validation(1.0))


def test_the_shares_of_the_points_add_up_to_the_loss() -> None:
    system, _ = systems()
    found = Validation.of(system, system.start())
    assert found.loss == pytest.approx(system.loss(system.start()), rel=1e-12)
    assert found.squares is not None
    assert [len(s) for s in found.squares] == [term.points for term in system.terms]


def state_at(loss: float) -> TrainingState:
    system, _ = systems()
    return TrainingState(
        Stage(system), State(torch.zeros(1), loss), torch.full((1,), -1.0), 1.0, 2.0, 1.0, 1.0, initial_loss=2.0
    )


def test_small_rises_do_not_add_up() -> None:
    state = state_at(1.0)
    for n in range(20):
        state.optimizer_state = State(torch.full((1,), float(n)), 1.0 - 0.01 * n)
        state.record_validation(validation(1.0 + 0.02 * n, noise=1.0 if n else 0.0))
    assert float(state.best_theta) == 4  # 0.08 above the lowest; the error of the difference is 0.05
    assert state.is_worse


def test_the_start_is_not_kept_once_the_loss_fell() -> None:
    state = state_at(1.5)
    state.record_validation(validation(9.0))
    assert float(state.best_theta) == 0.0
    risen = state_at(2.5)
    risen.record_validation(validation(9.0))
    assert float(risen.best_theta) == -1.0


def test_a_solution_that_validates_worse_than_its_start_says_so() -> None:
    system, check = systems()
    start = system.start()
    worse = next(
        shift for shift in (0.3, -0.3, 1.0, -1.0, 2.0, -2.0) if check.loss(start + shift) > 1.2 * check.loss(start)
    )
    method = Scripted(path=(worse,), losses=(0.5 * system.loss(start), 0.4 * system.loss(start)))
    with pytest.warns(ProblemWarning, match="take more points"):
        result = train(system, check, method, StoppingCriteria(iterations=2, check_every=1))
    torch.testing.assert_close(result.theta, start + worse)
