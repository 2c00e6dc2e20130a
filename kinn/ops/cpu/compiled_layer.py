"""The machine code of a layer: which kernels it runs, each made when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from kinn.jets import IndexSet
from kinn.jets.faa_di_bruno import composition
from kinn.ops.cpu import basis, narrow, wide
from kinn.ops.cpu.object_code import compiled
from kinn.ops.cpu.transpose import transpose


@dataclass(frozen=True)
class CompiledLayer:
    """The addresses of a layer's kernels, and the sizes that its arrays follow from.

    Attributes:
        index: The components of a stack.
        squash: The bounded map in front of the splines.
        dtype: "float32" or "float64".
        degree: The degree of the splines.
        outputs: The number of outputs.
        rounds: How often the search for a cell may move on; 0 on a uniform grid.
    """

    index: IndexSet
    squash: str
    dtype: str
    degree: int
    outputs: int
    rounds: int

    @cached_property
    def few(self) -> bool:
        """Whether the outputs are few, and the kernels those of `narrow`."""
        return self.outputs <= narrow.FEW

    @cached_property
    def width(self) -> int:
        """The number of outputs in whole vectors."""
        return self.outputs if self.few else self.split_width

    @cached_property
    def split_width(self) -> int:
        """The same for per-sample Jacobians."""
        return wide.padded_width(self.outputs, self.dtype)

    def polynomial_shape(self, inputs: int, cells: int) -> tuple[int, int, int, int]:
        """Return the shape of the array of the edges' polynomials."""
        if self.few:
            return inputs, cells, self.outputs, narrow.padded(self.degree)
        return inputs, cells, self.degree + 1, self.width

    @cached_property
    def rows(self) -> tuple[int, int]:
        """The numbers of rows of the table and of what is kept."""
        return basis.table_rows(self.index, self.index.order), basis.kept_rows(self.index)

    @cached_property
    def rows_again(self) -> tuple[int, int, int]:
        """The same for the adjoint, and the number of sums over outputs."""
        return basis.table_rows(self.index, self.index.order + 1), basis.kept_rows(self.index), self._sums

    @cached_property
    def transpose(self) -> int:
        """Turns points x inputs into inputs x points and back."""
        return compiled(transpose(self.dtype))

    @cached_property
    def edges(self) -> int:
        """Fills the table of a tile."""
        return compiled(basis.edges(self.index, self.squash, self.dtype, self.index.order, self.rounds))

    @cached_property
    def edges_again(self) -> int:
        """Fills it for the adjoint, which needs one derivative more."""
        return compiled(basis.edges(self.index, self.squash, self.dtype, self.index.order + 1, self.rounds))

    @cached_property
    def edges_adjoint(self) -> int:
        """Turns sums over outputs into cotangents of the inputs."""
        return compiled(basis.edges_adjoint(self.index, self.squash, self.dtype, 0 if self.few else self._sums))

    @cached_property
    def push(self) -> int:
        """Adds one input's edges to the outputs."""
        if self.few:
            return compiled(narrow.push(self._orders, self.degree, self.dtype, self.outputs))
        return compiled(wide.push(self._orders, self.degree, self.dtype, self.outputs))

    @cached_property
    def pull(self) -> int:
        """Adds to the cotangents of the polynomials, and stores what those of the inputs follow from."""
        if self.few:
            return compiled(narrow.pull(self._orders, self.degree, self.dtype, self.outputs))
        return compiled(wide.pull(self._orders, self.degree, self.dtype, self.outputs, inward=True))

    @cached_property
    def pull_alone(self) -> int:
        """Adds to the cotangents of the polynomials where nobody asks for those of the inputs."""
        if self.few:
            return self.pull
        return compiled(wide.pull(self._orders, self.degree, self.dtype, self.outputs, inward=False))

    @cached_property
    def split(self) -> int:
        """Stores each point's own cotangents of one input's polynomials."""
        return compiled(wide.split(self._orders, self.degree, self.dtype, self.outputs))

    @cached_property
    def _orders(self) -> tuple[int, ...]:
        return composition(self.index).orders

    @cached_property
    def _lanes(self) -> int:
        return wide.lanes_for(self.outputs, self.dtype)

    @cached_property
    def _sums(self) -> int:
        return wide.sums_width(self._orders, self._lanes)


#: The machine code for a layer's components, bounded map, precision, degree, number of outputs and rounds of the search.
machine_for = lru_cache(maxsize=None)(CompiledLayer)
