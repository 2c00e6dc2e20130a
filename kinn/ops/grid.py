"""Knots turned into one small matrix per cell, so that every grid and degree shares one evaluation path.

On a cell the k + 1 live B-splines of degree k are polynomials in the local coordinate s in [0, 1]: their values are
[1, s, .., s^k] @ matrix. The matrices follow from the Cox-de Boor recursion applied to polynomial coefficients
(de Boor, A Practical Guide to Splines, 1978, chapter IX).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from kinn.errors import InputError

MAX_DEGREE = 7


@dataclass(frozen=True, eq=False)
class SplineGrid:
    """A grid of G cells with the B-splines of degree k on it; beyond its ends a spline continues linearly.

    Attributes:
        degree: The degree k, 1 to 7.
        edges: A `G + 1` tensor of increasing cell edges.
        matrices: A `G x (k+1) x (k+1)` tensor; row p of a cell's matrix holds the coefficients of s^p.
    """

    degree: int
    edges: Tensor
    matrices: Tensor

    @classmethod
    def from_edges(cls, edges: npt.ArrayLike, degree: int, dtype: torch.dtype = torch.float64) -> SplineGrid:
        """Grid on the given cell edges; the knots beyond them repeat the first and the last spacing.

        Raises:
            InputError: If the edges do not increase, are not finite, or the degree is out of range.
        """
        cells = np.asarray(edges, dtype=np.float64)
        if not 1 <= degree <= MAX_DEGREE:
            raise InputError(f"a spline's degree is 1 to {MAX_DEGREE}, not {degree}")
        if cells.ndim != 1 or len(cells) < 2 or not np.isfinite(cells).all() or (np.diff(cells) <= 0).any():
            raise InputError("a spline grid needs at least two finite, strictly increasing edges")
        steps = np.arange(1, degree + 1)
        knots = np.concatenate(
            [cells[0] - steps[::-1] * (cells[1] - cells[0]), cells, cells[-1] + steps * (cells[-1] - cells[-2])]
        )
        matrices = np.stack([_cell_matrix(knots, degree, cell + degree) for cell in range(len(cells) - 1)])
        return cls(degree, torch.as_tensor(cells, dtype=dtype), torch.as_tensor(matrices, dtype=dtype))

    @classmethod
    def uniform(
        cls, intervals: int, degree: int, lower: float = -1.0, upper: float = 1.0, dtype: torch.dtype = torch.float64
    ) -> SplineGrid:
        """Grid of `intervals` equal cells on [lower, upper]."""
        if intervals < 1:
            raise InputError(f"a spline grid needs at least one interval, not {intervals}")
        return cls.from_edges(np.linspace(lower, upper, intervals + 1), degree, dtype)

    @property
    def intervals(self) -> int:
        """The number G of cells."""
        return len(self.edges) - 1

    @property
    def size(self) -> int:
        """The number G + k of B-splines."""
        return self.intervals + self.degree

    @property
    def even(self) -> bool:
        """Whether the cells have one width, up to rounding, and hence one matrix."""
        widths = self.edges.diff()
        rounding = 8.0 * torch.finfo(self.edges.dtype).eps * self.edges.abs().max()
        return bool((widths - widths[0]).abs().max() <= rounding)

    def derivative(self, m: int) -> Tensor:
        """Matrices of the m-th derivatives in x.

        Returns:
            A `G x (k+1) x (k+1)` tensor, or `1 x (k+1) x (k+1)` where all cells share one matrix, as on uniform grids.
        """
        widths = self.edges.diff()
        matrices, widths = (self.matrices[:1], widths[:1]) if self.even else (self.matrices, widths)
        rows = torch.arange(self.degree + 1 - m, dtype=matrices.dtype, device=matrices.device)
        falling = torch.ones_like(rows)
        for i in range(1, m + 1):
            falling = falling * (rows + i)
        out = torch.zeros_like(matrices)
        out[:, : len(rows)] = falling.unsqueeze(1) * matrices[:, m:] / widths.reshape(-1, 1, 1) ** m
        return out

    def refinement_matrix(self, finer: SplineGrid) -> Tensor:
        """Matrix (K_finer, K) from the coefficients of a spline on this grid to those on a finer one: knot insertion.

        Boehm (1980, Computer-Aided Design 12, 199). On uniform grids with m cells for one a B-spline is the sum of the
        finer ones with the coefficients of (1 + z + .. + z^(m-1))^(k+1) / m^k: none is negative and each new coefficient
        is a mean of old ones, so that nothing is amplified.

        Raises:
            InputError: If a grid is not uniform, or its cells are not those of this one cut into equal parts.
        """
        if finer.degree != self.degree:
            raise InputError(f"splines of degree {self.degree} have no exact copy of degree {finer.degree}")
        ends = [(float(grid.edges[0]), float(grid.edges[-1])) for grid in (self, finer)]
        if ends[0] != ends[1] or not (self.even and finer.even):
            raise InputError("splines have exact copies on uniform grids over the same interval only")
        parts, remainder = divmod(finer.intervals, self.intervals)
        if remainder:
            raise InputError(
                f"a spline on {self.intervals} intervals has no exact copy on {finer.intervals}: use a multiple, "
                f"{max(1, parts) * self.intervals} or {(parts + 1) * self.intervals}"
            )
        mask = np.ones(1)
        for _ in range(self.degree + 1):
            mask = np.convolve(mask, np.ones(parts)) / parts
        mask *= parts
        out = np.zeros((finer.size, self.size))
        for column in range(self.size):
            first = parts * (column - self.degree) + self.degree  # finer splines left of 0 vanish on the interval
            rows = np.arange(first, first + len(mask))
            inside = (rows >= 0) & (rows < finer.size)
            out[rows[inside], column] = mask[inside]
        return torch.as_tensor(out)

    def to(self, dtype: torch.dtype, device: torch.device | None = None) -> SplineGrid:
        """Grid in another precision or on another device."""
        return SplineGrid(self.degree, self.edges.to(device, dtype), self.matrices.to(device, dtype))


def _cell_matrix(knots: npt.NDArray[np.float64], degree: int, span: int) -> npt.NDArray[np.float64]:
    """Matrix, (k+1) x (k+1), of the cell [knots[span], knots[span+1]], columns in the order of the splines."""
    left, width = knots[span], knots[span + 1] - knots[span]
    live = np.ones((1, 1))  # degree 0: one spline, constant on the cell; row = power of s
    for k in range(1, degree + 1):
        raised = np.zeros((k + 1, k + 1))
        for j in range(k):  # spline `span - k + 1 + j` of degree k - 1 feeds splines j and j + 1 of degree k
            start = knots[span - k + 1 + j]
            stop = knots[span + 1 + j]
            # the weight (x - start) / (stop - start) as a polynomial in s
            constant, slope = (left - start) / (stop - start), width / (stop - start)
            column = live[:, j]
            rising = constant * np.append(column, 0.0) + slope * np.insert(column, 0, 0.0)
            raised[:, j + 1] += rising
            raised[:, j] += np.append(column, 0.0) - rising
        live = raised
    return live
