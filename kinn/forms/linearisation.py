"""The change of trial functions along a direction of their parameters, to first order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from kinn.fields import Field, Points
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.terms import plan_term
from kinn.forms.trial_functions import FieldDerivative, evaluate_expressions
from kinn.problem import Array, Problem


class Linearisation:
    """Derivative of fields with respect to the parameters of their networks, along one direction.

    Args:
        trial: The trial functions, at the parameters where they are linearised.
        direction: The direction (P,).
    """

    def __init__(self, trial: DomainTrial, direction: Tensor) -> None:
        self.trial, self.direction = trial, direction

    @property
    def problem(self) -> Problem:
        """The problem of the trial functions."""
        return self.trial.problem

    @property
    def parameter_count(self) -> int:
        """The number P of parameters."""
        return self.trial.parameter_count

    def state_dict(self) -> Mapping[str, Tensor]:
        """Weights of the trial functions by name, and the direction."""
        return {**self.trial.state_dict(), "direction": self.direction}

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Change of fields and their derivatives at points; see `TrialFunctions.evaluate`."""
        return evaluate_expressions(self.problem, self.values, points, expressions, subdomain)

    def values(self, subdomain: str, points: Array, wanted: Sequence[FieldDerivative]) -> Array:
        """Change (N, len(wanted)) of fields and derivatives at points (N, d), N > 0, of a subdomain."""

        def derivatives(traces: Sequence[Mapping[str, Field]], p: Points) -> list[Field]:  # noqa: ARG001
            return [traces[0][field].derivative(a) for field, a in wanted]

        x = self.problem.points(torch.as_tensor(points, dtype=self.trial.dtype))
        term = plan_term(self.trial, "the change of the fields", (subdomain,), derivatives, x, weight=len(points))
        blocks = ResidualObjective(self.trial, [term]).blocks(self.trial.flat.get())
        changes = [(jacobian.double() @ self.direction).view(len(wanted), -1).T for _, jacobian in blocks]
        return np.asarray(torch.cat(changes).numpy())
