"""The numba back end of the spline op: compiled on first use, kept on disk, parallel over ranges of points.

Loops over points are compiled by numba; the arithmetic inside them is vector code, written for LLVM by way of llvmlite
(see `ir_builder`) and specialised on the jet's components, the degree and the precision.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from kinn.jets import IndexSet
from kinn.ops.backends import SplineMap
from kinn.ops.cpu.compiled_layer import folder
from kinn.ops.cpu.layer import CompiledLayerStack, CompiledSplines, adjoint, forward, jacobian, keep_freed_memory
from kinn.ops.grid import SplineGrid

__all__ = ["adjoint", "folder", "forward", "jacobian", "layer_stack", "supports"]

keep_freed_memory()


def supports(grid: SplineGrid, index: IndexSet, squash: str) -> bool:  # noqa: ARG001
    """Always true: this back end evaluates every layer."""
    return True


def layer_stack(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> CompiledLayerStack:
    """Several layers applied to a stack; see `kinn.ops.backends.LayerStack`."""
    return CompiledLayerStack(
        stack, [CompiledSplines.of(weight, grid, index, squash) for weight, grid, squash in layers]
    )
