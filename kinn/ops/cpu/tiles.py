"""Compiled loops over points, and tiles of points on their way between stacks and machine code.

A tile has the points of one input side by side, where a stack has the inputs of one point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from kinn.ops.cpu.ir_builder import KernelBuilder, Vectors

F = TypeVar("F", bound=Callable[..., Any])

#: An array of numbers, one dimension or several.
Array = np.ndarray[Any, np.dtype[Any]]


def compiled_loop(function: F) -> F:
    """Compile a function with numba, keep it on disk, and let it run without Python's lock."""
    compile_ = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
    return cast("F", compile_(function))


def _call(_: Any, address: Any, arguments: Any) -> Any:  # noqa: ARG001
    """Call machine code: arrays go as the address of their first entry, numbers as they are."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        passed = []
        for n, kind in enumerate(signature.args[1]):
            value = builder.extract_value(values[1], n)
            is_array = isinstance(kind, types.Array)
            passed.append(context.make_array(kind)(context, builder, value).data if is_array else value)
        function = ir.FunctionType(ir.VoidType(), [p.type for p in passed])
        builder.call(builder.inttoptr(values[0], function.as_pointer()), passed)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), generate


#: In compiled loops: calls the machine code at an address with a tuple of arguments.
call = cast("Callable[[int, tuple[Any, ...]], None]", intrinsic(_call))

#: The side of a block of the transposition.
BLOCK = 8


def transpose(dtype: str) -> ir.Function:
    """Kernel that stores to[a T + c t + r] = from[a S + r s + c] for full blocks of several matrices.

    Its arguments are the numbers of matrices, rows and columns, the latter positive multiples of `BLOCK`; from, S and s;
    to, T and t.
    """
    sizes = {"matrices": "int", "rows": "int", "columns": "int"}
    code = KernelBuilder(
        "transpose", {**sizes, "from": dtype, "S": "int", "s": "int", "to": dtype, "T": "int", "t": "int"}
    )
    v = Vectors(code, dtype, BLOCK)

    def places(start: Any, stride: Any) -> list[Any]:
        return [code.plus(start, (n, stride)) for n in range(BLOCK)]

    with code.loop(code["matrices"]) as a, code.loop(code["rows"], BLOCK) as r, code.loop(code["columns"], BLOCK) as c:
        block = [
            v.load(code["from"], place) for place in places(code.plus(c, (a, code["S"]), (r, code["s"])), code["s"])
        ]
        transposed = places(code.plus(r, (a, code["T"]), (c, code["t"])), code["t"])
        for vector, place in zip(v.transposed(block), transposed, strict=True):
            v.store(vector, code["to"], place)
    return code.finish()


#: Points handled together, at most.
MAX_POINTS = 64

#: Pairs of a point and an input handled together, unless one point has more; narrower where each has separate numbers.
MAX_PAIRS, MAX_JACOBIAN_PAIRS = 1024, 128

#: Points come in full vectors of this many, enough for every precision.
VECTOR_POINTS = 16


@compiled_loop
def tile_points(inputs: int, pairs: int) -> int:
    """Number of points of a tile."""
    return min(MAX_POINTS, max(pairs // inputs, 1))


@compiled_loop
def padded(points: int) -> int:
    """A number of points rounded up to full vectors."""
    return (points + VECTOR_POINTS - 1) // VECTOR_POINTS * VECTOR_POINTS


@compiled_loop
def load(transpose: int, stack: Array, begin: int, count: int, x: Array, column: int) -> None:
    """Copy the components of a tile's inputs, the points of one input side by side; the first point fills full vectors."""
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
    """Copy components, the points of one input side by side, back: the inverse of `load`."""
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
def load_outputs(grad: Array, begin: int, count: int, tile: Array, narrow: bool, width: int, column: int) -> None:
    """Copy the outputs' cotangents at a tile of points: points x A x O', or A x O x points where outputs are few."""
    components, _, outputs = grad.shape
    if narrow:
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
def store_outputs(tile: Array, narrow: bool, width: int, column: int, begin: int, count: int, out: Array) -> None:
    """Copy the outputs of a tile of points back to the stack."""
    components, _, outputs = out.shape
    for a in range(components):
        for r in range(count):
            if narrow:
                for o in range(outputs):
                    out[a, begin + r, o] = tile[(a * outputs + o) * column + r]
            else:
                place = (r * components + a) * width
                for o in range(outputs):
                    out[a, begin + r, o] = tile[place + o]
