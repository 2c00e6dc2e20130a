"""The CuPy back end of the spline op: CUDA kernels, compiled when a layer is first evaluated.

The kernels are in `kernels/` and compiled by NVRTC for a layer's precision, degree, derivatives, bounded map and kind
of grid (see `variant`); `launch_config` says how a layer is laid out on a device. They run on torch's current stream, wait
for nothing and take memory from torch alone, so that CUDA graphs can hold them once every layer has run outside of one.
CuPy is imported when a CUDA tensor comes along, not before.
"""

from __future__ import annotations

from kinn.jets import IndexSet
from kinn.ops.gpu.layer import adjoint, forward, jacobian
from kinn.ops.gpu.variant import is_graded
from kinn.ops.grid import SplineGrid

__all__ = ["adjoint", "forward", "jacobian", "probe", "supports"]

#: The largest number of splines that fits in the shared memory of every device, whatever the derivatives.
MAX_SIZE = 1024


def supports(grid: SplineGrid, index: IndexSet, squash: str) -> bool:  # noqa: ARG001
    """Whether the kernels evaluate such a layer: derivatives up to order 2, and no enormous grid."""
    return is_graded(index) and grid.size <= MAX_SIZE


def probe() -> None:
    """Compile and load a kernel.

    Raises:
        Exception: Whatever is wrong with CuPy, its compiler or the device.
    """
    from kinn.ops.gpu.devices import probe as probe_device

    probe_device()
