"""Weights that stay: the default by measure, and numbers that the user gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor

from kinn.errors import InputError, unknown
from kinn.forms import ResidualObjective
from kinn.train.strategies.strategy import StrategyState, Weighting


@dataclass(frozen=True)
class Constant(Weighting):
    """Weights that never change."""

    def refresh(
        self, system: ResidualObjective, theta: Tensor, memory: StrategyState, iteration: int
    ) -> StrategyState | None:
        """Change nothing."""
        return None

    def moved(self, system: ResidualObjective, theta: Tensor, memory: StrategyState, seed: int) -> StrategyState:
        """Return the memory as it is: it is about terms, not points."""
        return memory


@dataclass(frozen=True)
class UniformWeights(Constant):
    """The default: every term has the mean of its squares, whatever the number of its points, times its own weight.

    Conditions have the weight 1, or their own, the equations that of the problem (`Defaults.pde_weight`).
    """

    name: ClassVar[str] = "uniform"

    def begin(self, system: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Return nothing: the system has these weights already."""
        return {}


@dataclass(frozen=True)
class FixedWeights(Constant):
    """Weights that the user gives, in place of the problem's.

    Attributes:
        pde: The weight of the equations; None for the problem's.
        conditions: The weight of every condition; None for its own.
        terms: Weights of single terms by what records call them ("Dirichlet('u', on='left')"), or by their kind.
    """

    name: ClassVar[str] = "fixed"

    pde: float | None = None
    conditions: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, weight in {"pde": self.pde, "conditions": self.conditions, **self.terms}.items():
            if weight is not None and not 0 < weight < float("inf"):
                raise InputError(f"the weight of {name} is positive and finite, not {weight}")

    def begin(self, system: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Return the factors that give the terms these weights.

        Raises:
            InputError: If there is no such term.
        """
        known = {term.name for term in system.terms} | {kind_of(term.name) for term in system.terms}
        for name in self.terms:
            if name not in known:
                raise unknown("term", name, known, f"problem {system.trial.problem.name!r}")
        factors = []
        for term in system.terms:
            general = self.pde if term.interior else self.conditions
            weight = self.terms.get(term.name, self.terms.get(kind_of(term.name), general))
            factors.append(1.0 if weight is None else weight / term.weight)
        return {"factors": factors}


def kind_of(label: str) -> str:
    """Return the kind of condition that a label names: "Dirichlet" of "Dirichlet('u', on='left')"."""
    return label.partition("(")[0]
