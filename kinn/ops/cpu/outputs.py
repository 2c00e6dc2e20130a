"""Kernels for the edges at a tile of points, several outputs at once.

A spline on its cell is a polynomial c_0 + c_1 s + .. + c_k s^k in the local coordinate s. Repeated synthetic division
turns its coefficients into the Taylor coefficients t_m = phi^(m) / (m! rate^m) at s, in registers; the adjoint runs the
same scheme transposed. An output's component a is then sum_m Q[a, m] t_m, with the numbers Q common to all outputs.

Arrays: `cells`, one input's polynomials, cells x (k + 1) x O'; `base`, its weights of the base function, O'; `tile`,
the outputs or their cotangents, O' numbers for every point and component, which lie `point` and `component` apart;
`cell` and `table`, see `edges`. O', or `width`, is the number of outputs in whole vectors. Point r stands in column `first + r` of the table, whose rows have `pairs` numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from kinn.ops.cpu.vectors import INT, Code, Vectors, whole


def lanes_for(outputs: int, dtype: str) -> int:
    """Return how many outputs are handled at once: as many as fit a vector of 64 bytes and leave few lanes idle."""
    if outputs <= 4:
        return 4
    return 8 if dtype == "float64" or 1 <= outputs % 16 <= 8 else 16


def group_of(lanes: int) -> int:
    """Return how many sums over outputs are formed together."""
    return min(lanes, 8)


def sums_width(orders: Sequence[int], lanes: int) -> int:
    """Return how many sums over outputs the adjoint stores a point: one for phi', one a row (a, m), in whole groups."""
    group = group_of(lanes)
    return -(-(1 + sum(orders)) // group) * group


def taylor(v: Vectors, coefficients: Sequence[Any], s: Any, order: int) -> list[Any]:
    """Return the Taylor coefficients 0..order at s of the polynomial with these coefficients; None for zero."""
    c = list(coefficients)
    for m in range(min(order + 1, len(c))):
        for p in range(len(c) - 2, m - 1, -1):
            c[p] = v.multiply_add(s, c[p + 1], c[p])
    return [*c, *[None] * (order + 1)][: order + 1]


def taylor_adjoint(v: Vectors, cotangents: Sequence[Any], s: Any, degree: int) -> list[Any]:
    """Return the cotangents of a polynomial's coefficients, given those of its Taylor coefficients."""
    g = [*cotangents, *[None] * (degree + 1)][: degree + 1]
    for m in range(min(len(cotangents), degree + 1) - 1, -1, -1):
        for p in range(m, degree):
            g[p + 1] = v.multiply_add(s, g[p], g[p + 1])
    return g


class _Outputs:
    """A kernel under construction: loops over points and outputs, and the numbers that a point's edges share.

    Args:
        name: The kernel's name.
        arrays: Its arguments beside the common ones.
        orders: The order of every component but the value.
        degree: The degree of the splines.
        base: The order to which the base function's Taylor coefficients are in the table.
        dtype: The dtype of the layer.
        lanes: How many outputs are handled at once.
    """

    def __init__(
        self, name: str, arrays: dict[str, str], orders: Sequence[int], degree: int, base: int, dtype: str, lanes: int
    ) -> None:
        common = {
            "inputs": "int", "count": "int", "column": "int", "width": "int", "each": "int",
            "point": "int", "component": "int",
            "cell": "int*", "table": dtype, "tile": dtype,
        }  # fmt: skip
        self.code = Code(name, {**common, **arrays})
        self.v = Vectors(self.code, dtype, lanes)
        self.components = 1 + len(orders)
        self.rows = [(a, m) for a, order in enumerate(orders, start=1) for m in range(1, order + 1)]
        self.order = max(orders, default=0)
        self.degree, self.base_order = degree, base

    @contextmanager
    def pairs(self) -> Iterator[tuple[Any, Any]]:
        """Repeat what is built inside for every input and point, and load what their edges share."""
        code = self.code
        self.row = code.builder.mul(code["inputs"], code["column"])
        with code.loop(code["inputs"]) as i:
            self.cells_at = code.plus(whole(0), (i, code["each"]))
            self.base_at = code.plus(whole(0), (i, code["width"]))
            with code.loop(code["count"]) as r:
                self.pair = code.plus(r, (i, code["column"]))
                self._load(r)
                yield i, r

    def _load(self, r: Any) -> None:
        code, v = self.code, self.v
        count = 2 + self.base_order + len(self.rows)
        self.s, *rest = (v.spread(code["table"], self.column(n)) for n in range(count))
        self.base = rest[: self.base_order + 1]
        self.q = dict(zip(self.rows, rest[self.base_order + 1 :], strict=True))
        cell = code.builder.sext(code.builder.load(code.builder.gep(code["cell"], [self.pair])), INT)
        self.cell_at = code.plus(self.cells_at, (code.builder.mul(cell, whole(self.degree + 1)), code["width"]))
        self.tile_at = code.plus(whole(0), (r, code["point"]))

    def column(self, row: int) -> Any:
        """Return the index of the pair in a row of a table."""
        return self.code.plus(self.pair, (row, self.row))

    def places(self, at: Any, o: Any, count: int) -> list[Any]:
        """Return the indices of output o in `count` rows of O' from `at` on."""
        start = self.code.builder.add(at, o)
        return [self.code.plus(start, (n, self.code["width"])) for n in range(count)]

    def base_place(self, o: Any) -> Any:
        """Return the index of the base function's weight to output o."""
        return self.code.builder.add(self.base_at, o)

    def tile(self, o: Any) -> list[Any]:
        """Return the indices of output o's components."""
        start = self.code.builder.add(self.tile_at, o)
        return [self.code.plus(start, (a, self.code["component"])) for a in range(self.components)]

    def taylor(self, o: Any, order: int) -> list[Any]:
        """Return the Taylor coefficients of the edges to output o, the base function included."""
        v = self.v
        cell = [v.load(self.code["cells"], place) for place in self.places(self.cell_at, o, self.degree + 1)]
        weight = v.load(self.code["base"], self.base_place(o))
        spline = taylor(v, cell, self.s, order)
        return [v.multiply_add(b, weight, t) for b, t in zip(self.base, spline, strict=True)]

    def cotangents(self, o: Any) -> tuple[list[Any], list[Any], Any]:
        """Return the cotangents of output o's components, of the Taylor coefficients, and of the base's weight."""
        v = self.v
        g = [v.load(self.code["tile"], place) for place in self.tile(o)]
        taylor_: list[Any] = [g[0], *[None] * self.order]
        for (a, m), factor in self.q.items():
            taylor_[m] = v.multiply_add(factor, g[a], taylor_[m])
        base = None
        for b, t in zip(self.base, taylor_, strict=False):
            base = v.multiply_add(b, t, base)
        return g, taylor_, base


def push(orders: tuple[int, ...], degree: int, dtype: str, lanes: int) -> ir.Function:
    """Return the kernel that adds all edges to the outputs of a tile."""
    arrays = {"cells": dtype, "base": dtype}
    k = _Outputs("push", arrays, orders, degree, max(orders, default=0), dtype, lanes)
    code, v = k.code, k.v
    with k.pairs():
        with code.loop(code["width"], lanes) as o:
            t = k.taylor(o, k.order)
            places = k.tile(o)
            sums = [v.load(code["tile"], place) for place in places]
            sums[0] = v.add(sums[0], t[0])
            for (a, m), factor in k.q.items():
                sums[a] = v.multiply_add(factor, t[m], sums[a])
            for value, place in zip(sums, places, strict=True):
                v.store(value, code["tile"], place)
    return code.finish()


def pull(orders: tuple[int, ...], degree: int, dtype: str, lanes: int) -> ir.Function:
    """Return the kernel that adds a tile's share to the cotangents of the polynomials and of the base's weights.

    It also stores the sums over outputs that the cotangents of the inputs follow from, `sums_width` numbers a pair: of
    phi' / rate, and of the cotangent of Q[a, m] for every row (a, m).
    """
    arrays = {"cells": dtype, "base": dtype, "cells_grad": dtype, "base_grad": dtype, "sums": dtype}
    k = _Outputs("pull", arrays, orders, degree, max(orders, default=0) + 1, dtype, lanes)
    code, v, group, width = k.code, k.v, group_of(lanes), sums_width(orders, lanes)
    narrow = Vectors(code, dtype, group)
    with k.pairs():
        sums_at = code.plus(whole(0), (k.pair, width))
        for first in range(0, width, group):
            narrow.store(narrow.constant(0.0), code["sums"], code.plus(sums_at, (first, 1)))
        with code.loop(code["width"], lanes) as o:
            t = k.taylor(o, k.order + 1)
            g, cotangents, base = k.cotangents(o)
            polynomial = taylor_adjoint(v, cotangents, k.s, degree)
            for value, place in zip(polynomial, k.places(k.cell_at, o, degree + 1), strict=True):
                v.store(v.add(v.load(code["cells_grad"], place), value), code["cells_grad"], place)
            place = k.base_place(o)
            v.store(v.add(v.load(code["base_grad"], place), base), code["base_grad"], place)
            slope = None
            for m, cotangent in enumerate(cotangents):
                moved = t[m + 1] if m == 0 else v.multiply(t[m + 1], v.constant(m + 1))
                slope = v.multiply_add(moved, cotangent, slope)
            terms = [slope, *(v.multiply(g[a], t[m]) for a, m in k.rows)]
            terms += [None] * (width - len(terms))
            for first in range(0, width, group):
                place = code.plus(sums_at, (first, 1))
                total = v.sums(terms[first : first + group])
                narrow.store(narrow.add(narrow.load(code["sums"], place), total), code["sums"], place)
    return code.finish()


def split(orders: tuple[int, ...], degree: int, dtype: str, lanes: int) -> ir.Function:
    """Return the kernel that stores each point's own cotangents: of its cell's k + 1 coefficients and the base's weight.

    They go to `own`, a pair's (k + 2) x O' numbers together, pairs in the order of the table's columns.
    """
    k = _Outputs("split", {"own": dtype}, orders, degree, max(orders, default=0), dtype, lanes)
    code, v = k.code, k.v
    with k.pairs():
        own_at = code.plus(whole(0), (code.builder.mul(k.pair, whole(degree + 2)), code["width"]))
        with code.loop(code["width"], lanes) as o:
            _, cotangents, base = k.cotangents(o)
            rows = [*taylor_adjoint(v, cotangents, k.s, degree), base]
            for value, place in zip(rows, k.places(own_at, o, degree + 2), strict=True):
                v.store(v.constant(0.0) if value is None else value, code["own"], place)
    return code.finish()
