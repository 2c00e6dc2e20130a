"""Direct and iterative solvers of the boundary integral equations, and their resonances."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, gmres

from kinn.errors import ProblemWarning
from kinn.forms.inverse.assembly import CompressedEquations, Equations, FullEquations
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.forms.inverse.discretisation import BoundaryDiscretisation

#: Below this reciprocal of its condition number the Helmholtz equation is at a resonance; elsewhere it is about 1e-3.
RESONANCE = 1e-6

#: Where GMRES stops: relative residual, the steps between restarts, and all of them.
TOLERANCE, RESTART, STEPS = 1e-11, 100, 400


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
