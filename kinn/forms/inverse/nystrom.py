"""The plain Nystrom method on the same panels: the check that stands beside every network."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg
import torch
from scipy.sparse.linalg import LinearOperator, gmres
from torch import Tensor

from kinn.errors import ProblemWarning, SolveError
from kinn.forms.inverse.assembly import CompressedEquations, Equations, FullEquations
from kinn.forms.inverse.evaluation import InteriorEvaluator
from kinn.forms.trial_base import evaluated
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.forms.inverse.boundary_trial import BoundaryTrial
    from kinn.forms.inverse.discretisation import BoundaryDiscretisation

#: Below this reciprocal of its condition number the Helmholtz equation is at a resonance; elsewhere it is about 1e-3.
RESONANCE = 1e-6

#: Where GMRES stops: relative residual, the steps between restarts, and all of them.
TOLERANCE, RESTART, STEPS = 1e-11, 100, 400


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
    def _inside(self) -> InteriorEvaluator:
        return InteriorEvaluator(self.trial.main, self._data)

    @property
    def _data(self) -> Array:
        found = self.trial.main.solution
        if found is None:
            raise SolveError("no solution of the boundary element method was found")
        return found

    def state_dict(self) -> dict[str, Tensor]:
        """Return the data."""
        return {"data": torch.as_tensor(np.array(self._data))}


def solve_direct(equations: Equations) -> Array | None:
    """Return the X of the least |A X - b|, or None where iterations do not find it."""
    if isinstance(equations, CompressedEquations):
        return solve_gmres(equations)
    assert isinstance(equations, FullEquations)
    matrix, right = equations.matrix, equations.right
    scale = 1 / np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    found, _, _, _ = scipy.linalg.lstsq(matrix * scale, right, cond=1e-13, lapack_driver="gelsy", check_finite=False)
    return np.asarray(found * scale)


def solve_gmres(equations: CompressedEquations) -> Array | None:
    """Return the X of A X = b by GMRES, preconditioned by the blocks of neighbours; None, with a warning, where it fails.

    Further rows g X = h, of what nothing else fixes, are added to the square system as g^T (g X - h): it has a solution
    without them, and with them one only.
    """
    why = "there are several subdomains"
    if len(equations.parts) == 1:
        part, factors, columns = equations.parts[0]
        count, extra = len(columns), equations.extra
        h = equations.right[count:]
        inverses = [
            (
                part.rows[rows],
                columns[own],
                scipy.linalg.lu_factor(factors[part.rows[rows]][:, None] * (block + part.local[rows, own].toarray())),
            )
            for rows, own, block in part.near
            if rows == own
        ]

        def times(x: Array) -> Array:
            out = equations.times(x[:, None])[:, 0]
            return np.asarray(out[:count] + extra.T @ out[count:])

        def near(y: Array) -> Array:
            out = np.empty(count)
            for rows, own, factor in inverses:
                out[own] = scipy.linalg.lu_solve(factor, y[rows])
            return out

        right = equations.right[:count] + extra.T @ h
        square = (count, count)
        found, code = gmres(
            LinearOperator(square, matvec=times, dtype=np.float64),
            right,
            M=LinearOperator(square, matvec=near, dtype=np.float64),
            rtol=TOLERANCE,
            restart=RESTART,
            maxiter=-(-STEPS // RESTART),
        )
        if code == 0:
            return np.asarray(found)
        why = f"GMRES did not come to {TOLERANCE:g} in {STEPS} steps"
    warnings.warn(f"no boundary elements beside the network: {why}", ProblemWarning, stacklevel=2)
    return None


def warn_of_resonance(made: BoundaryDiscretisation) -> None:
    """Warn where the equations are close to singular because a wave number is close to a resonance."""
    setting = made.setting
    equations = made.equations
    if all(setting.kernel(name).static for name in setting.problem.subdomains):
        return
    assert isinstance(equations, FullEquations)
    scaled = equations.matrix / np.linalg.norm(equations.matrix, axis=0)
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
