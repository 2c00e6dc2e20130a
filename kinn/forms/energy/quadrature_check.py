"""What the second quadrature of an energy says of a solution that the first one led to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from kinn.forms.energy.energy_objective import EnergyObjective

#: Energies by two rules that differ by more than this share are no measure of the solution: errors are of the order of
#: its square root.
DOUBTFUL = 1e-3


@dataclass(frozen=True)
class QuadratureCheck:
    """The energy of a solution by two rules.

    Attributes:
        points: The number of points of the rule trained on.
        guard_points: That of the rule which guarded the steps.
        gap: By how much the energies by the two differ, relative to the larger; loads aside.
        forbidden: How many steps were not taken because they raised the energy by the second.
    """

    points: int
    guard_points: int
    gap: float
    forbidden: int

    @property
    def reliable(self) -> bool:
        """Whether the rules agree well enough that the energy was minimised and not the rule exploited."""
        return self.gap <= DOUBTFUL

    def __str__(self) -> str:
        word = "agree" if self.reliable else "DISAGREE: take more points"
        return (
            f"{self.points} points, guarded by {self.guard_points} others; energies differ by {self.gap:.0e}, they {word}; "
            f"{self.forbidden} steps forbidden"
        )


def verdict(members: Sequence[tuple[EnergyObjective, Tensor]], forbidden: int, finer: int) -> QuadratureCheck:
    """Return the verdict on trained systems at their parameters; of several the one whose energies differ the most.

    Args:
        members: The systems, with as many points as at first, and their parameters.
        forbidden: How many steps were not taken.
        finer: How many times the first points there were in the end.
    """
    found = []
    for system, theta in members:
        system.refine(finer)
        assert system.guard is not None
        found.append(QuadratureCheck(system.points, system.guard.points, system.quadrature_gap(theta), forbidden))
    return max(found, key=lambda v: v.gap)
