"""The difference of two solutions of one problem, as a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from kinn.metrics import FieldEvaluator
from kinn.problem import Array, Problem


@dataclass(frozen=True, eq=False)
class FieldDifference:
    """Difference of two solutions of one problem.

    Attributes:
        minuend: The first solution.
        subtrahend: The solution that is subtracted.
    """

    minuend: FieldEvaluator
    subtrahend: FieldEvaluator

    @property
    def problem(self) -> Problem:
        """The problem that both solve."""
        return self.minuend.problem

    @property
    def parameter_count(self) -> int:
        """The number of parameters of both."""
        return self.minuend.parameter_count + self.subtrahend.parameter_count

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Differences of fields and derivatives at points; see `TrialFunctions.evaluate`."""
        names = expressions if isinstance(expressions, str) else list(expressions)
        first, second = (u.evaluate(points, names, subdomain=subdomain) for u in (self.minuend, self.subtrahend))
        return np.asarray(first - second)

    def state_dict(self) -> Mapping[str, Tensor]:
        """Weights of both by name."""
        parts = {"minuend": self.minuend, "subtrahend": self.subtrahend}
        return {f"{part}.{name}": w for part, fields in parts.items() for name, w in fields.state_dict().items()}
