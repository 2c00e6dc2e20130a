"""What the kernels for the edges of a layer share: the table of pairs, their arguments, and Taylor coefficients.

The pairs of a point and an input come in vectors, and a vector's rows of the table follow one another: the place of a row
is a constant distance from that of the first, which costs no register and no instruction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from kinn.ops.cpu.ir_builder import KernelBuilder, Vectors, integer


def lanes_of(dtype: str) -> int:
    """Number of pairs handled at once: those that fill 64 bytes."""
    return 16 if dtype == "float32" else 8


@dataclass(frozen=True)
class PairTable:
    """A table of rows for pairs.

    Attributes:
        rows: The number of rows.
        dtype: The dtype of the layer.
    """

    rows: int
    dtype: str

    def at(self, code: KernelBuilder, pair: Any) -> Any:
        """Index of a pair in row 0."""
        lanes = lanes_of(self.dtype)
        shift = integer(lanes.bit_length() - 1)
        return code.plus(pair, (code.builder.ashr(pair, shift), (self.rows - 1) * lanes))

    def row(self, code: KernelBuilder, at: Any, n: int) -> Any:
        """Index in row n of the pair whose index in row 0 is `at`."""
        return code.builder.add(at, integer(n * lanes_of(self.dtype)))


class EdgeShape(NamedTuple):
    """What the kernels for a layer's edges are specialised on."""

    orders: tuple[int, ...]  #: of every component but the value
    degree: int  #: of the splines
    dtype: str  #: of the layer
    outputs: int  #: their number

    @property
    def order(self) -> int:
        """The highest order of a component."""
        return max(self.orders, default=0)


class EdgeKernel:
    """A kernel for edges under construction.

    Args:
        name: The kernel's name.
        arrays: The arrays among its arguments beside the common ones.
        shape: What it is specialised on.
        lanes: The width of the vectors.
        derivatives: The number of derivatives that it takes of the outputs' components.
    """

    def __init__(self, name: str, arrays: Sequence[str], shape: EdgeShape, lanes: int, derivatives: int) -> None:
        dtype = shape.dtype
        common = {
            "inputs": "int", "count": "int", "column": "int", "point": "int", "component": "int",
            "cell": "int*", "table": dtype, "tile": dtype, "stride": "int",
        }  # fmt: skip
        self.code = KernelBuilder(name, {**common, **dict.fromkeys(arrays, dtype)})
        self.v = Vectors(self.code, dtype, lanes)
        self.components = 1 + len(shape.orders)
        self.rows = [(a, m) for a, order in enumerate(shape.orders, start=1) for m in range(1, order + 1)]
        self.order, self.degree, self.base_order = shape.order, shape.degree, shape.order + derivatives
        self.table = PairTable(2 + self.base_order + len(self.rows), dtype)

    def split_rows(self, rows: Sequence[Any]) -> tuple[Any, list[Any], dict[tuple[int, int], Any]]:
        """Local coordinate, Taylor coefficients of the base function and factors Q[a, m], from a pair's rows."""
        first = 2 + self.base_order
        return rows[0], list(rows[1:first]), dict(zip(self.rows, rows[first:], strict=True))


def taylor(v: Vectors, coefficients: Sequence[Any], s: Any, order: int) -> list[Any]:
    """Taylor coefficients 0..order at s of a polynomial, by repeated synthetic division in registers; None for zero."""
    c = list(coefficients)
    for m in range(min(order + 1, len(c))):
        for p in range(len(c) - 2, m - 1, -1):
            c[p] = v.multiply_add(s, c[p + 1], c[p])
    return [*c, *[None] * (order + 1)][: order + 1]


def taylor_adjoint(v: Vectors, cotangents: Sequence[Any], s: Any, degree: int) -> list[Any]:
    """Cotangents of a polynomial's coefficients, given those of its Taylor coefficients: the same scheme transposed."""
    g = [*cotangents, *[None] * (degree + 1)][: degree + 1]
    for m in range(min(len(cotangents), degree + 1) - 1, -1, -1):
        for p in range(m, degree):
            g[p + 1] = v.multiply_add(s, g[p], g[p + 1])
    return g
