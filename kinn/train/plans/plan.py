"""What every route is: legs, each of which trains trial functions of its own, and the fields they come to together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from kinn.forms import TrialFunctions, build_trial
from kinn.networks import Architecture
from kinn.problem import Problem


@dataclass(frozen=True)
class TrialBuilder:
    """What trial functions are made from.

    Attributes:
        problem: What is to be solved.
        architecture: The network of each subdomain.
        seed: Fixes the initial parameters.
        dtype: The precision.
    """

    problem: Problem
    architecture: Architecture
    seed: int
    dtype: torch.dtype

    def trial(self) -> TrialFunctions:
        """Return trial functions at their initial parameters."""
        return build_trial(self.problem, self.architecture, seed=self.seed, dtype=self.dtype)


class TrainingPlan(ABC):
    """The legs of a solve, in order; a leg may build on the trained functions of those before it.

    Attributes:
        trials: The trial functions of the legs begun.
    """

    def __init__(self) -> None:
        self.trials: list[TrialFunctions] = []

    @property
    @abstractmethod
    def count(self) -> int:
        """The number of legs."""

    @property
    def share(self) -> int:
        """How many legs, one after another, share the time that is given."""
        return self.count

    @abstractmethod
    def made(self) -> TrialFunctions:
        """Return the trial functions of the next leg, at the parameters where its training starts."""

    @abstractmethod
    def fields(self) -> Any:
        """Return what all legs have come to."""

    def begin(self) -> TrialFunctions:
        """Return the trial functions of the next leg, once those of the legs before are trained."""
        trial = self.made()
        self.trials.append(trial)
        return trial

    def label(self, leg: int) -> str:
        """Return what records call a leg, "" where there is but one."""
        return ""

    def seed(self, leg: int) -> int:
        """Return what fixes the points of a leg, relative to the seed of the solve."""
        return 0

    def loss(self, losses: Sequence[float]) -> float:
        """Return the loss of the whole from those of the legs."""
        return sum(losses) / len(losses)
