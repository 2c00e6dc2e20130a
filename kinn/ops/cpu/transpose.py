"""The kernel that turns points x inputs into inputs x points and back, in square blocks."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from kinn.ops.cpu.ir_builder import KernelBuilder, Vectors

#: The side of a block.
BLOCK = 8


def transpose(dtype: str) -> ir.Function:
    """Return the kernel that stores to[a T + c t + r] = from[a S + r s + c] for whole blocks of several matrices.

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
        turned = places(code.plus(r, (a, code["T"]), (c, code["t"])), code["t"])
        for vector, place in zip(v.transposed(block), turned, strict=True):
            v.store(vector, code["to"], place)
    return code.finish()
