"""Kernels for what all edges from one input share at one point: cell, base function, factors Q[a, m].

The jet x of an input is taken through the bounded map in front of the splines, y = f(x), and into the products of Faa
di Bruno's formula; the adjoint takes the cotangents of those products the same way back. The pairs of an input and a point of a
tile lie side by side, in full vectors.

`table` (see `PairTable`) holds of every pair the local coordinate s, the base function's Taylor
coefficients b^(m) / (m! rate^m), and Q[a, m] m! rate^m, with which an output's component a is
sum_m (m! rate^m Q[a, m]) t_m in terms of the Taylor coefficients t_m in s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from kinn.jets import IndexSet
from kinn.jets.faa_di_bruno import FaaDiBrunoTable, composition
from kinn.ops.cpu.edge_kernel import PairTable, lanes_of
from kinn.ops.cpu.functions import BOUNDED_MAPS, silu
from kinn.ops.cpu.ir_builder import INT, KernelBuilder, Vectors, integer


def table_rows(index: IndexSet, orders: int) -> int:
    """Number of rows of the table, with the base function up to order `orders`."""
    return 2 + orders + len(composition(index).rows)


def kept_rows(index: IndexSet) -> int:
    """Number of rows that the adjoint needs again: the rate, then the derivatives of the map."""
    return 3 + index.order


def basis(index: IndexSet, squash: str, dtype: str, orders: int, rounds: int) -> ir.Function:
    """Kernel that fills the table of a tile.

    Args:
        index: The components of a stack.
        squash: The bounded map, or "none".
        dtype: The dtype of the layer.
        orders: The order to which the base function's Taylor coefficients are wanted.
        rounds: How often the search for a cell moves on from where the bins of the grid lead; 0 for a uniform grid.

    The kernel's arguments are the number of pairs, the inputs' components (a row each), the grid (see `GridCells`; the last
    cell and the last bin as numbers), and where cells, table and the rows that the adjoint needs again go.
    """
    code = KernelBuilder(
        "basis",
        {
            "pairs": "int", "x": dtype, "ends": dtype, "bins": "int*", "origins": dtype, "rates": dtype,
            "last": "int", "last_bin": "int", "cell": "int*", "table": dtype, "kept": dtype,
        },
    )  # fmt: skip
    v = Vectors(code, dtype, lanes_of(dtype))
    rule, table = composition(index), PairTable(table_rows(index, orders), dtype)

    def row(n: int, at: Any) -> Any:
        return code.plus(at, (n, code["pairs"]))

    with code.loop(code["pairs"], v.lanes) as at:
        x = [v.load(code["x"], row(a, at)) for a in range(len(index))]
        mapped = BOUNDED_MAPS[squash](v, x[0], orders + 1) if squash != "none" else []
        y = _outer(v, rule, mapped, _products(v, rule, x)) if mapped else x
        cell, local, rate = _located(code, v, y[0], rounds)
        powers = _powers(v, rate, orders)
        inverse = v.divide(v.constant(1.0), powers[-1])  # 1 / (orders! rate^orders); one division serves all orders
        base = silu(v, y[0], orders + 1, bounded=bool(mapped))
        for m in range(orders, -1, -1):
            base[m] = v.multiply(base[m], inverse)
            inverse = v.multiply(v.multiply(inverse, rate), v.constant(m))
        factors = [v.multiply(q, powers[m]) for q, (_, m) in zip(_products(v, rule, y), rule.rows, strict=True)]
        first = table.at(code, at)
        for n, values in enumerate([local, *base, *factors]):
            v.store(values, code["table"], table.row(code, first, n))
        v.store_integers(cell, code["cell"], at)
        for n, values in enumerate([rate, *mapped]):
            v.store(values, code["kept"], row(n, at))
    return code.finish()


def basis_adjoint(index: IndexSet, squash: str, dtype: str, width: int) -> ir.Function:
    """Kernel that turns the sums over outputs into the cotangents of the inputs' components.

    Its arguments are the number of pairs, the inputs' components, what `basis` kept, the sums (that of phi' / rate and
    those of the rows (a, m): `width` numbers per pair, or, if that is 0, a row each), and where the cotangents go, laid
    out like the components.
    """
    code = KernelBuilder("basis_adjoint", {"pairs": "int", "x": dtype, "kept": dtype, "sums": dtype, "out": dtype})
    v = Vectors(code, dtype, lanes_of(dtype))
    rule = composition(index)

    def row(n: int, at: Any) -> Any:
        return code.plus(at, (n, code["pairs"]))

    with code.loop(code["pairs"], v.lanes) as at:
        x = [v.load(code["x"], row(a, at)) for a in range(len(index))]
        rate, *mapped = (v.load(code["kept"], row(n, at)) for n in range(kept_rows(index)))
        count = 1 + len(rule.rows)
        if width:
            starts = [code.plus(integer(0), (code.plus(at, (lane, 1)), width)) for lane in range(v.lanes)]
            first_grad, *q_grad = (
                v.gather(code["sums"], [code.plus(start, (n, 1)) for start in starts]) for n in range(count)
            )
        else:
            first_grad, *q_grad = (v.load(code["sums"], row(n, at)) for n in range(count))
        powers = _powers(v, rate, index.order)
        q_grad = [v.multiply(g, powers[m]) for g, (_, m) in zip(q_grad, rule.rows, strict=True)]
        inner = _products(v, rule, x) if squash != "none" else []
        y = _outer(v, rule, mapped, inner) if squash != "none" else x
        grad: list[Any] = [v.multiply(first_grad, rate), *[None] * len(rule.orders)]
        _products_adjoint(v, rule, y, q_grad, grad)
        if squash != "none":
            outer, grad = grad, [v.multiply(grad[0], mapped[1]), *[None] * len(rule.orders)]
            for (a, m), product in zip(rule.rows, inner, strict=True):
                grad[0] = v.multiply_add(v.multiply(outer[a], product), mapped[m + 1], grad[0])
            q_grad = [v.multiply(outer[a], mapped[m]) for a, m in rule.rows]
            _products_adjoint(v, rule, x, q_grad, grad)
        for a, g in enumerate(grad):
            v.store(g, code["out"], row(a, at))
    return code.finish()


def _powers(v: Vectors, rate: Any, orders: int) -> list[Any]:
    """Factors m! rate^m, which takes Taylor coefficients in s to derivatives in y."""
    out = [v.constant(1.0)]
    for m in range(1, orders + 1):
        out.append(v.multiply(v.multiply(out[-1], rate), v.constant(m)))
    return out


def _products(v: Vectors, rule: FaaDiBrunoTable, x: Sequence[Any]) -> list[Any]:
    """Factors Q[a, m] of the components x, one per row (a, m)."""
    out: list[Any] = [None] * len(rule.rows)
    for row, factor, positions in rule.monomials:
        term = x[positions[0]]
        for position in positions[1:]:
            term = v.multiply(term, x[position])
        out[row] = v.add(term if factor == 1 else v.multiply(term, v.constant(factor)), out[row])
    return out


def _products_adjoint(
    v: Vectors, rule: FaaDiBrunoTable, x: Sequence[Any], q_grad: Sequence[Any], grad: list[Any]
) -> None:
    """Add to the cotangents of the components x those that the cotangents of Q bring."""
    for row, factor, positions in rule.monomials:
        for n, position in enumerate(positions):
            term = q_grad[row] if factor == 1 else v.multiply(q_grad[row], v.constant(factor))
            for other in (*positions[:n], *positions[n + 1 :]):
                term = v.multiply(term, x[other])
            grad[position] = v.add(term, grad[position])


def _outer(v: Vectors, rule: FaaDiBrunoTable, mapped: Sequence[Any], products: Sequence[Any]) -> list[Any]:
    """Components of f(x): y_a = sum_m f^(m)(x) Q[a, m]."""
    y: list[Any] = [mapped[0], *[None] * len(rule.orders)]
    for (a, m), product in zip(rule.rows, products, strict=True):
        y[a] = v.multiply_add(mapped[m], product, y[a])
    return y


def _located(code: KernelBuilder, v: Vectors, y: Any, rounds: int) -> tuple[Any, Any, Any]:
    """Cells of arguments, their local coordinates and the rates of the cells.

    Cell c, from 1 to G, reaches from origins[c] to origins[c + 1]; cell 0 continues the splines below the grid (and
    takes NaN, which the local coordinate keeps), cell G + 1 above it.
    """
    b = v.builder
    low, high = v.broadcast_entry(code["ends"], integer(0)), v.broadcast_entry(code["ends"], integer(1))
    last = v.broadcast(b.trunc(code["last"], v.integer) if v.integer != INT else code["last"])
    position = v.multiply_add(
        v.subtract(y, low), v.broadcast_entry(code["ends"], integer(2)), v.broadcast_entry(code["ends"], integer(3))
    )
    position = b.select(b.fcmp_ordered(">", position, v.constant(0.0)), position, v.constant(0.0))
    top = v.broadcast(b.sitofp(code["last_bin"], v.scalar))
    position = b.select(b.fcmp_ordered("<", position, top), position, top)
    bin_ = b.fptosi(position, v.integers(0).type)
    inside = b.add(bin_, v.integers(1)) if rounds == 0 else v.gather_integers(code["bins"], v.entries(bin_))
    for _ in range(rounds):
        next_cell = b.add(inside, v.integers(1))
        beyond = b.fcmp_ordered(">=", y, v.gather(code["origins"], v.entries(next_cell)))
        inside = b.select(b.and_(beyond, b.icmp_signed("<", inside, last)), next_cell, inside)
    cell = b.select(b.fcmp_ordered(">=", y, low), inside, v.integers(0))
    cell = b.select(b.fcmp_ordered(">", y, high), b.add(last, v.integers(1)), cell)
    if rounds:
        rate, origin = (v.gather(code[name], v.entries(cell)) for name in ("rates", "origins"))
    else:
        rate, step = v.broadcast_entry(code["rates"], integer(0)), v.broadcast_entry(code["ends"], integer(4))
        passed = b.select(b.icmp_signed(">", cell, v.integers(0)), b.sub(cell, v.integers(1)), cell)
        origin = v.multiply_add(b.sitofp(passed, v.vector), step, low)
    local = v.multiply(v.subtract(y, origin), rate)
    if rounds == 0:  # an argument within rounding of a knot is taken to be there
        before = b.and_(b.fcmp_ordered("<", local, v.constant(0.0)), b.icmp_signed(">", cell, v.integers(0)))
        local = b.select(before, v.constant(0.0), local)
    return cell, local, rate
