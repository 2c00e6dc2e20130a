"""Each strategy keeps to the contract, and so does one that a user writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import kinn
from kinn import MLP, InputError, Sampling, Weighting, problems
from kinn.forms import DomainTrial, ResidualObjective, build_objective
from kinn.train.strategies.causal import CAUSAL, Causal
from kinn.train.strategies.energy import Multipliers, QuadratureRefinement
from kinn.train.strategies.resampling import RAD, RARD, SAMPLINGS
from kinn.train.strategies.strategy import StrategyState
from kinn.train.strategies.weights import (
    NTK,
    WEIGHTS,
    FixedWeights,
    GradientNorm,
    ResidualAttention,
    SelfAdaptive,
    UniformWeights,
)
from tests.train.plans.problems import heat
from tests.train.strategies.contract import StrategyContract


class TestUniformWeights(StrategyContract):
    strategy, kinds = UniformWeights(), WEIGHTS


class TestFixedWeights(StrategyContract):
    strategy, kinds = FixedWeights(pde=3.0, terms={"Initial": 2.0}), WEIGHTS


class TestNTK(StrategyContract):
    strategy, kinds = NTK(every=2), WEIGHTS


class TestGradientNorm(StrategyContract):
    strategy, kinds = GradientNorm(every=2), WEIGHTS


class TestResidualAttention(StrategyContract):
    strategy, kinds = ResidualAttention(every=2), WEIGHTS


class TestSelfAdaptive(StrategyContract):
    strategy, kinds = SelfAdaptive(every=2), WEIGHTS


class TestRAD(StrategyContract):
    strategy, kinds = RAD(every=2), SAMPLINGS


class TestRARD(StrategyContract):
    strategy, kinds = RARD(every=2), SAMPLINGS


class TestCausal(StrategyContract):
    strategy, kinds = Causal(chunks=4), CAUSAL


class EnergyContract(StrategyContract):
    """Base for the strategies of energies."""

    def objective(self) -> Any:
        problem = problems.get("hyperelastic-beam").in_form("energy")
        trial = DomainTrial(problem, MLP((4,)), seed=0)
        trial.flat.set(0.1 * trial.flat.get())
        return build_objective(trial, points=60)

    def trained(self, objective: Any, steps: int, seed: int = 0, stack: Any = None) -> Any:
        begun = super().trained(objective, 0, seed, stack)
        start = objective.start()
        for n in range(steps):
            begun.relax()
            begun.refresh(start * (1 - 0.01 * n), 10 * (n + 1))
        return begun

    def test_it_continues_from_a_checkpoint_bit_for_bit(self) -> None:
        from kinn.train.strategies.stack import StrategyStack
        from tests.train.strategies.contract import STEPS, same, saved

        before = self.trained(self.objective(), STEPS)
        objective = self.objective()
        resumed = StrategyStack([self.strategy], objective)
        resumed.resume(saved(before.states))
        theta = objective.start()
        assert same(resumed.states, before.states)
        assert objective.loss(theta) == before.objective.loss(theta)
        assert objective.guard.loss(theta) == before.objective.guard.loss(theta)

    def test_it_leaves_a_problem_alone_whose_residual_is_zero(self) -> None:
        objective = self.objective()
        theta = torch.zeros_like(objective.start())
        before = objective.loss(theta)
        self.strategy.apply(objective, self.strategy.begin(objective, theta, 0))
        assert objective.loss(theta) == before


class TestMultipliers(EnergyContract):
    strategy = Multipliers(every=5)


class TestQuadratureRefinement(EnergyContract):
    strategy = QuadratureRefinement(gap=0.0, max_factor=4)


@dataclass(frozen=True)
class LateWeights(Weighting):
    """A weighting of a user: points count more the later they are."""

    slope: float = 1.0

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        return {"weights": {0: 1 + self.slope * self.times(objective)}}

    @staticmethod
    def times(objective: ResidualObjective) -> Tensor:
        return torch.cat([block.tensor[:, -1] for block in objective.terms[0].blocks])


@dataclass(frozen=True)
class Halves(Sampling):
    """A sampling of a user: moves all points halfway to the left end, once."""

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        return {"points": {}}

    def refresh(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, iteration: int
    ) -> StrategyState | None:
        if iteration != 3:
            return None
        points = torch.cat([block.tensor for block in objective.terms[0].blocks]).clone()
        points[:, 0] /= 2
        return {"points": {0: points}}


class TestLateWeights(StrategyContract):
    strategy = LateWeights()


class TestHalves(StrategyContract):
    strategy = Halves()


def test_strategies_of_a_user_are_passed_as_objects(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    options: dict[str, Any] = {"points": 60, "iterations": 6}
    own = kinn.solve(heat("soft"), MLP((4,)), weights=LateWeights(), sampling=Halves(), checkpoint=path, **options)
    plain = kinn.solve(heat("soft"), MLP((4,)), **options)
    assert own.history[0].loss != plain.history[0].loss
    with pytest.raises(InputError, match="no weights named 'LateWeights'; valid: "):  # what a file names must be known
        kinn.resume(path, heat("soft"))
