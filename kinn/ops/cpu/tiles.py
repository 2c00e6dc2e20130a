"""Tiles of points: how many make one, and the way of stacks into and out of it.

A tile has the points of one input side by side, where a stack has the inputs of one point.
"""

from __future__ import annotations

from kinn.ops.cpu.loops import Array, call, compiled_loop
from kinn.ops.cpu.transpose import BLOCK

#: Points handled together, at most.
TILE = 64

#: Pairs of a point and an input handled together, unless one point has more; fewer where each has numbers of its own.
PAIRS, OWN_PAIRS = 1024, 128

#: Points come in whole vectors of this many, enough for every precision.
VECTOR = 16


@compiled_loop
def tile_points(inputs: int, pairs: int) -> int:
    """Return how many points make a tile."""
    return min(TILE, max(pairs // inputs, 1))


@compiled_loop
def whole_vectors(points: int) -> int:
    """Return a number of points rounded up to whole vectors."""
    return (points + VECTOR - 1) // VECTOR * VECTOR


@compiled_loop
def load(transpose: int, stack: Array, begin: int, count: int, x: Array, column: int) -> None:
    """Copy the components of a tile's inputs, the points of one input side by side; the first point fills whole vectors."""
    components, total, inputs = stack.shape
    rows, columns = count // BLOCK * BLOCK, inputs // BLOCK * BLOCK
    if rows > 0 and columns > 0:
        source = stack[0, begin:]
        call(transpose, (components, rows, columns, source, total * inputs, inputs, x, inputs * column, column))
    for a in range(components):
        row = a * inputs * column
        for r in range(count):
            for i in range(columns if r < rows else 0, inputs):
                x[row + i * column + r] = stack[a, begin + r, i]
        if count < column:
            for i in range(inputs):
                for r in range(count, column):
                    x[row + i * column + r] = x[row + i * column]


@compiled_loop
def store(transpose: int, x: Array, column: int, begin: int, count: int, stack: Array) -> None:
    """Copy components, the points of one input side by side, to where they belong: what `load` undone is."""
    components, total, inputs = stack.shape
    rows, columns = inputs // BLOCK * BLOCK, count // BLOCK * BLOCK
    if rows > 0 and columns > 0:
        target = stack[0, begin:]
        call(transpose, (components, rows, columns, x, inputs * column, column, target, total * inputs, inputs))
    for a in range(components):
        row = a * inputs * column
        for i in range(inputs):
            for r in range(columns if i < rows else 0, count):
                stack[a, begin + r, i] = x[row + i * column + r]


@compiled_loop
def load_outputs(grad: Array, begin: int, count: int, tile: Array, few: bool, width: int, column: int) -> None:
    """Copy the outputs' cotangents at a tile of points: points x A x O', or A x O x points where there are few outputs."""
    components, _, outputs = grad.shape
    if few:
        tile[:] = 0.0
        for a in range(components):
            for r in range(count):
                for o in range(outputs):
                    tile[(a * outputs + o) * column + r] = grad[a, begin + r, o]
        return
    for a in range(components):
        for r in range(count):
            place = (r * components + a) * width
            for o in range(outputs):
                tile[place + o] = grad[a, begin + r, o]


@compiled_loop
def store_outputs(tile: Array, few: bool, width: int, column: int, begin: int, count: int, out: Array) -> None:
    """Copy the outputs of a tile of points to where they belong."""
    components, _, outputs = out.shape
    for a in range(components):
        for r in range(count):
            if few:
                for o in range(outputs):
                    out[a, begin + r, o] = tile[(a * outputs + o) * column + r]
            else:
                place = (r * components + a) * width
                for o in range(outputs):
                    out[a, begin + r, o] = tile[place + o]
