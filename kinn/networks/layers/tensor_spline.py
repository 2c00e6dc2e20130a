"""Tensor products of B-splines of each coordinate, of which the coefficients are trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import islice

import torch
from torch import Tensor
from torch.nn import Parameter

from kinn.jets import IndexSet, Jet, compose
from kinn.jets.components import as_tensor
from kinn.jets.index import Index, trace_axes, unit
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer
from kinn.ops import SplineGrid, basis

#: Rounding of the derivatives of inputs, in units of the last digit.
AXIS_ROUNDING = 1e3


class TensorSplineLayer(Layer):
    """The map x -> sum of c_ij.. B_i(x_1) B_j(x_2) ..

    Args:
        grids: The spline grid of each input, K_1, K_2, .. splines.
        coefficients: The initial coefficients, `(K_1 K_2 ..) x O`, the last input's fastest.
        periodic: The numbers of the inputs in which the map is periodic with the length of their grid, which must be uniform;
            these have as many splines as intervals.
    """

    def __init__(self, grids: Sequence[SplineGrid], coefficients: Tensor, periodic: Sequence[int] = ()) -> None:
        super().__init__()
        self.degrees = [grid.degree for grid in grids]
        self.periodic = frozenset(periodic)
        self.sizes = [grid.intervals if n in self.periodic else grid.size for n, grid in enumerate(grids)]
        self.weight = Parameter(coefficients)
        for n, grid in enumerate(grids):
            self.register_buffer(f"edges_{n}", grid.edges)
            self.register_buffer(f"matrices_{n}", grid.matrices, persistent=False)

    @property
    def grids(self) -> list[SplineGrid]:
        """The grids in the layer's precision and on its device."""
        buffers = dict(self.named_buffers())
        return [SplineGrid(k, buffers[f"edges_{n}"], buffers[f"matrices_{n}"]) for n, k in enumerate(self.degrees)]

    def forward(self, x: Tensor) -> Tensor:
        return outer_product([next(self._basis(x[:, n], n)) for n in range(len(self.sizes))]) @ self.weight

    def _basis(self, u: Tensor, n: int) -> Iterator[Tensor]:
        """Splines of input n, then their derivatives."""
        grid = self.grids[n]
        return periodic_basis(u, grid) if n in self.periodic else basis(u, grid)

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        scales = None if stack.requires_grad else axis_scales(stack, index)
        if scales is None:
            return self._general_jet(stack, index, tape)
        tables = [
            [scale**m * table for m, table in enumerate(islice(self._basis(stack[0, :, n], n), index.order + 1))]
            for n, scale in enumerate(scales)
        ]
        sums = [[self._contract(factors) for factors in derivatives(tables, a)] for a in index]
        out = torch.stack([torch.stack(terms).sum(dim=0) for terms in sums])
        if tape is not None:

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                outputs = self.weight.shape[1]
                for n, a in enumerate(index):
                    if bool(adjoint[n].any()):
                        rows = torch.stack([outer_product(factors) for factors in derivatives(tables, a)]).sum(dim=0)
                        for o in range(outputs):
                            columns[self.weight][:, o::outputs].addcmul_(adjoint[n, :, o : o + 1], rows)

            tape.record(out, block)
        return out

    def _contract(self, factors: Sequence[Tensor]) -> Tensor:
        """Outputs (N, O) for the factors (N, K_n) of the products, one input after the other."""
        first, *others = factors
        out = first @ self.weight.reshape(first.shape[1], -1)
        for factor in others:
            out = torch.einsum("nk,nkm->nm", factor, out.reshape(*factor.shape, -1))
        return out

    def _general_jet(self, stack: Tensor, index: IndexSet, tape: Tape | None) -> Tensor:
        """Stack of the outputs for inputs of any kind."""
        jets = []
        for n in range(len(self.sizes)):
            splines = compose(lambda u, n=n: self._basis(u, n), stack[..., n : n + 1], index).squeeze(2)  # type: ignore[misc]
            shape = [1] * len(self.sizes)
            shape[n] = self.sizes[n]
            splines = splines.reshape(*splines.shape[:2], *shape)
            jets.append(Jet(index.dimension, lambda a, s=splines: s[index.position[a]]))  # type: ignore[misc]
        products = reduce(lambda left, right: left * right, jets)
        rows = torch.stack([as_tensor(products[a]).flatten(1) for a in index])
        out = rows @ self.weight
        if tape is not None:
            fixed = rows.detach()

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                columns[self.weight].add_(torch.bmm(fixed.permute(1, 2, 0), adjoint.permute(1, 0, 2)).flatten(1))

            tape.record(out, block)
        return out

    def flops(self, index: IndexSet) -> int:
        return 2 * self.weight.numel() * len(index)


def outer_product(factors: Sequence[Tensor]) -> Tensor:
    """Products (N, K_1 K_2 ..) of one entry of each factor (N, K_n), the last factor's fastest."""
    return reduce(lambda left, right: (left.unsqueeze(2) * right.unsqueeze(1)).flatten(1), factors)


def periodic_basis(u: Tensor, grid: SplineGrid) -> Iterator[Tensor]:
    """Yield the periodic B-splines on a uniform grid at u, S x intervals, then their derivatives.

    Those that leave the grid on the right come back on the left.
    """
    lower, upper = grid.edges[0], grid.edges[-1]
    positions = torch.arange(grid.size, device=u.device) % grid.intervals
    for table in basis(lower + (u - lower) % (upper - lower), grid):
        yield table.new_zeros((*u.shape, grid.intervals)).index_add(-1, positions, table)


def axis_scales(stack: Tensor, index: IndexSet) -> list[float] | None:
    """Slope of each input along its own coordinate, or None unless the inputs are the coordinates but for a scale.

    Angles are so up to rounding.

    Args:
        stack: The inputs, `A x N x I`.
        index: The A multi-indices.
    """
    if stack.shape[2] != index.dimension:
        return None
    scales = [1.0] * index.dimension
    expected = torch.zeros_like(stack[1:, :1])
    for position, axis in index.firsts:
        scales[axis] = float(stack[position, 0, axis])
        expected[position - 1, 0, axis] = scales[axis]
    rounding = AXIS_ROUNDING * torch.finfo(stack.dtype).eps * max(map(abs, scales)) ** index.order
    return scales if bool(((stack[1:] - expected).abs() <= rounding).all()) else None


def derivatives(tables: Sequence[Sequence[Tensor]], a: Index) -> Iterator[list[Tensor]]:
    """Factors of the products that D^a of a product of functions of one coordinate each is the sum of.

    Args:
        tables: The derivatives of the functions of each coordinate, in order.
        a: The multi-index.
    """
    axes = trace_axes(a)
    for orders in [tuple(2 * e for e in unit(len(a), axis)) for axis in axes] if axes else [a]:
        yield [table[m] for table, m in zip(tables, orders, strict=True)]
