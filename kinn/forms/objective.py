"""What every form makes of a problem: an objective of the networks' parameters, made of terms."""

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
from kinn.optim.objective import Curvature

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


class FormObjective(ABC):
    """An objective of the parameters theta of trial functions.

    Args:
        trial: The trial functions; their flat parameter vector is theta.
    """

    #: Whether it is a sum of squares, whose least value is about zero.
    least_squares: bool
    #: The same objective at other points, which no step may raise and which is the validation, where it has one.
    guard: FormObjective | None = None
    #: Whether some of its terms are penalties with multipliers.
    penalised: bool = False

    def __init__(self, trial: TrialFunctions) -> None:
        self.trial = trial

    @property
    def size(self) -> int:
        """The number P of parameters."""
        return self.trial.flat.size

    @property
    @abstractmethod
    def samples(self) -> int:
        """The number of rows whose products make the curvature."""

    @property
    @abstractmethod
    def affine(self) -> bool:
        """Whether the problem is linear in the fields."""

    def last_layer(self) -> Tensor:
        """Return the positions in theta of the parameters that the fields are affine in."""
        return self.trial.last_layer()

    def start(self) -> Tensor:
        """Return the parameters (P,) that training starts from."""
        return self.trial.flat.get()

    def unknowns(self, theta: Tensor) -> dict[str, float]:
        """Return the unknown constants at theta by name."""
        free = self.trial.unknowns.free
        return {} if free is None else self.trial.unknowns.values(theta[self.trial.flat.slices[free]])

    def loss(self, theta: Tensor) -> float:
        """Return the objective at theta; infinity where a network has no finite value there."""
        with suppress(DivergedError):
            return self.value(theta)
        return inf

    @abstractmethod
    def value(self, theta: Tensor) -> float:
        """Return the objective at theta.

        Raises:
            DivergedError: If a network has no finite value there.
        """

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the objective and its gradient (P,) at theta; infinity and NaN where a network has no finite value there."""
        with suppress(DivergedError):
            return self.value_and_gradient(theta)
        return inf, torch.full_like(theta, nan)

    @abstractmethod
    def value_and_gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the objective and its gradient (P,) at theta.

        Raises:
            DivergedError: If a network has no finite value there.
        """

    @abstractmethod
    def curvature(self, theta: Tensor) -> Curvature:
        """Return the model of Gauss and Newton around theta."""

    @abstractmethod
    def geodesic_correction(self, theta: Tensor, d: Tensor) -> Tensor | None:
        """Return half the slope (P,) that the fields' second-order change along d brings, or None where it is left out."""

    @abstractmethod
    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield parts of the residuals and of their Jacobian, of a sum of squares."""

    @abstractmethod
    def accepts(self, before: Tensor, after: Tensor) -> bool:
        """Whether a step may be taken."""

    @abstractmethod
    def progress(self, losses: list[float]) -> float:
        """Return the share of what there was to gain that successive losses have gained."""

    @abstractmethod
    def term_losses(self, theta: Tensor) -> dict[str, float]:
        """Return each term's share of the objective at theta, by name."""

    @abstractmethod
    def locate_nonfinite(self, theta: Tensor) -> str:
        """Return which terms are not finite at theta, and where."""

    def metrics(self) -> dict[str, float]:
        """Return what records of training hold of the objective."""
        return {}

    def overfits(self, measured: float, best: float) -> bool:
        """Whether the objective on fresh points is far from the best it was there."""
        return measured > 2 * best if self.least_squares else False

    def quadrature_check(self, theta: Tensor, rejected: int) -> QuadratureCheck | None:
        """Comparison of the energies at theta by two quadratures, or None where the objective is no energy.

        Args:
            theta: The trained parameters (P,).
            rejected: How many steps the second quadrature rejected.
        """
        return None


def located(x: Tensor, names: Sequence[str]) -> str:
    """Return the coordinates (d,) of a point for messages: "x = 0.5, y = 1"."""
    return ", ".join(f"{name} = {float(c):.6g}" for name, c in zip(names, x, strict=True))
