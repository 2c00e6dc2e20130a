"""Tensor-product B-splines on tensors: values that differentiate, and partial derivatives as splines again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator, make_interp_spline
from torch import Tensor

Array = NDArray[np.float64]

#: The degree of each kind of spline, and how often it is continuously differentiable.
KINDS = {"linear": (1, 0), "pchip": (3, 1), "cubic": (3, 2), "quintic": (5, 4)}


@dataclass(frozen=True, eq=False)
class TensorSpline:
    """A spline of d coordinates, the sum of coefficients times products of B-splines.

    Attributes:
        knots: The knots along each axis, those at the ends repeated.
        degrees: The degree along each axis.
        coefficients: A tensor (n1, ..., nd).
    """

    knots: tuple[Tensor, ...]
    degrees: tuple[int, ...]
    coefficients: Tensor

    def __call__(self, x: Sequence[Tensor]) -> Tensor:
        """Values (N,) at points with these coordinates, (N,) each; outside the pieces at the ends go on."""
        rows, bases = zip(*(self._basis(axis, c) for axis, c in enumerate(x)), strict=True)
        strides = self.coefficients.stride()
        total = torch.zeros_like(x[0])
        flat = self.coefficients.reshape(-1)
        for local in product(*(range(degree + 1) for degree in self.degrees)):
            place = sum(stride * (row + n) for stride, row, n in zip(strides, rows, local, strict=True))
            term = flat[place].to(total.dtype)
            for basis, n in zip(bases, local, strict=True):
                term = term * basis[n]
            total = total + term
        return total

    def partial(self, axis: int) -> TensorSpline:
        """The partial derivative along an axis."""
        return self._partials[axis]

    @cached_property
    def _partials(self) -> tuple[TensorSpline, ...]:
        return tuple(self._differentiated(axis) for axis in range(len(self.degrees)))

    def _differentiated(self, axis: int) -> TensorSpline:
        t, k = self.knots[axis], self.degrees[axis]
        if k == 0:
            return replace(self, coefficients=torch.zeros_like(self.coefficients))
        n = self.coefficients.shape[axis]
        shape = [-1 if other == axis else 1 for other in range(len(self.degrees))]
        widths = (t[k + 1 : k + n] - t[1:n]).reshape(shape)
        return TensorSpline(
            (*self.knots[:axis], t[1:-1], *self.knots[axis + 1 :]),
            (*self.degrees[:axis], k - 1, *self.degrees[axis + 1 :]),
            (k * self.coefficients.diff(dim=axis) / widths).contiguous(),
        )

    def _basis(self, axis: int, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """First of the B-splines that do not vanish at points, (N,), and the values (N,) of all of these (Cox and de Boor)."""
        t, k = self.knots[axis].to(x.dtype), self.degrees[axis]
        count = self.coefficients.shape[axis]
        span = torch.searchsorted(self.knots[axis], x.detach().double().contiguous(), right=True) - 1
        span = span.clamp(k, count - 1)
        values = [torch.ones_like(x)]
        for degree in range(1, k + 1):
            old, values = values, [torch.zeros_like(x) for _ in range(degree + 1)]
            for n, value in enumerate(old):
                low, high = t[span - degree + 1 + n], t[span + 1 + n]
                share = value / (high - low)
                values[n] = values[n] + (high - x) * share
                values[n + 1] = values[n + 1] + (x - low) * share
        return span - k, values


def interpolate(grid: Sequence[Array], values: Array, kind: str) -> TensorSpline:
    """Spline through values (n1, ..., nd) on a grid of increasing coordinates; of kind "pchip" in one dimension alone."""
    degree = KINDS[kind][0]
    if kind == "pchip":
        (x,), h = grid, np.diff(grid[0]) / 3
        slopes = PchipInterpolator(x, values).derivative()(x)
        inner = np.stack([values[:-1] + h * slopes[:-1], values[1:] - h * slopes[1:]], axis=1).ravel()
        coefficients = np.concatenate([values[:1], inner, values[-1:]])
        knots = [np.concatenate([x[:1], x[:1], np.repeat(x, 2), x[-1:], x[-1:]])]
    else:
        coefficients, knots = values, []
        for axis, x in enumerate(grid):
            spline = make_interp_spline(x, coefficients, k=degree, axis=axis)
            coefficients = np.moveaxis(spline.c, 0, axis)
            knots.append(spline.t)
    return TensorSpline(
        tuple(torch.as_tensor(t) for t in knots),
        (degree,) * len(grid),
        torch.as_tensor(np.ascontiguousarray(coefficients)),
    )
