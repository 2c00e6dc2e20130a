"""The table that the edges from one input share at a point, laid out so that a pair's numbers are a fixed way apart.

The pairs of a point and an input come in vectors, and a vector's rows follow one another: the place of a row is a
constant distance from that of the first, which costs no register and no instruction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kinn.ops.cpu.ir_builder import KernelBuilder, whole


def lanes_of(dtype: str) -> int:
    """Return how many pairs are handled at once: those that fill 64 bytes."""
    return 16 if dtype == "float32" else 8


@dataclass(frozen=True)
class Table:
    """A table of rows for pairs.

    Attributes:
        rows: The number of rows.
        dtype: The dtype of the layer.
    """

    rows: int
    dtype: str

    def at(self, code: KernelBuilder, pair: Any) -> Any:
        """Return the index of a pair in row 0."""
        lanes = lanes_of(self.dtype)
        shift = whole(lanes.bit_length() - 1)
        return code.plus(pair, (code.builder.ashr(pair, shift), (self.rows - 1) * lanes))

    def row(self, code: KernelBuilder, at: Any, n: int) -> Any:
        """Return the index in row n of the pair whose index in row 0 is `at`."""
        return code.builder.add(at, whole(n * lanes_of(self.dtype)))
