"""Weights by the neural tangent kernel: every term is to be learnt at the same rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor

from kinn.forms import ResidualObjective
from kinn.train.strategies.strategy import StrategyState, Weighting, check_period, relative


@dataclass(frozen=True)
class NTK(Weighting):
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

    def begin(self, system: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Return the factors at the start."""
        bare = ResidualObjective(system.trial, [replace(term, weight=1.0) for term in system.terms])
        traces = [0.0] * len(system.terms)
        for n, _, jacobian in bare.term_blocks(theta):
            traces[n] += float(jacobian.double().square().sum())
        return {"factors": relative([sum(traces) / max(trace, 1e-300) for trace in traces], system)}

    def refresh(
        self, system: ResidualObjective, theta: Tensor, memory: StrategyState, iteration: int
    ) -> StrategyState | None:
        """Return the factors at the present parameters, when due."""
        return None if iteration % self.every else self.begin(system, theta, 0)

    def moved(self, system: ResidualObjective, theta: Tensor, memory: StrategyState, seed: int) -> StrategyState:
        """Return the memory as it is: it is about terms, not points."""
        return memory
