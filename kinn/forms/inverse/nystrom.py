"""The plain Nystrom method on the same panels: the check that stands beside every network."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from kinn.errors import ProblemWarning
from kinn.forms.functions import evaluated
from kinn.forms.inverse.evaluation import Interior
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.forms.inverse.discretisation import Discretisation
    from kinn.forms.inverse.trial import BoundaryTrial

#: Below this reciprocal of its condition number the Helmholtz equation is at a resonance; elsewhere it is about 1e-3.
RESONANCE = 1e-6


class Nystrom:
    """What a plain Nystrom method makes of the same equations: the data at the nodes, with no network between.

    Args:
        trial: The trial functions whose equations they are.
    """

    def __init__(self, trial: BoundaryTrial) -> None:
        self.problem = trial.problem
        self.trial = trial

    @property
    def parameter_count(self) -> int:
        """The number of unknown data."""
        return self.trial.main.size

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Return fields and first derivatives at points; see `TrialFunctions.evaluate`."""
        return evaluated(self.problem, self._inside.values, points, expressions, subdomain)

    @cached_property
    def _inside(self) -> Interior:
        return Interior(self.trial.main, self.trial.main.solution)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the data."""
        return {"data": torch.as_tensor(np.array(self.trial.main.solution))}


def least_squares(matrix: Array, right: Array) -> Array:
    """Return the X of the least |A X - b|."""
    scale = 1 / np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    found, _, _, _ = scipy.linalg.lstsq(matrix * scale, right, cond=1e-13, lapack_driver="gelsy", check_finite=False)
    return np.asarray(found * scale)


def warn_of_resonance(made: Discretisation) -> None:
    """Warn where the equations are close to singular because a wave number is close to a resonance."""
    setting = made.setting
    if all(setting.kernel(name).static for name in setting.problem.subdomains):
        return
    scaled = made.matrix / np.linalg.norm(made.matrix, axis=0)
    factor, _ = scipy.linalg.lu_factor(scaled, check_finite=False)
    inverse, _ = scipy.linalg.lapack.dgecon(factor, np.linalg.norm(scaled, 1))
    if inverse < RESONANCE:
        of = "what its boundary encloses" if setting.exterior else "its domain"
        warnings.warn(
            f"problem {setting.problem.name!r} has a wave number at a resonance of {of}, or too close to it: the boundary "
            f"integral equation is singular to {inverse:.1g}; change the wave number a little",
            ProblemWarning,
            stacklevel=2,
        )
