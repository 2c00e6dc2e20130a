"""Comparison of parameters at validation points, against the noise of these points.

Two sets of parameters are validated at the same points. The mean of the paired differences of the squared residuals is known up
to its standard error, which is much below that of either loss; a difference within it says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

from torch import Tensor

from kinn.forms import FormObjective

#: Differences are significant above this many standard errors.
STANDARD_ERRORS = 2.0

#: A term that is significantly worse by this factor counts even where its share of the loss is small.
TERM_RATIO = 2.0


@dataclass(frozen=True)
class Validation:
    """The objective at validation points.

    Attributes:
        loss: Its value.
        squares: The shares of the points by term, (N,) each, which add up to it; None where the objective is no such sum.
    """

    loss: float
    squares: list[Tensor] | None = None

    @classmethod
    def of(cls, objective: FormObjective, theta: Tensor) -> Validation:
        """Validation of parameters (P,)."""
        squares = objective.weighted_squares(theta)
        if squares is None:
            return cls(objective.loss(theta))
        return cls(sum(float(term.sum()) for term in squares), squares)

    def is_worse_than(self, other: Validation) -> bool:
        """Whether the loss is above another by more than the noise of the points.

        So it is, too, where a term is by a factor in its own scale and no other term is better: the loss would not show it where
        that term's share is small.
        """
        if not isfinite(self.loss):
            return True
        if self.squares is None or other.squares is None or not _same_points(self.squares, other.squares):
            return self.loss > other.loss
        differences = [(a - b).double() for a, b in zip(self.squares, other.squares, strict=True)]
        shifts = [float(d.sum()) for d in differences]
        variances = [len(d) * float(d.var()) if len(d) > 1 else 0.0 for d in differences]
        if sum(shifts) > STANDARD_ERRORS * sqrt(sum(variances)):
            return True
        errors = [STANDARD_ERRORS * sqrt(variance) for variance in variances]
        terms = zip(self.squares, other.squares, shifts, errors, strict=True)
        worse = any(d > e and float(a.sum()) > TERM_RATIO * float(b.sum()) for a, b, d, e in terms)
        return worse and not any(d < -e for d, e in zip(shifts, errors, strict=True))

    def pack(self) -> dict[str, Any]:
        """Plain data and tensors."""
        return {"loss": self.loss, "squares": self.squares}


def _same_points(squares: Sequence[Tensor], others: Sequence[Tensor]) -> bool:
    return [len(term) for term in squares] == [len(term) for term in others]
