"""Loss weights: of the terms (`UniformWeights`, `FixedWeights`, `NTK`, `GradientNorm`) and of their points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch
from torch import Tensor

from kinn.errors import InputError, check_name
from kinn.forms import ResidualObjective
from kinn.train.strategies.strategy import StrategyState, Weighting, check_period, interior_terms


@dataclass(frozen=True)
class TermWeighting(Weighting):
    """Weights of terms, which resampling leaves alone."""

    def after_resampling(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, seed: int
    ) -> StrategyState:
        return state


@dataclass(frozen=True)
class UniformWeights(TermWeighting):
    """Weights each term with its mean square, whatever the number of its points, times the weight of the term: the default.

    Conditions have the weight 1 unless they state one, equations that of the problem (`Defaults.pde_weight`).
    """

    name: ClassVar[str] = "uniform"

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        return {}


@dataclass(frozen=True)
class FixedWeights(TermWeighting):
    """Weights that the user states, in place of the problem's.

    Attributes:
        pde: The weight of the equations; None for the problem's.
        conditions: The weight of every condition; None for that which it states.
        terms: Weights of single terms by their names in the history ("Dirichlet('u', on='left')"), or by their kind.
    """

    name: ClassVar[str] = "fixed"

    pde: float | None = None
    conditions: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, weight in {"pde": self.pde, "conditions": self.conditions, **self.terms}.items():
            if weight is not None and not 0 < weight < float("inf"):
                raise InputError(f"the weight of {name} is positive and finite, not {weight}")

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Factors that give the terms these weights.

        Raises:
            InputError: If there is no such term.
        """
        known = {term.name for term in objective.terms} | {_kind(term.name) for term in objective.terms}
        for name in self.terms:
            check_name("term", name, known, f"problem {objective.trial.problem.name!r}")
        factors = []
        for term in objective.terms:
            general = self.pde if term.interior else self.conditions
            weight = self.terms.get(term.name, self.terms.get(_kind(term.name), general))
            factors.append(1.0 if weight is None else weight / term.weight)
        return {"factors": factors}


@dataclass(frozen=True)
class NTK(TermWeighting):
    """Gives term n the weight sum_m tr K_m / tr K_n, K_n = J_n J_n^T / N_n the kernel of its residuals.

    Under gradient descent the residuals of a term shrink at a rate that the eigenvalues of its kernel set, and the trace is
    their sum. Source: Wang, Yu and Perdikaris (2022, J. Comput. Phys. 449, 110768), eq. 6.5 and 6.6.

    Attributes:
        every: Steps between two refreshes.
    """

    name: ClassVar[str] = "ntk"

    every: int = 100

    def __post_init__(self) -> None:
        check_period(self.every, "weights")

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        bare = ResidualObjective(objective.trial, [replace(term, weight=1.0) for term in objective.terms])
        traces = [0.0] * len(objective.terms)
        for n, _, jacobian in bare.term_blocks(theta):
            traces[n] += float(jacobian.double().square().sum())
        return {"factors": _factors([sum(traces) / max(trace, 1e-300) for trace in traces], objective)}

    def refresh(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, iteration: int
    ) -> StrategyState | None:
        return None if iteration % self.every else self.begin(objective, theta, 0)


@dataclass(frozen=True)
class GradientNorm(TermWeighting):
    """Gives term n the weight sum_m |g_m| / |g_n|, g_n the gradient of its mean square, averaged over refreshes.

    Source: Wang, Sankaran, Wang and Perdikaris (2023, arXiv:2308.08468), algorithm 1, after Wang, Teng and Perdikaris
    (2021, SIAM J. Sci. Comput. 43, A3055).

    Attributes:
        every: Steps between two refreshes.
        momentum: The weight of the past in the average.
    """

    name: ClassVar[str] = "gradient-norm"

    every: int = 100
    momentum: float = 0.9

    def __post_init__(self) -> None:
        check_period(self.every, "weights")
        if not 0 <= self.momentum < 1:
            raise InputError(f"weights.momentum is at least 0 and below 1, not {self.momentum}")

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        weights = self._present(objective, theta)
        return {"averages": weights, "factors": _factors(weights, objective)}

    def refresh(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, iteration: int
    ) -> StrategyState | None:
        if iteration % self.every:
            return None
        past = self.momentum
        present = self._present(objective, theta)
        averages = [past * a + (1 - past) * b for a, b in zip(state["averages"], present, strict=True)]
        return {"averages": averages, "factors": _factors(averages, objective)}

    @staticmethod
    def _present(objective: ResidualObjective, theta: Tensor) -> list[float]:
        """Weights by the gradients at theta."""
        parts = (ResidualObjective(objective.trial, [replace(term, weight=1.0)]) for term in objective.terms)
        norms = [float(part.gradient(theta)[1].norm()) for part in parts]
        # a term without gradient, such as a condition that holds already, would get all the weight
        least = 1e-12 * max(norms)
        return [sum(norms) / max(norm, least, 1e-300) for norm in norms]


