"""Stored solutions of three coordinates: a small core between one matrix a coordinate (Tucker's form).

A tensor of samples has far fewer independent columns along each axis than points (De Lathauwer, De Moor and Vandewalle
2000, SIAM J. Matrix Anal. Appl. 21, 1253): the columns kept become series of one coordinate each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kinn.geometry.types import Array
from kinn.problems.references.series import BLOCK, Axis


@dataclass(frozen=True, eq=False)
class LowRank:
    """A real function of d coordinates.

    Attributes:
        axes: The coordinates.
        core: An array (r_1, .., r_d).
        factors: For each axis the coefficients (n, r) of its r functions.
    """

    axes: tuple[Axis, ...]
    core: Array
    factors: tuple[npt.NDArray[Any], ...]

    def __call__(self, points: Array) -> Array:
        """Return the values (N,) at points (N, d)."""
        return self.derivative(points, (0,) * len(self.axes))

    def derivative(self, points: Array, index: Sequence[int]) -> Array:
        """Return the partial derivative (N,) of a multi-index at points (N, d)."""
        points = np.asarray(points, dtype=np.float64)
        blocks = [points[start : start + BLOCK] for start in range(0, len(points), BLOCK)]
        return np.concatenate([self._block(block, index) for block in blocks])

    def _block(self, points: Array, index: Sequence[int]) -> Array:
        *others, last = (
            (axis.basis(points[:, n], len(factor), index[n]) @ factor).real
            for n, (axis, factor) in enumerate(zip(self.axes, self.factors, strict=True))
        )
        total = np.tensordot(last, self.core, axes=(1, self.core.ndim - 1))
        for matrix in reversed(others):
            total = np.einsum("n...k,nk->n...", total, matrix)
        return np.asarray(total)


def subspaces(samples: Array, tolerance: float) -> tuple[Array, list[Array]]:
    """Return core and orthonormal columns of each axis that give samples (n_1, .., n_d) back.

    Args:
        samples: The values on a grid.
        tolerance: The error allowed in the root mean square, relative to that of the samples, along each axis.
    """
    core, columns = samples, []
    for axis in range(samples.ndim):
        flat = np.moveaxis(core, axis, 0).reshape(core.shape[axis], -1)
        vectors, sizes, _ = np.linalg.svd(flat, full_matrices=False)
        lost = np.sqrt(np.cumsum(sizes[::-1] ** 2)[::-1]) / np.linalg.norm(sizes)
        kept = vectors[:, lost > tolerance]
        columns.append(kept)
        core = np.moveaxis(np.tensordot(kept.T, core, axes=(1, axis)), 0, axis)
    return core, columns
