"""The numba back end of the spline op: compiled on first use, kept on disk, parallel over ranges of points.

Loops over points are compiled by numba; the arithmetic inside them is vector code, written for LLVM by way of llvmlite
(see `ir_builder`) and specialised on the jet's components, the degree and the precision.
"""

from kinn.ops.cpu.compiled_layer import folder
from kinn.ops.cpu.layer import adjoint, forward, jacobian, keep_freed_memory, layer_stack, supports

__all__ = ["adjoint", "folder", "forward", "jacobian", "layer_stack", "supports"]

keep_freed_memory()
