"""The objective of a form: a function of the parameters of trial functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf, nan

import torch
from torch import Tensor

from kinn.errors import DivergedError
from kinn.forms.trial_functions import TrialFunctions
from kinn.optim.objective import Objective

#: Energies by two quadratures that differ by more than this share are no measure of the solution: errors are of the
#: order of its square root.
MAX_QUADRATURE_GAP = 1e-3


@dataclass(frozen=True)
class QuadratureCheck:
    """The energy of a solution by two quadratures.

    Attributes:
        points: The number of points of the quadrature trained on.
        guard_points: That of the quadrature which every step was checked on.
        gap: The difference of the energies by the two, relative to the larger; loads aside.
        rejected: How many steps were rejected because they raised the energy by the second.
    """

    points: int
    guard_points: int
    gap: float
    rejected: int

    @property
    def reliable(self) -> bool:
        """Whether the quadratures agree well enough that the energy was minimised and not the quadrature exploited."""
        return self.gap <= MAX_QUADRATURE_GAP

    def __str__(self) -> str:
        agreement = "agree" if self.reliable else "DISAGREE: take more points"
        return (
            f"{self.points} points, checked on {self.guard_points} others; energies differ by {self.gap:.0e}, "
            f"they {agreement}; {self.rejected} steps rejected"
        )


class FormObjective(Objective, ABC):
    """An objective of the parameters theta of trial functions.

    Args:
        trial: The trial functions; their flat parameter vector is theta.
    """

    #: The same objective at other points, which no step may raise and which is the validation, where it has one.
    guard: FormObjective | None = None
    #: Whether some of its terms are penalties with multipliers.
    penalised: bool = False

    def __init__(self, trial: TrialFunctions) -> None:
        self.trial = trial

    @property
    def size(self) -> int:
        return self.trial.flat.size

    def last_layer(self) -> Tensor:
        return self.trial.last_layer()

    def start(self) -> Tensor:
        """Parameters (P,) that training starts from."""
        return self.trial.flat.get()

    def unknowns(self, theta: Tensor) -> dict[str, float]:
        """Unknown constants at theta by name."""
        free = self.trial.unknowns.free
        return {} if free is None else self.trial.unknowns.values(theta[self.trial.flat.slices[free]])

    def loss(self, theta: Tensor) -> float:
        """Objective at theta; infinity where a network has no finite value there."""
        with suppress(DivergedError):
            return self.value(theta)
        return inf

    @abstractmethod
    def value(self, theta: Tensor) -> float:
        """Objective at theta.

        Raises:
            DivergedError: If a network has no finite value there.
        """

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Objective and its gradient (P,) at theta; infinity and NaN where a network has no finite value there."""
        with suppress(DivergedError):
            return self.value_and_gradient(theta)
        return inf, torch.full_like(theta, nan)

    @abstractmethod
    def value_and_gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Objective and its gradient (P,) at theta.

        Raises:
            DivergedError: If a network has no finite value there.
        """

    @abstractmethod
    def term_losses(self, theta: Tensor) -> dict[str, float]:
        """Each term's share of the objective at theta, by name."""

    def weighted_squares(self, theta: Tensor) -> list[Tensor] | None:
        """Shares (N,) of the points in the objective at theta by term, or None where it is no sum over points."""
        return None

    @abstractmethod
    def locate_nonfinite(self, theta: Tensor) -> str:
        """Words on the terms that are not finite at theta, and where."""

    def release(self) -> None:
        """Free the memory that is kept to be used again: another objective is trained from now on."""

    def metrics(self) -> dict[str, float]:
        """Numbers by name for the history of training."""
        return {}

    def overfits(self, validation: float, best: float) -> bool:
        """Whether the objective on validation points is far above the least it was there."""
        return validation > 2 * best if self.least_squares else False

    def quadrature_check(self, theta: Tensor, rejected: int) -> QuadratureCheck | None:
        """Comparison of the energies at theta by two quadratures, or None where the objective is no energy.

        Args:
            theta: The trained parameters (P,).
            rejected: How many steps the second quadrature rejected.
        """
        return None


class SumOfTerms(FormObjective):
    """An objective that adds up terms, block by block of their points."""

    @abstractmethod
    def shares(self) -> Iterator[tuple[str, Tensor]]:
        """Name and share of the objective of each block at the present parameters of the trial functions."""

    def term_losses(self, theta: Tensor) -> dict[str, float]:
        self.trial.flat.set(theta)
        losses: dict[str, float] = {}
        with torch.no_grad():
            for name, share in self.shares():
                losses[name] = losses.get(name, 0.0) + float(share)
        return losses

    def value_and_gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        self.trial.flat.set(theta)
        total, gradient = 0.0, torch.zeros_like(theta)
        for _, share in self.shares():
            gradient += self.trial.flat.gradient(share)
            total += float(share.detach())
        return total, gradient


def format_point(x: Tensor, names: Sequence[str]) -> str:
    """Coordinates (d,) of a point for messages: "x = 0.5, y = 1"."""
    return ", ".join(f"{name} = {float(c):.6g}" for name, c in zip(names, x, strict=True))
