"""What a kernel is compiled for: everything about a layer but its sizes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from kinn.jets import IndexSet
from kinn.jets.index import order_of

#: A product of first derivatives and the component of second order that it belongs to, positions in a stack.
Triple: TypeAlias = tuple[int, int, int]

#: The bounded maps in the order of the enumeration Squash in kernels/univariate.cuh.
BOUNDS = ("none", "tanh", "softsign")

BYTES = {"float": 4, "double": 8}


def is_graded(index: IndexSet) -> bool:
    """Whether derivatives end at order 2 and stand as the kernels take them: value, first, second."""
    orders = [order_of(a) for a in index]
    return index.order <= 2 and orders == sorted(orders)


@dataclass(frozen=True)
class Variant:
    """The constants of a kernel.

    Attributes:
        real: "float" or "double".
        degree: The degree of the splines.
        firsts: The number of first derivatives in a jet.
        seconds: The number of components of second order.
        pairs: The products that belong to them.
        squash: The bounded map in front of the splines.
        even: Whether the cells of the grid have one width.
        outputs: The number of outputs that a thread takes at a time.
    """

    real: str
    degree: int
    firsts: int
    seconds: int
    pairs: tuple[Triple, ...]
    squash: str
    even: bool
    outputs: int = 1

    @classmethod
    def of(cls, index: IndexSet, real: str, degree: int, squash: str, even: bool) -> Variant:
        """Variant for a layer."""
        pairs = tuple((s, a, b) for s, products in index.seconds for a, b in products)
        return cls(real, degree, len(index.firsts), len(index.seconds), pairs, squash, even)

    @property
    def components(self) -> int:
        """The number A of components of a jet."""
        return 1 + self.firsts + self.seconds

    @property
    def order(self) -> int:
        """The order of the highest derivative."""
        return 2 if self.seconds else int(self.firsts > 0)

    @property
    def bytes(self) -> int:
        """The size of a number."""
        return BYTES[self.real]

    @property
    def record(self) -> int:
        """The size of a record in bytes: see `Record` in kernels/records.cuh."""
        numbers = (self.order + 1) * (self.degree + 2) + self.components - 1 + self.seconds
        return 16 * (-(-numbers * self.bytes // 16) | 1)

    @cached_property
    def macros(self) -> tuple[tuple[str, str], ...]:
        """The macros of kernels/layer.cuh."""
        return (
            ("KINN_REAL", self.real),
            ("KINN_DEGREE", str(self.degree)),
            ("KINN_FIRSTS", str(self.firsts)),
            ("KINN_SECONDS", str(self.seconds)),
            ("KINN_PAIRS", ",".join(str(n) for triple in self.pairs for n in triple)),
            ("KINN_SQUASH", str(BOUNDS.index(self.squash))),
            ("KINN_EVEN", str(int(self.even))),
            ("KINN_OUTPUTS", str(self.outputs)),
        )

    @property
    def prologue(self) -> str:
        """The lines that define them, to stand before a source."""
        return "".join(f"#define {name} {value}\n" for name, value in self.macros)
