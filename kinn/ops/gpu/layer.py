"""A spline layer on a CUDA device: checked tensors in, launches, tensors out."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from kinn.errors import InputError
from kinn.jets import IndexSet
from kinn.ops.backends import SplineMap
from kinn.ops.gpu import devices, launch_config
from kinn.ops.gpu.launch_config import Launch, Limits, Sizes
from kinn.ops.gpu.variant import Variant, is_graded
from kinn.ops.grid import SplineGrid

#: The types of the kernels by torch's.
REALS = {torch.float32: "float", torch.float64: "double"}

#: Sizes are counted in 32 bits, with room for a block beyond the last point.
MAX_COUNT = 2**31 - 2**12


#: The largest number of splines that fits in the shared memory of every device, whatever the derivatives.
MAX_SIZE = 1024


def supports(layer: SplineMap, index: IndexSet) -> bool:
    """Whether the kernels evaluate such a layer: derivatives up to order 2, and no enormous grid."""
    return is_graded(index) and layer.grid.size <= MAX_SIZE


def forward(stack: Tensor, layer: SplineMap, index: IndexSet) -> Tensor:
    """Outputs of a layer; this and the functions below are those of `kinn.ops.backends.Backend`."""
    weight, grid, _ = layer
    _check(stack, grid, weight=weight)
    out = stack.new_empty(stack.shape[0], stack.shape[1], weight.shape[1])
    if _is_empty(stack, weight):
        return out.zero_()
    device = devices.device_for(stack)
    device.launch(_plan_for(stack, layer, index, device).forward, (stack, weight, grid.edges, grid.matrices, out))
    return out


def adjoint(
    stack: Tensor, layer: SplineMap, index: IndexSet, grad: Tensor, *, needs_input_grad: bool = True
) -> tuple[Tensor | None, Tensor]:
    """Cotangents of stack (None if not needed) and weight."""
    weight, grid, _ = layer
    _check(stack, grid, weight=weight, grad=grad)
    weight_grad = torch.empty_like(weight)
    stack_grad = torch.empty_like(stack) if needs_input_grad else None
    if _is_empty(stack, weight):
        return None if stack_grad is None else stack_grad.zero_(), weight_grad.zero_()
    device = devices.device_for(stack)
    plan = _plan_for(stack, layer, index, device)
    if stack_grad is not None:
        device.launch(plan.input_grad, (stack, weight, grid.edges, grid.matrices, grad, stack_grad))
    first, second = plan.weight
    parts = weight_grad if second is None else weight.new_empty(first.grid[1], *weight.shape)
    device.launch(first, (stack, grid.edges, grid.matrices, grad, parts))
    if second is not None:
        device.launch(second, (parts, weight_grad))
    return stack_grad, weight_grad


def jacobian(stack: Tensor, layer: SplineMap, index: IndexSet, grad: Tensor, out: Tensor) -> None:
    """Add each point's own cotangent of the weight to `out`."""
    weight, grid, _ = layer
    _check(stack, grid, grad=grad)
    if out.device != stack.device:
        raise InputError(f"spline kernels: the stack is on {stack.device} and the Jacobian on {out.device}")
    if out.dtype != stack.dtype or out.shape != (stack.shape[1], weight.numel()) or out.stride(1) != 1:
        raise InputError(
            f"spline kernels: the Jacobian has shape {tuple(out.shape)}, strides {out.stride()} and type {out.dtype}; "
            f"rows without gaps, {(stack.shape[1], weight.numel())} and {stack.dtype} are needed"
        )
    if _is_empty(stack, weight):
        return
    device = devices.device_for(stack)
    plan = _plan_for(stack, layer, index, device)
    device.launch(plan.jacobian(out.stride(0)), (stack, grid.edges, grid.matrices, grad, out))


@dataclass(frozen=True)
class _Plan:
    """The launches of a layer, each worked out when it is first needed."""

    variant: Variant
    sizes: Sizes
    limits: Limits

    @cached_property
    def forward(self) -> Launch:
        return launch_config.forward(self.variant, self.sizes, self.limits)

    @cached_property
    def input_grad(self) -> Launch:
        return launch_config.input_grad(self.variant, self.sizes, self.limits)

    @cached_property
    def weight(self) -> tuple[Launch, Launch | None]:
        return launch_config.weight(self.variant, self.sizes, self.limits)

    def jacobian(self, pitch: int) -> Launch:
        return _jacobian(self.variant, self.sizes, self.limits, pitch)


_jacobian = lru_cache(maxsize=256)(launch_config.jacobian)


@lru_cache(maxsize=1024)
def _plan(
    index: IndexSet, dtype: torch.dtype, degree: int, squash: str, even: bool, shape: tuple[int, ...], limits: Limits
) -> _Plan:
    return _Plan(Variant.of(index, REALS[dtype], degree, squash, even), Sizes(*shape), limits)


def _plan_for(stack: Tensor, layer: SplineMap, index: IndexSet, device: devices.CudaDevice) -> _Plan:
    """Launches of a layer on a device."""
    weight, grid, squash = layer
    shape = stack.shape[1], stack.shape[2], weight.shape[1], grid.intervals
    return _plan(index, stack.dtype, grid.degree, squash, is_even(grid), shape, device.limits)


def _is_empty(stack: Tensor, weight: Tensor) -> bool:
    return stack.numel() == 0 or weight.numel() == 0


def _check(stack: Tensor, grid: SplineGrid, **others: Tensor) -> None:
    """Refuse tensors that a kernel would read or write wrongly.

    Raises:
        InputError: If one has gaps between its numbers, is on another device or of another type than the stack, or is
            too large.
    """
    for name, tensor in {"stack": stack, "grid": grid.edges, "grid's matrices": grid.matrices, **others}.items():
        if tensor.device != stack.device:
            raise InputError(f"spline kernels: the stack is on {stack.device} and the {name} on {tensor.device}")
        if tensor.dtype != stack.dtype or tensor.dtype not in REALS:
            raise InputError(f"spline kernels: the stack is {stack.dtype} and the {name} {tensor.dtype}")
        if not tensor.is_contiguous():
            raise InputError(
                f"spline kernels: the {name} of shape {tuple(tensor.shape)} has strides {tensor.stride()}; a "
                "contiguous tensor is needed"
            )
        if max(tensor.shape) > MAX_COUNT:
            raise InputError(f"spline kernels: the {name} has shape {tuple(tensor.shape)}; sizes end at {MAX_COUNT}")


#: By the edges of a grid: the version of the tensor that was looked at, and what was found.
_known: MutableMapping[Tensor, tuple[int, bool]] = WeakTensorKeyDictionary()


def is_even(grid: SplineGrid) -> bool:
    """Whether the cells of a grid have one width.

    Raises:
        InputError: If the grid is new and a CUDA graph is being captured.
    """
    version = -1 if grid.edges.is_inference() else grid.edges._version
    known = _known.get(grid.edges)
    if known is not None and known[0] == version >= 0:
        return known[1]
    if grid.edges.is_cuda and torch.cuda.is_current_stream_capturing():
        raise InputError("spline_jet: a layer's grid is new; evaluate the layer once before capturing a CUDA graph")
    even = SplineGrid(grid.degree, grid.edges.cpu(), grid.matrices.cpu()).even
    _known[grid.edges] = version, even
    return even
