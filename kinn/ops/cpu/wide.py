"""Kernels for the edges at a tile of points, several outputs at once.

A spline on its cell is a polynomial c_0 + c_1 s + .. + c_k s^k in the local coordinate s. Repeated synthetic division
turns its coefficients into the Taylor coefficients t_m = phi^(m) / (m! rate^m) at s, in registers; the adjoint runs the
same scheme transposed. An output's component a is then sum_m Q[a, m] t_m, with the numbers Q common to all outputs.

Arrays: `coefficients`, the inputs' polynomials, of each input cells x (k + 1) x O' or `stride` numbers; `base`, their
weights of the base function, inputs x O'; `tile`, the outputs or their cotangents, O' numbers for every point and
component, which lie `point` and `component` apart; `cell` and `table`, see `basis`. O' is the number of outputs in
full vectors. Point r and input i are pair i `column` + r.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from llvmlite import ir

from kinn.ops.cpu.edge_kernel import EdgeKernel, EdgeShape, taylor, taylor_adjoint
from kinn.ops.cpu.ir_builder import INT, Vectors, integer

#: Inputs whose edges are added to outputs that are loaded and stored once for all of them.
INPUTS_PER_BLOCK = 2

#: Vectors of outputs handled per block: a point's numbers, and sums over outputs, serve all of them.
VECTORS_PER_BLOCK = 4


def lanes_for(outputs: int, dtype: str) -> int:
    """Number of outputs handled at once: as many as fit a vector of 64 bytes and leave few lanes idle."""
    if outputs <= 4:
        return 4
    return 8 if dtype == "float64" or 1 <= outputs % 16 <= 8 else 16


def padded_width(outputs: int, dtype: str) -> int:
    """Number of outputs in full vectors."""
    lanes = lanes_for(outputs, dtype)
    return -(-outputs // lanes) * lanes


def group_of(lanes: int) -> int:
    """Number of sums over outputs that are formed together."""
    return min(lanes, 8)


def sums_width(shape: EdgeShape) -> int:
    """Number of sums over outputs that the adjoint stores per point: for phi' and every row (a, m), in full groups."""
    group = group_of(lanes_for(shape.outputs, shape.dtype))
    return -(-(1 + sum(shape.orders)) // group) * group


class _SharedFactors(NamedTuple):
    """Numbers that the edges from one input share at a point."""

    pair: Any  #: of the point and the input
    s: Any  #: the local coordinate
    base: list[Any]  #: the base function's Taylor coefficients
    q: dict[tuple[int, int], Any]  #: the factors of the rows (a, m)
    cell_at: Any  #: where the cell's polynomials begin


class _WideKernel(EdgeKernel):
    """A kernel for many outputs: loops over inputs, outputs and points, and the numbers that a point's edges share."""

    def __init__(self, name: str, arrays: Sequence[str], shape: EdgeShape, derivatives: int = 0) -> None:
        self.lanes = lanes_for(shape.outputs, shape.dtype)
        self.width = padded_width(shape.outputs, shape.dtype)
        super().__init__(name, arrays, shape, self.lanes, derivatives)

    def inputs(self, block: int) -> Iterator[list[Any]]:
        """Loop over all inputs, `block` at a time and those left over one by one.

        The body is built once for either number.
        """
        code, b = self.code, self.code.builder
        blocks = b.sdiv(code["inputs"], integer(block))
        done = b.mul(blocks, integer(block))
        for start, count, size in ((integer(0), blocks, block), (done, b.sub(code["inputs"], done), 1)):
            if size == block or block > 1:
                with b.if_then(b.icmp_signed(">", count, integer(0))), code.loop(count) as n:
                    yield [code.plus(start, (n, size), (u, 1)) for u in range(size)]
            if block == 1:
                return

    def outputs(self) -> Iterator[tuple[list[Any], bool]]:
        """Loop over all outputs, a few vectors at a time; also tell whether they are the first."""
        vectors = self.width // self.lanes
        head = vectors % VECTORS_PER_BLOCK or min(vectors, VECTORS_PER_BLOCK)
        yield [integer(n * self.lanes) for n in range(head)], True
        if vectors > head:
            with self.code.loop(integer((vectors - head) * self.lanes), VECTORS_PER_BLOCK * self.lanes) as o:
                yield [self.code.plus(o, (head + n, self.lanes)) for n in range(VECTORS_PER_BLOCK)], False

    def shared(self, i: Any, r: Any) -> _SharedFactors:
        """Numbers that the edges from input i share at point r."""
        code, b = self.code, self.code.builder
        pair = code.plus(r, (i, code["column"]))
        at = self.table.at(code, pair)
        rows = [self.v.broadcast_entry(code["table"], self.table.row(code, at, n)) for n in range(self.table.rows)]
        cell = b.sext(b.load(b.gep(code["cell"], [pair])), INT)
        return _SharedFactors(
            pair,
            *self.split_rows(rows),
            code.plus(b.mul(cell, integer((self.degree + 1) * self.width)), (i, code["stride"])),
        )

    def rows_of(self, at: Any, o: Any, count: int) -> list[Any]:
        """Indices of output o in `count` rows of O' from `at` on."""
        start = self.code.builder.add(at, o)
        return [self.code.plus(start, (n, self.width)) for n in range(count)]

    def base_place(self, i: Any, o: Any) -> Any:
        """Index of the base function's weight from input i to output o."""
        return self.code.plus(o, (i, self.width))

    def tile(self, r: Any, o: Any) -> list[Any]:
        """Indices of the components of output o at point r."""
        start = self.code.plus(o, (r, self.code["point"]))
        return [self.code.plus(start, (a, self.code["component"])) for a in range(self.components)]

    def taylor(self, e: _SharedFactors, o: Any, weight: Any, order: int) -> list[Any]:
        """Taylor coefficients of the edges to output o, the base function included."""
        v = self.v
        cell = [v.load(self.code["coefficients"], place) for place in self.rows_of(e.cell_at, o, self.degree + 1)]
        spline = taylor(v, cell, e.s, order)
        return [v.multiply_add(b, weight, t) for b, t in zip(e.base, spline, strict=True)]

    def cotangents(self, e: _SharedFactors, g: Sequence[Any]) -> tuple[list[Any], Any]:
        """Cotangents of the Taylor coefficients and of the base's weight, given those of the components."""
        v = self.v
        cotangents: list[Any] = [g[0], *[None] * self.order]
        for (a, m), factor in e.q.items():
            cotangents[m] = v.multiply_add(factor, g[a], cotangents[m])
        base = None
        for b, t in zip(e.base, cotangents, strict=False):
            base = v.multiply_add(b, t, base)
        return cotangents, base


def forward(shape: EdgeShape) -> ir.Function:
    """Kernel that adds up all edges to the outputs of a tile."""
    k = _WideKernel("forward", ("coefficients", "base"), shape)
    code, v = k.code, k.v
    with code.loop(code["count"]) as r, code.loop(integer(k.width), k.lanes) as o:
        for place in k.tile(r, o):
            v.store(v.constant(0.0), code["tile"], place)
    for inputs in k.inputs(INPUTS_PER_BLOCK):
        for places, _ in k.outputs():
            weights = {(i, o): v.load(code["base"], k.base_place(i, o)) for i in inputs for o in places}
            with code.loop(code["count"]) as r:
                shared = [k.shared(i, r) for i in inputs]
                for o in places:
                    tile = k.tile(r, o)
                    sums = [v.load(code["tile"], place) for place in tile]
                    for i, e in zip(inputs, shared, strict=True):
                        t = k.taylor(e, o, weights[i, o], k.order)
                        sums[0] = v.add(sums[0], t[0])
                        for (a, m), factor in e.q.items():
                            sums[a] = v.multiply_add(factor, t[m], sums[a])
                    for value, place in zip(sums, tile, strict=True):
                        v.store(value, code["tile"], place)
    return code.finish()


def adjoint(shape: EdgeShape, *, needs_input_grad: bool = True) -> ir.Function:
    """Kernel that adds a tile's share to the cotangents of the polynomials and of the base's weights.

    If `needs_input_grad`, it also stores the sums over outputs that the cotangents of the inputs follow from,
    `sums_width` numbers a pair: of phi' / rate, and of the cotangent of Q[a, m] for every row (a, m).
    """
    arrays = ("coefficients", "base", "coefficients_grad", "base_grad", "sums")
    k = _WideKernel("adjoint", arrays, shape, derivatives=1)
    code, v, degree, group, width = k.code, k.v, k.degree, group_of(k.lanes), sums_width(shape)
    short = Vectors(code, shape.dtype, group)
    for (i,) in k.inputs(1):
        for places, first in k.outputs():
            totals = [v.variable() for _ in places]
            with code.loop(code["count"]) as r:
                e = k.shared(i, r)
                terms: list[Any] = [None] * width
                for o, total in zip(places, totals, strict=True):
                    g = [v.load(code["tile"], place) for place in k.tile(r, o)]
                    cotangents, base = k.cotangents(e, g)
                    v.accumulate(total, base)
                    polynomial = taylor_adjoint(v, cotangents, e.s, degree)
                    for value, place in zip(polynomial, k.rows_of(e.cell_at, o, degree + 1), strict=True):
                        v.store(
                            v.add(v.load(code["coefficients_grad"], place), value), code["coefficients_grad"], place
                        )
                    if not needs_input_grad:
                        continue
                    t = k.taylor(e, o, v.load(code["base"], k.base_place(i, o)), k.order + 1)
                    for m, cotangent in enumerate(cotangents):
                        shifted = t[m + 1] if m == 0 else v.multiply(t[m + 1], v.constant(m + 1))
                        terms[0] = v.multiply_add(shifted, cotangent, terms[0])
                    for n, (a, m) in enumerate(k.rows, start=1):
                        terms[n] = v.multiply_add(g[a], t[m], terms[n])
                for n in range(0, width if needs_input_grad else 0, group):
                    place = code.plus(integer(n), (e.pair, width))
                    sums = v.sums(terms[n : n + group])
                    if not first:
                        sums = short.add(short.load(code["sums"], place), sums)
                    short.store(sums, code["sums"], place)
            for o, total in zip(places, totals, strict=True):
                place = k.base_place(i, o)
                v.store(v.add(v.load(code["base_grad"], place), code.builder.load(total)), code["base_grad"], place)
    return code.finish()


def jacobian(shape: EdgeShape) -> ir.Function:
    """Kernel that stores each point's own cotangents: of its cell's k + 1 coefficients and the base's weight.

    They go to `gradients`, a pair's (k + 2) x O' numbers together, pairs in the order of the table's columns.
    """
    k = _WideKernel("jacobian", ("gradients",), shape)
    code, v, degree = k.code, k.v, k.degree
    for (i,) in k.inputs(1):
        for places, _ in k.outputs():
            with code.loop(code["count"]) as r:
                e = k.shared(i, r)
                start = code.builder.mul(e.pair, integer((degree + 2) * k.width))
                for o in places:
                    cotangents, base = k.cotangents(e, [v.load(code["tile"], place) for place in k.tile(r, o)])
                    rows = [*taylor_adjoint(v, cotangents, e.s, degree), base]
                    for value, place in zip(rows, k.rows_of(start, o, degree + 2), strict=True):
                        v.store(v.constant(0.0) if value is None else value, code["gradients"], place)
    return code.finish()
