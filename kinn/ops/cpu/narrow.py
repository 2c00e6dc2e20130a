"""Kernels for layers with few outputs: the edges at several points at once.

With one or two outputs most lanes of `wide` would be idle. Here a vector holds points, whose cells differ: their
coefficients are gathered, and the cotangents of those are transposed to one short vector per point.

Arrays: `coefficients`, the inputs' polynomials, of each input cells x O x P or `stride` numbers, P the number of
coefficients rounded up to a power of two; `base`, their weights of the base function, inputs x O; `tile`, the outputs
or their cotangents, A x O x `column`; `cell` and `table`, see `basis`. Point r and input i stand in column
i `column` + r of the table. Points come in full vectors, the last filled up with points whose cotangents are zero. The
kernels take the arguments of those in `wide`; they do not use `count`, `point` and `component`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from kinn.ops.cpu.edge_kernel import EdgeKernel, EdgeShape, lanes_of, taylor, taylor_adjoint
from kinn.ops.cpu.ir_builder import INT, Vectors, integer

#: The greatest number of outputs that these kernels are for.
MAX_OUTPUTS = 2


def padded(degree: int) -> int:
    """Number P of places of a polynomial's coefficients."""
    return 1 << degree.bit_length()


class _NarrowKernel(EdgeKernel):
    """A kernel for few outputs: a loop over points, and the numbers that a point's edges share; `outputs` is O."""

    def __init__(self, name: str, arrays: Sequence[str], shape: EdgeShape, derivatives: int = 0) -> None:
        super().__init__(name, ("coefficients", "base", *arrays), shape, lanes_of(shape.dtype), derivatives)
        self.outputs = shape.outputs

    @contextmanager
    def vectors(self) -> Iterator[None]:
        """Loop over every input and vector of points, and load what their edges share."""
        code = self.code
        self.pairs = code.builder.mul(code["inputs"], code["column"])
        with code.loop(code["inputs"]) as i:
            self.cells_at = code.plus(integer(0), (i, code["stride"]))
            self.base_at = code.plus(integer(0), (i, self.outputs))
            with code.loop(code["column"], self.v.lanes) as r:
                self.r, self.pair = r, code.plus(r, (i, code["column"]))
                self._load()
                yield

    def _load(self) -> None:
        code, v = self.code, self.v
        at = self.table.at(code, self.pair)
        rows = [v.load(code["table"], self.table.row(code, at, n)) for n in range(self.table.rows)]
        self.s, self.base, self.q = self.split_rows(rows)
        address = code.builder.bitcast(
            code.builder.gep(code["cell"], [self.pair]), ir.VectorType(ir.IntType(32), v.lanes).as_pointer()
        )
        cells = v.entries(code.builder.load(address, align=4))
        self.starts = [
            code.plus(self.cells_at, (code.builder.sext(c, INT), self.outputs * padded(self.degree))) for c in cells
        ]

    def places(self, o: int) -> list[Any]:
        """Indices in the tile of the components of output o."""
        return [self.code.plus(self.r, (a * self.outputs + o, self.code["column"])) for a in range(self.components)]

    def polynomials(self, o: int) -> list[Any]:
        """Indices of the first coefficients of output o, one per point."""
        return [self.code.plus(start, (o * padded(self.degree), 1)) for start in self.starts]

    def taylor(self, o: int, order: int) -> list[Any]:
        """Taylor coefficients of the edges to output o, the base function included."""
        v, code = self.v, self.code
        starts = self.polynomials(o)
        coefficients = [
            v.gather(code["coefficients"], [code.plus(start, (p, 1)) for start in starts])
            for p in range(self.degree + 1)
        ]
        weight = v.broadcast_entry(code["base"], code.plus(self.base_at, (o, 1)))
        spline = taylor(v, coefficients, self.s, order)
        return [v.multiply_add(b, weight, t) for b, t in zip(self.base, spline, strict=True)]


def forward(shape: EdgeShape) -> ir.Function:
    """Kernel that adds up all edges to the outputs of a tile."""
    k = _NarrowKernel("forward", (), shape)
    code, v, outputs = k.code, k.v, k.outputs
    with code.loop(code.builder.mul(code["column"], integer(k.components * outputs)), v.lanes) as place:
        v.store(v.constant(0.0), code["tile"], place)
    with k.vectors():
        for o in range(outputs):
            t = k.taylor(o, k.order)
            places = k.places(o)
            sums = [v.load(code["tile"], place) for place in places]
            sums[0] = v.add(sums[0], t[0])
            for (a, m), factor in k.q.items():
                sums[a] = v.multiply_add(factor, t[m], sums[a])
            for value, place in zip(sums, places, strict=True):
                v.store(value, code["tile"], place)
    return code.finish()


def adjoint(shape: EdgeShape) -> ir.Function:
    """Kernel that adds a tile's share to the cotangents of the polynomials and of the base's weights.

    It also stores the sums over outputs that the cotangents of the inputs follow from, a row each.
    """
    k = _NarrowKernel("adjoint", ("coefficients_grad", "base_grad", "sums"), shape, derivatives=1)
    code, v, size = k.code, k.v, padded(k.degree)
    short = Vectors(code, shape.dtype, size)
    with k.vectors():
        sums: list[Any] = [None] * (1 + len(k.rows))
        for o in range(k.outputs):
            t = k.taylor(o, k.order + 1)
            g = [v.load(code["tile"], place) for place in k.places(o)]
            cotangents: list[Any] = [g[0], *[None] * k.order]
            for (a, m), factor in k.q.items():
                cotangents[m] = v.multiply_add(factor, g[a], cotangents[m])
            base = None
            for m, cotangent in enumerate(cotangents):
                base = v.multiply_add(k.base[m], cotangent, base)
                shifted = t[m + 1] if m == 0 else v.multiply(t[m + 1], v.constant(m + 1))
                sums[0] = v.multiply_add(shifted, cotangent, sums[0])
            for n, (a, m) in enumerate(k.rows, start=1):
                sums[n] = v.multiply_add(g[a], t[m], sums[n])
            address = code.builder.gep(code["base_grad"], [code.plus(k.base_at, (o, 1))])
            total = code.builder.extract_element(v.sums([base]), ir.Constant(ir.IntType(32), 0))
            code.builder.store(code.builder.fadd(code.builder.load(address), total), address)
            rows = [v.constant(0.0) if c is None else c for c in taylor_adjoint(v, cotangents, k.s, k.degree)]
            rows += [v.constant(0.0)] * (size - len(rows))
            for gradient, place in zip(v.transposed(rows), k.polynomials(o), strict=True):
                short.store(
                    short.add(short.load(code["coefficients_grad"], place), gradient), code["coefficients_grad"], place
                )
        for n, total in enumerate(sums):
            v.store(total, code["sums"], code.plus(k.pair, (n, k.pairs)))
    return code.finish()
