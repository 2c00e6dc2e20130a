"""The spline layer on ranges of points: jets, their adjoint, and per-sample Jacobians.

Points are taken a tile at a time and the inputs one after the other, so that a tile's outputs and one input's
polynomials both stay in the fastest cache. The arithmetic on vectors (see `basis`, `wide` and `narrow`) is machine
code called by its address. Everything here runs without Python's lock.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from kinn.ops.cpu.tiles import (
    MAX_JACOBIAN_PAIRS,
    MAX_PAIRS,
    Array,
    call,
    compiled_loop,
    load,
    load_outputs,
    padded,
    store,
    store_outputs,
    tile_points,
)

#: Ends, bins, origins and rates of a grid's cells (see `GridCells`).
Grid: TypeAlias = tuple[Array, Array, Array, Array]


@compiled_loop
def forward(
    transpose: int,
    basis: int,
    edges: int,
    stack: Array,
    grid: Grid,
    coefficients: Array,
    base: Array,
    rows: tuple[int, int],
    narrow: bool,
    out: Array,
    ranges: Array,
    share: tuple[int, int],
) -> None:
    """Store the outputs of a layer at a share of the points.

    Args:
        transpose: The address of the kernel that transposes blocks.
        basis: That of the kernel that fills the table.
        edges: That of the kernel that adds up the edges.
        stack: The inputs, `A x N x I`.
        grid: The grid.
        coefficients: The edges' polynomials, one array per input.
        base: The base function's weights, `I x O'`, O' the number of outputs in full vectors.
        rows: The number of rows of the table, and of those kept for the adjoint.
        narrow: Whether the kernels are those of `narrow`.
        out: Takes the outputs, `A x N x O`.
        ranges: Where the ranges of points begin, and the number of points.
        share: The first range to do, and the one after the last.
    """
    components, total, inputs = stack.shape
    width, outputs, step = base.shape[1], out.shape[2], tile_points(inputs, MAX_PAIRS)
    stride = coefficients[0].size
    direct = width == outputs and not narrow  # full vectors need no separate tile
    capacity = padded(step)
    x, kept = np.empty(components * capacity * inputs, stack.dtype), np.empty(rows[1] * capacity * inputs, stack.dtype)
    cell, table = np.empty(capacity * inputs, np.int32), np.empty(rows[0] * capacity * inputs, stack.dtype)
    tile = np.empty(capacity * components * width, stack.dtype)
    point, component = (width, total * outputs) if direct else (width * components, width)
    ends, bins, origins, rates = grid
    for n in range(share[0], share[1]):
        for begin in range(ranges[n], ranges[n + 1], step):
            count = min(step, ranges[n + 1] - begin)
            column = padded(count)
            pairs = column * inputs
            load(transpose, stack, begin, count, x, column)
            call(basis, (pairs, x, ends, bins, origins, rates, len(rates) - 2, len(bins) - 1, cell, table, kept))
            place = out[0, begin:].ravel() if direct else tile
            call(edges, (inputs, count, column, point, component, cell, table, place, stride, coefficients, base))
            if not direct:
                store_outputs(tile, narrow, width, column, begin, count, out)


@compiled_loop
def adjoint(
    transpose: int,
    basis: int,
    edges_adjoint: int,
    basis_adjoint: int,
    stack: Array,
    grid: Grid,
    coefficients: Array,
    base: Array,
    rows: tuple[int, int, int],
    narrow: bool,
    grad: Array,
    needs_input_grad: bool,
    stack_grad: Array,
    coefficients_grad: Array,
    base_grad: Array,
    ranges: Array,
    share: tuple[int, int],
) -> None:
    """Store the cotangents of the inputs at a share of the points, and add to those of the polynomials.

    Args:
        transpose: The address of the kernel that transposes blocks.
        basis: That of the kernel that fills the table.
        edges_adjoint: That of the kernel that adds to the polynomials' cotangents.
        basis_adjoint: That of the kernel for the inputs' cotangents.
        stack: The inputs, `A x N x I`.
        grid: The grid.
        coefficients: The edges' polynomials, one array per input.
        base: The base function's weights, `I x O'`.
        rows: The number of rows of the table, of those kept, and of sums over outputs per pair.
        narrow: Whether the kernels are those of `narrow`.
        grad: The cotangents of the outputs, `A x N x O`.
        needs_input_grad: Whether those of the inputs are wanted.
        stack_grad: Takes those of the inputs, `A x N x I`.
        coefficients_grad: Those of the polynomials, like `coefficients`, one array per range.
        base_grad: Those of the base function's weights, like `base`, one array per range.
        ranges: Where the ranges of points begin, and the number of points.
        share: The first range to do, and the one after the last.
    """
    components, total, inputs = stack.shape
    outputs, width, step = grad.shape[2], base.shape[1], tile_points(inputs, MAX_PAIRS)
    stride = coefficients[0].size
    direct = width == outputs and not narrow
    capacity = padded(step)
    x, kept = np.empty(components * capacity * inputs, stack.dtype), np.empty(rows[1] * capacity * inputs, stack.dtype)
    cell, table = np.empty(capacity * inputs, np.int32), np.empty(rows[0] * capacity * inputs, stack.dtype)
    x_grad, sums = (
        np.empty(components * capacity * inputs, stack.dtype),
        np.zeros(rows[2] * capacity * inputs, stack.dtype),
    )
    tile = np.zeros(capacity * components * width, stack.dtype)
    point, component = (width, total * outputs) if direct else (width * components, width)
    ends, bins, origins, rates = grid
    for n in range(share[0], share[1]):
        for begin in range(ranges[n], ranges[n + 1], step):
            count = min(step, ranges[n + 1] - begin)
            column = padded(count)
            pairs = column * inputs
            load(transpose, stack, begin, count, x, column)
            if not direct:
                load_outputs(grad, begin, count, tile, narrow, width, column)
            call(basis, (pairs, x, ends, bins, origins, rates, len(rates) - 2, len(bins) - 1, cell, table, kept))
            place = grad[0, begin:].ravel() if direct else tile
            call(
                edges_adjoint,
                (
                    inputs, count, column, point, component, cell, table, place, stride, coefficients, base,
                    coefficients_grad[n], base_grad[n], sums,
                ),
            )  # fmt: skip
            if needs_input_grad:
                call(basis_adjoint, (pairs, x, kept, sums, x_grad))
                store(transpose, x_grad, column, begin, count, stack_grad)


@compiled_loop
def jacobian(
    transpose: int,
    basis: int,
    edges_jacobian: int,
    stack: Array,
    grid: Grid,
    first: Array,
    matrices: Array,
    rows: tuple[int, int],
    width: int,
    grad: Array,
    out: Array,
    ranges: Array,
    share: tuple[int, int],
) -> None:
    """Add each point's own cotangent of the layer's weight, at a share of the points.

    Args:
        transpose: The address of the kernel that transposes blocks.
        basis: That of the kernel that fills the table.
        edges_jacobian: That of the kernel that takes each point on its own.
        stack: The inputs, `A x N x I`.
        grid: The grid.
        first: The first live spline of each cell.
        matrices: The matrices of the cells, in the dtype of the layer.
        rows: The number of rows of the table, and of those kept for the adjoint.
        width: The padded number of outputs.
        grad: The cotangents of the outputs, `A x N x O`.
        out: The Jacobian, `N x I (K + 1) O`, slots of one input together.
        ranges: Where the ranges of points begin, and the number of points.
        share: The first range to do, and the one after the last.
    """
    components, _, inputs = stack.shape
    outputs, size, step = grad.shape[2], matrices.shape[1], tile_points(inputs, MAX_JACOBIAN_PAIRS)
    slots = len(first) - 2 + size  # the splines and the base function
    capacity = padded(step)
    x, kept = np.empty(components * capacity * inputs, stack.dtype), np.empty(rows[1] * capacity * inputs, stack.dtype)
    cell, table = np.empty(capacity * inputs, np.int32), np.empty(rows[0] * capacity * inputs, stack.dtype)
    tile = np.zeros(capacity * components * width, stack.dtype)
    gradients = np.empty((inputs, capacity, size + 1, width), stack.dtype)
    ends, bins, origins, rates = grid
    for n in range(share[0], share[1]):
        for begin in range(ranges[n], ranges[n + 1], step):
            count = min(step, ranges[n + 1] - begin)
            column = padded(count)
            pairs = column * inputs
            load(transpose, stack, begin, count, x, column)
            load_outputs(grad, begin, count, tile, False, width, column)
            call(basis, (pairs, x, ends, bins, origins, rates, len(rates) - 2, len(bins) - 1, cell, table, kept))
            call(edges_jacobian, (inputs, count, column, width * components, width, cell, table, tile, 0, gradients))
            flat = gradients.ravel()
            for r in range(count):
                for i in range(inputs):
                    pair = i * column + r
                    c = cell[pair]
                    at = pair * (size + 1) * width
                    for j in range(size):
                        place = (i * slots + first[c] + j) * outputs
                        for p in range(size):
                            factor = matrices[c, p, j]
                            for o in range(outputs):
                                out[begin + r, place + o] += factor * flat[at + p * width + o]
                    place = (i * slots + slots - 1) * outputs
                    for o in range(outputs):
                        out[begin + r, place + o] += flat[at + size * width + o]
