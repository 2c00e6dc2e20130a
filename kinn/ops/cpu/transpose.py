"""The kernel that turns points x inputs into inputs x points and back, in square blocks."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from kinn.ops.cpu.vectors import Code, Vectors

#: The side of a block.
BLOCK = 8


def transpose(dtype: str) -> ir.Function:
    """Return the kernel that stores to[c t + r] = from[r s + c] for whole blocks.

    Its arguments are the numbers of rows and columns, positive multiples of `BLOCK`; from and s; to and t.
    """
    code = Code("transpose", {"rows": "int", "columns": "int", "from": dtype, "s": "int", "to": dtype, "t": "int"})
    v = Vectors(code, dtype, BLOCK)

    def places(start: Any, stride: Any) -> list[Any]:
        return [code.plus(start, (n, stride)) for n in range(BLOCK)]

    with code.loop(code["rows"], BLOCK) as r, code.loop(code["columns"], BLOCK) as c:
        block = [v.load(code["from"], place) for place in places(code.plus(c, (r, code["s"])), code["s"])]
        turned = places(code.plus(r, (c, code["t"])), code["t"])
        for vector, place in zip(v.transposed(block), turned, strict=True):
            v.store(vector, code["to"], place)
    return code.finish()
