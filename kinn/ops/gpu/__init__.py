"""The CuPy back end of the spline op: CUDA kernels, compiled when a layer is first evaluated.

The kernels are in `kernels/` and compiled by NVRTC for a layer's precision, degree, derivatives, bounded map and kind
of grid (see `variant`); `launch_config` says how a layer is laid out on a device. They run on torch's current stream, wait
for nothing and take memory from torch alone, so that CUDA graphs can hold them once every layer has run outside of one.
CuPy is imported when a CUDA tensor comes along, not before.
"""

from kinn.ops.gpu.devices import probe
from kinn.ops.gpu.layer import adjoint, forward, jacobian, supports

__all__ = ["adjoint", "forward", "jacobian", "probe", "supports"]
