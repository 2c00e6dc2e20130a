"""Building blocks of vector code: functions, loops, and instructions on vectors of numbers.

Loops that are left to a compiler's vectoriser reach about a fifth of what explicit vectors do here: it knows neither
that arrays do not overlap nor that a cell's coefficients fit into registers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

#: Sums may be regrouped and multiply-adds fused; NaN and infinity keep their meaning.
FLAGS = ("contract", "reassoc", "nsz")

INT = ir.IntType(64)
REALS = {"float32": ir.FloatType(), "float64": ir.DoubleType()}


def integer(value: int) -> Any:
    """An integer constant of 64 bits."""
    return ir.Constant(INT, value)


class KernelBuilder:
    """A function under construction; its arguments are arrays and integers.

    Args:
        name: Its name.
        arguments: The arguments' names and types: "float32" or "float64" for an array of such numbers, "int*" for an
            array of int32, "int" for a integer. Arrays do not overlap.
    """

    def __init__(self, name: str, arguments: dict[str, str]) -> None:
        kinds = {"int": INT, "int*": ir.IntType(32).as_pointer(), **{k: real.as_pointer() for k, real in REALS.items()}}
        module = ir.Module(name)
        self.function = ir.Function(
            module, ir.FunctionType(ir.VoidType(), [kinds[k] for k in arguments.values()]), name
        )
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.arguments = dict(zip(arguments, self.function.args, strict=True))
        for argument, kind in zip(self.function.args, arguments.values(), strict=True):
            if kind != "int":
                argument.add_attribute("noalias")

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def plus(self, a: Any, *products: tuple[Any, Any]) -> Any:
        """The integer a + b c + .."""
        for b, c in products:
            a = self.builder.add(a, self.builder.mul(self._number(b), self._number(c)))
        return a

    def _number(self, n: Any) -> Any:
        return integer(n) if isinstance(n, int) else n

    @contextmanager
    def loop(self, count: Any, step: int = 1) -> Iterator[Any]:
        """Loop over 0, step, 2 step, .. below `count`, which is positive."""
        before = self.builder.block
        body = self.function.append_basic_block("loop")
        self.builder.branch(body)
        self.builder.position_at_end(body)
        n = self.builder.phi(INT)
        n.add_incoming(integer(0), before)
        yield n
        following = self.builder.add(n, integer(step))
        n.add_incoming(following, self.builder.block)
        after = self.function.append_basic_block("after")
        self.builder.cbranch(self.builder.icmp_signed("<", following, count), body, after)
        self.builder.position_at_end(after)

    def finish(self) -> ir.Function:
        """The finished function."""
        self.builder.ret_void()
        return self.function


class Vectors:
    """Instructions on vectors of `lanes` numbers.

    Args:
        code: The function they are added to.
        dtype: "float32" or "float64".
        lanes: The width of the vectors.
    """

    def __init__(self, code: KernelBuilder, dtype: str, lanes: int) -> None:
        self.code = code
        self.builder = code.builder
        self.scalar = REALS[dtype]
        self.vector = ir.VectorType(self.scalar, lanes)
        self.suffix = f"v{lanes}f{dtype[-2:]}"
        self.bytes = int(dtype[-2:]) // 8
        self.integer = ir.IntType(8 * self.bytes)
        self.lanes = lanes

    def load(self, pointer: Any, index: Any) -> Any:
        """Vector that starts at an entry."""
        address = self.builder.bitcast(self.builder.gep(pointer, [index]), self.vector.as_pointer())
        return self.builder.load(address, align=self.bytes)

    def store(self, value: Any, pointer: Any, index: Any) -> None:
        """Store a vector from an entry on."""
        address = self.builder.bitcast(self.builder.gep(pointer, [index]), value.type.as_pointer())
        self.builder.store(value, address, align=self.bytes)

    def broadcast_entry(self, pointer: Any, index: Any) -> Any:
        """One entry in all lanes."""
        return self.broadcast(self.builder.load(self.builder.gep(pointer, [index]), align=self.bytes))

    def broadcast(self, value: Any) -> Any:
        """A number in all lanes."""
        undefined = ir.Constant(ir.VectorType(value.type, self.lanes), ir.Undefined)
        first = self.builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
        return self._shuffle(first, undefined, [0] * self.lanes)

    def constant(self, value: float) -> Any:
        """A constant in all lanes."""
        return ir.Constant(self.vector, [float(value)] * self.lanes)

    def integers(self, values: int | Sequence[int]) -> Any:
        """Integers as wide as the vectors' entries, one per lane or the same in all."""
        values = [values] * self.lanes if isinstance(values, int) else list(values)
        return ir.Constant(ir.VectorType(self.integer, self.lanes), values)

    def call(self, name: str, result: Any, *arguments: Any) -> Any:
        """Result of an intrinsic function of LLVM."""
        module = self.code.function.module
        function = module.globals.get(name)
        if function is None:
            function = ir.Function(module, ir.FunctionType(result, [a.type for a in arguments]), name)
        return self.builder.call(function, arguments)

    def gather(self, pointer: Any, indices: Sequence[Any]) -> Any:
        """Entries at indices, one a lane."""
        entry = pointer.type.pointee
        out = ir.Constant(ir.VectorType(entry, self.lanes), ir.Undefined)
        for lane, index in enumerate(indices):
            value = self.builder.load(self.builder.gep(pointer, [index]))
            out = self.builder.insert_element(out, value, ir.Constant(ir.IntType(32), lane))
        return out

    def gather_integers(self, pointer: Any, indices: Sequence[Any]) -> Any:
        """Whole numbers at indices, as wide as the vectors' entries."""
        values = self.gather(pointer, indices)
        return values if self.integer.width == 32 else self.builder.sext(values, self.integers(0).type)

    def store_integers(self, values: Any, pointer: Any, index: Any) -> None:
        """Store integers as int32 from an entry on."""
        kind = ir.VectorType(ir.IntType(32), self.lanes)
        narrow = values if self.integer.width == 32 else self.builder.trunc(values, kind)
        address = self.builder.bitcast(self.builder.gep(pointer, [index]), kind.as_pointer())
        self.builder.store(narrow, address, align=4)

    def entries(self, values: Any) -> list[Any]:
        """Numbers of a vector."""
        return [self.builder.extract_element(values, ir.Constant(ir.IntType(32), lane)) for lane in range(self.lanes)]

    def variable(self) -> Any:
        """Place of a running sum, zero at this place of the code; the compiler keeps it in a register."""
        with self.builder.goto_entry_block():
            place = self.builder.alloca(self.vector)
        self.builder.store(self.constant(0.0), place)
        return place

    def accumulate(self, place: Any, term: Any) -> None:
        """Add a vector to a running sum."""
        self.builder.store(self.add(self.builder.load(place), term), place)

    def add(self, a: Any, b: Any) -> Any:
        """Sum; None stands for zero."""
        if a is None or b is None:
            return a if b is None else b
        return self.builder.fadd(a, b, flags=FLAGS)

    def subtract(self, a: Any, b: Any) -> Any:
        """Difference, never regrouped."""
        return self.builder.fsub(a, b)

    def multiply(self, a: Any, b: Any) -> Any:
        """Product; None stands for zero."""
        return None if a is None or b is None else self.builder.fmul(a, b, flags=FLAGS)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """A b + c; None stands for zero."""
        return self.add(self.multiply(a, b), c)

    def divide(self, a: Any, b: Any) -> Any:
        """Quotient."""
        return self.builder.fdiv(a, b)

    def sums(self, vectors: Sequence[Any]) -> Any:
        """Sums over the lanes of several vectors, in one vector (a power of two, at most `lanes`).

        Vectors are merged in pairs, so that all of them together cost little more than one. None stands for zero.
        """
        width = self.lanes
        level = [self.constant(0.0) if v is None else v for v in vectors]
        while width > len(vectors):
            width //= 2
            level = [self._halves(v, v, range(width), range(width, 2 * width)) for v in level]
        part = width
        while part > 1:  # a vector holds its results in parts of equal length; merging halves the parts
            part //= 2
            low = [i for i in range(2 * width) if i % (2 * part) < part]
            high = [i + part for i in low]
            level = [self._halves(u, v, low, high) for u, v in zip(level[::2], level[1::2], strict=True)]
        return level[0]

    def transposed(self, rows: Sequence[Any]) -> list[Any]:
        """For every lane the vector of its entries in several rows (a power of two, at most `lanes`)."""
        bundles, size = [[row] for row in rows], 1  # a bundle holds a group of `size` entries for every lane, in order
        while len(bundles) > 1:
            bundles = [
                [w for u, v in zip(first, second, strict=True) for w in self._interleaved(u, v, size)]
                for first, second in zip(bundles[::2], bundles[1::2], strict=True)
            ]
            size *= 2
        return [self._shuffle(v, v, range(at, at + size)) for v in bundles[0] for at in range(0, self.lanes, size)]

    def _interleaved(self, u: Any, v: Any, size: int) -> list[Any]:
        """Groups of `size` entries of u and v in turn, as two vectors."""
        order = [
            i + side for at in range(0, self.lanes, size) for side in (0, self.lanes) for i in range(at, at + size)
        ]
        return [self._shuffle(u, v, order[: self.lanes]), self._shuffle(u, v, order[self.lanes :])]

    def _halves(self, u: Any, v: Any, low: Sequence[int], high: Sequence[int]) -> Any:
        """Sum of two selections from u and v laid end to end."""
        return self.builder.fadd(self._shuffle(u, v, low), self._shuffle(u, v, high), flags=FLAGS)

    def _shuffle(self, u: Any, v: Any, picks: Sequence[int]) -> Any:
        mask = ir.Constant(ir.VectorType(ir.IntType(32), len(picks)), list(picks))
        return self.builder.shuffle_vector(u, v, mask)
