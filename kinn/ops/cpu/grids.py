"""A layer's splines as one polynomial per cell, input and output; and the search for the cell of an argument.

Two more cells, first and last, hold the linear continuation: arguments beyond the grid need no separate branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch

from kinn.ops.cpu.tiles import Array, compiled_loop
from kinn.ops.grid import SplineGrid

#: Bins of the table that the search for a cell starts from, per cell of a grid whose cells are not all of one width.
BINS = 4


@dataclass(frozen=True, eq=False)
class GridCells:
    """A grid of G cells, continued linearly beyond its ends.

    Attributes:
        dtype: "float32" or "float64", the dtype of all arrays of numbers.
        search: What the search for a cell takes. The ends: the lower and the upper one, the number of bins per length,
            how far an argument is taken to the right so that rounding never leaves it in a bin before its own, and the
            width of a bin. The bins: the cell that the search starts from, for bins of equal width over the grid. The
            origins: where the local coordinate of each of the `G + 2` cells is 0. The rates: its derivative on each cell.
        rounds: How many cells the search may have to move on; 0 on a uniform grid, whose bins are its cells.
        first: The first live spline of each cell.
        matrices: A `G + 2 x (k+1) x (k+1)` array; row p holds the coefficients of s^p in the live splines.
    """

    dtype: str
    search: tuple[Array, Array, Array, Array]
    rounds: int
    first: Array
    matrices: Array


_CELLS: WeakKeyDictionary[SplineGrid, GridCells] = WeakKeyDictionary()


def cells_of(grid: SplineGrid) -> GridCells:
    """Cells of a grid, made once for a grid."""
    return _CELLS.get(grid) or _CELLS.setdefault(grid, _cells(grid))


def _cells(grid: SplineGrid) -> GridCells:
    dtype = str(grid.edges.dtype).removeprefix("torch.")
    edges, matrices = grid.edges.double().numpy(), grid.matrices.double().numpy()
    count, size = matrices.shape[:2]
    widths = np.diff(edges)
    ends = np.zeros((2, size, size))
    ends[0, :2] = matrices[0, :2]
    ends[1, 0] = matrices[-1].sum(axis=0)
    ends[1, 1] = np.arange(size) @ matrices[-1]
    rounding = 8.0 * torch.finfo(grid.edges.dtype).eps * float(np.abs(edges).max())
    uniform = bool(np.abs(widths - widths[0]).max() <= rounding)
    number = count if uniform else BINS * count
    step = (edges[-1] - edges[0]) / number
    reach = 4.0 * rounding / step
    lefts = edges[0] + step * np.arange(number)
    start = np.clip(np.searchsorted(edges, lefts - 2 * reach * step, side="right"), 1, count)
    stop = np.clip(np.searchsorted(edges, lefts + step, side="right"), 1, count)
    search = (
        np.array([edges[0], edges[-1], 1.0 / step, reach, step]).astype(dtype),
        start.astype(np.int32),
        np.concatenate([edges[:1], edges]).astype(dtype),
        (1.0 / np.concatenate([widths[:1], widths, widths[-1:]])).astype(dtype),
    )
    return GridCells(
        dtype,
        search,
        0 if uniform else max(1, int((stop - start).max())),
        np.concatenate([[0], np.arange(count), [count - 1]]).astype(np.int64),
        np.concatenate([ends[:1], matrices, ends[1:]]).astype(dtype),
    )


@compiled_loop
def polynomials(weight: Array, first: Array, matrices: Array, narrow: bool, out: Array, base: Array) -> None:
    """Store the coefficients of every edge's polynomial on every cell, and the base function's weights.

    Args:
        weight: The layer's weight, `I x (K + 1) x O`.
        first: The first live spline of each cell.
        matrices: The matrices of the cells, in the dtype of the weight.
        narrow: Whether a cell's coefficients stand side by side (see `narrow`) or its outputs do (see `wide`).
        out: `I x (G + 2) x O x P` if narrow, else `I x (G + 2) x (k + 1) x O'`; zero.
        base: `I x O'`, zero.
    """
    inputs, slots, outputs = weight.shape
    size = matrices.shape[1]
    for i in range(inputs):
        for o in range(outputs):
            base[i, o] = weight[i, slots - 1, o]
        for c in range(len(first)):
            for p in range(size):
                for j in range(size):
                    factor = matrices[c, p, j]
                    slot = first[c] + j
                    if narrow:
                        for o in range(outputs):
                            out[i, c, o, p] += factor * weight[i, slot, o]
                    else:
                        for o in range(outputs):
                            out[i, c, p, o] += factor * weight[i, slot, o]


@compiled_loop
def polynomials_adjoint(
    coefficients_grad: Array, base_grad: Array, first: Array, matrices: Array, narrow: bool, out: Array
) -> None:
    """Add up what the ranges of points contributed to the cotangents of a layer's weight.

    Args:
        coefficients_grad: The cotangents of the polynomials' coefficients, one array per range laid out like the coefficients;
            spent.
        base_grad: The cotangents of the base function's weights, `B x I x O'`.
        first: The first live spline of each cell.
        matrices: The matrices of the cells, in the dtype of the weight.
        narrow: The layout of the coefficients.
        out: `I x (K + 1) x O`, zero.
    """
    ranges, inputs = base_grad.shape[:2]
    slots, outputs = out.shape[1:]
    size = matrices.shape[1]
    for i in range(inputs):
        total = coefficients_grad[0, i].ravel()
        for b in range(1, ranges):
            part = coefficients_grad[b, i].ravel()
            for n in range(len(total)):
                total[n] += part[n]
        for b in range(ranges):
            for o in range(outputs):
                out[i, slots - 1, o] += base_grad[b, i, o]
        for c in range(len(first)):
            for j in range(size):
                slot = first[c] + j
                for p in range(size):
                    factor = matrices[c, p, j]
                    if narrow:
                        for o in range(outputs):
                            out[i, slot, o] += factor * coefficients_grad[0, i, c, o, p]
                    else:
                        for o in range(outputs):
                            out[i, slot, o] += factor * coefficients_grad[0, i, c, p, o]