@dataclass(frozen=True)
class ResidualAttention(Weighting):
    """Multiplies the residual at point i of an equation by l_i, l_i <- decay l_i + (1 - decay) |r_i| / max |r|.

    The multipliers are then scaled to a mean square of 1, so that equations keep their weight against conditions.
    Source: Anagnostopoulos, Toscano, Stergiopulos and Karniadakis (2024, Comput. Methods Appl. Mech. Eng. 421, 116805).

    Attributes:
        every: Steps between two refreshes.
        decay: The weight of the past in the average.
    """

    name: ClassVar[str] = "rba"

    every: int = 10
    decay: float = 0.9

    def __post_init__(self) -> None:
        check_period(self.every, "weights")
        if not 0 <= self.decay < 1:
            raise InputError(f"weights.decay is at least 0 and below 1, not {self.decay}")

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        equal = {n: theta.new_ones(objective.terms[n].points) for n in interior_terms(objective)}
        return {"multipliers": equal, "weights": equal}

    def refresh(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, iteration: int
    ) -> StrategyState | None:
        if iteration % self.every:
            return None
        squares = objective.squared_residuals(theta)
        multipliers = {}
        for n, past in state["multipliers"].items():
            size = squares[n].sqrt()
            multipliers[n] = self.decay * past + (1 - self.decay) * size / size.max().clamp(min=1e-300)
        weights = {n: m.square() / m.square().mean() for n, m in multipliers.items()}
        return {"multipliers": multipliers, "weights": weights}


@dataclass(frozen=True)
class SelfAdaptive(Weighting):
    """Weights the square at point i with l_i^2, l_i ascending the gradient l_i w_i r_i^2 of the loss.

    The step is scaled so that the multiplier with the largest relative gradient grows by `rate`. Multipliers only grow.
    Source: McClenny and Braga-Neto (2023, J. Comput. Phys. 474, 111722), with the mask l^2.

    Attributes:
        every: Steps between two refreshes.
        rate: The growth of the fastest multiplier at a refresh.
    """

    name: ClassVar[str] = "sa"

    every: int = 10
    rate: float = 0.1

    def __post_init__(self) -> None:
        check_period(self.every, "weights")
        if not 0 < self.rate < 10:
            raise InputError(f"weights.rate lies between 0 and 10, not {self.rate}")

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        equal = {n: theta.new_ones(term.points) for n, term in enumerate(objective.terms)}
        return {"multipliers": equal, "weights": equal}

    def refresh(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, iteration: int
    ) -> StrategyState | None:
        if iteration % self.every:
            return None
        squares = [term.weight * s for term, s in zip(objective.terms, objective.squared_residuals(theta), strict=True)]
        largest = float(torch.stack([s.max() for s in squares]).max())
        if not largest > 0:
            return None
        multipliers = {n: past * (1 + self.rate * squares[n] / largest) for n, past in state["multipliers"].items()}
        return {"multipliers": multipliers, "weights": {n: m.square() for n, m in multipliers.items()}}


#: The loss weights by their names on the command line.
WEIGHTS: dict[str, type[Weighting]] = {
    w.name: w for w in (UniformWeights, FixedWeights, NTK, GradientNorm, ResidualAttention, SelfAdaptive)
}


def _kind(label: str) -> str:
    """Kind of condition that a label names: "Dirichlet" of "Dirichlet('u', on='left')"."""
    return label.partition("(")[0]


def _factors(weights: list[float], objective: ResidualObjective) -> list[float]:
    """Factors that give the terms weights in these proportions, the largest 1."""
    if not any(weights):  # no term has anything left to learn
        weights = [1.0] * len(weights)
    largest = max(weights)
    return [weight / largest / term.weight for weight, term in zip(weights, objective.terms, strict=True)]
