"""Linear systems of boundary integral equations, with a full or a hierarchical matrix, and their solvers."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, gmres

from kinn.boundary_integrals.hmatrix import HMatrix
from kinn.errors import ProblemWarning
from kinn.geometry.types import Array, Indices

#: The relative residual, the restart and the largest number of iterations of GMRES.
TOLERANCE, RESTART, MAX_ITERATIONS = 1e-11, 100, 400


class LinearSystem(ABC):
    """Equations A X = b for the unknown data.

    Attributes:
        right: b, (R,).
    """

    right: Array

    @abstractmethod
    def times(self, x: Array, columns: slice = slice(None)) -> Array:
        """A x (R, p) for x (q, p), of some of the columns."""

    @abstractmethod
    def adjoint(self, y: Array) -> Array:
        """A^T y (Q,) for y (R,)."""

    @abstractmethod
    def solve(self) -> Array | None:
        """Least-squares solution X of A X = b; None, with a warning, if the iteration fails."""


@dataclass(frozen=True, eq=False)
class FullSystem(LinearSystem):
    """A system with a full matrix (R, Q)."""

    matrix: Array
    right: Array

    def times(self, x: Array, columns: slice = slice(None)) -> Array:
        return np.asarray(self.matrix[:, columns] @ x)

    def adjoint(self, y: Array) -> Array:
        return np.asarray(self.matrix.T @ y)

    def solve(self) -> Array:
        # pivoted QR factorisation of the matrix with scaled columns
        scale = 1 / np.maximum(np.linalg.norm(self.matrix, axis=0), 1e-300)
        scaled = self.matrix * scale
        found, *_ = scipy.linalg.lstsq(scaled, self.right, cond=1e-13, lapack_driver="gelsy", check_finite=False)
        return np.asarray(found * scale)


@dataclass(frozen=True, eq=False)
class HierarchicalSystem(LinearSystem):
    """A system with hierarchical matrices.

    Attributes:
        parts: The matrix of each subdomain, with the factors of its rows and the indices of its columns.
        extra: Further full rows, (E, Q).
        right: b.
    """

    parts: list[tuple[HMatrix, Array, Indices]]
    extra: Array
    right: Array

    def times(self, x: Array, columns: slice = slice(None)) -> Array:
        full = np.zeros((self.extra.shape[1], x.shape[1]))
        full[columns] = x
        out = [factors[:, None] * part.times(full[numbers]) for part, factors, numbers in self.parts]
        return np.concatenate([*out, self.extra @ full])

    def adjoint(self, y: Array) -> Array:
        out, start = np.zeros(self.extra.shape[1]), 0
        for part, factors, numbers in self.parts:
            rows = slice(start, start + len(factors))
            start = rows.stop
            out[numbers] += part.adjoint((factors * y[rows])[:, None])[:, 0]
        return np.asarray(out + self.extra.T @ y[start:])

    def solve(self) -> Array | None:
        """Solution by GMRES, preconditioned by the diagonal blocks; None, with a warning, if it fails.

        Further rows g X = h, of the null space, are added to the square system as g^T (g X - h): it has a solution
        without them, and a unique one with them.
        """
        if len(self.parts) > 1:
            _warn_unsolved("there are several subdomains")
            return None
        part, factors, columns = self.parts[0]
        count, extra = len(columns), self.extra
        inverses = []
        for rows, block_columns, block in part.near:
            if rows == block_columns:
                at, diagonal = part.rows[rows], block + part.local[rows, block_columns].toarray()
                factor = scipy.linalg.lu_factor(factors[at][:, None] * diagonal)
                inverses.append((at, columns[block_columns], factor))

        def matvec(x: Array) -> Array:
            out = self.times(x[:, None])[:, 0]
            return np.asarray(out[:count] + extra.T @ out[count:])

        def precondition(y: Array) -> Array:
            out = np.empty(count)
            for rows, block_columns, factor in inverses:
                out[block_columns] = scipy.linalg.lu_solve(factor, y[rows])
            return out

        found, code = gmres(
            LinearOperator((count, count), matvec=matvec, dtype=np.float64),
            self.right[:count] + extra.T @ self.right[count:],
            M=LinearOperator((count, count), matvec=precondition, dtype=np.float64),
            rtol=TOLERANCE,
            restart=RESTART,
            maxiter=-(-MAX_ITERATIONS // RESTART),
        )
        if code:
            _warn_unsolved(f"GMRES did not reach {TOLERANCE:g} in {MAX_ITERATIONS} iterations")
            return None
        return np.asarray(found)


def _warn_unsolved(reason: str) -> None:
    warnings.warn(f"no boundary element reference for the network: {reason}", ProblemWarning, stacklevel=4)
