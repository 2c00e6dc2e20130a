"""The numba back end of the spline op: compiled on first use, kept on disk, parallel over ranges of points.

Loops over points are compiled by numba; the arithmetic inside them is vector code, written for LLVM by way of llvmlite
(see `vectors`) and specialised on the jet's components, the degree and the precision.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from kinn.jets import IndexSet
from kinn.ops.backends import SplineMap
from kinn.ops.cpu.cache import folder
from kinn.ops.cpu.layer import CompiledLayerStack, CompiledSplines, adjoint, forward, jacobian
from kinn.ops.cpu.memory import keep_freed_memory
from kinn.ops.grid import SplineGrid

__all__ = ["adjoint", "folder", "forward", "jacobian", "supports", "through"]

keep_freed_memory()


def supports(grid: SplineGrid, index: IndexSet, squash: str) -> bool:  # noqa: ARG001
    """Return True: this back end evaluates every layer."""
    return True


def through(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> CompiledLayerStack:
    """Return the way of a stack through several layers; see `kinn.ops.backends.CompiledLayerStack`."""
    return CompiledLayerStack(
        stack, [CompiledSplines.of(weight, grid, index, squash) for weight, grid, squash in layers]
    )
