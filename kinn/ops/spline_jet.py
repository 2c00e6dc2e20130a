"""The spline op: a KAN layer on jets, in one differentiable call whatever back end evaluates it.

    y = squash(x),    out[o] = sum_i ( sum_m weight[i, m, o] B_m(y_i) + weight[i, K, o] silu(y_i) )

for all components of a jet at once. Derivatives of first order come from the back end, those of higher order from the
reference. Compilers and tracers see an op that torch knows by its name, `kinn::spline_jet`; plain tensors go to the back
end by a shorter way, which takes a tenth of the time to get there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import Parameter

from kinn.errors import InputError, check_name
from kinn.jets import IndexSet
from kinn.ops.autograd import LayerStackFunction, differentiable, registered_spline_jet
from kinn.ops.backends import SplineMap, backend_for
from kinn.ops.grid import SplineGrid
from kinn.ops.reference import BOUNDED_MAPS


def spline_jet(
    stack: Tensor, weight: Tensor, grid: SplineGrid, index: IndexSet, *, squash: str = "none", check_finite: bool = True
) -> Tensor:
    """Stack of a KAN layer's outputs.

    Args:
        stack: A `A x N x I` tensor, the components of I inputs at N points.
        weight: A `I (K + 1) x O` tensor: for every input the coefficients of its K = G + k splines, then that of silu.
        grid: The grid of the splines, in the dtype and on the device of the stack.
        index: The A multi-indices of the components.
        squash: The map in front of the splines: "none", "tanh" or "softsign".
        check_finite: Whether to refuse values that are not finite. Networks leave it off: what diverges there is seen
            and undone by the optimiser.

    Returns:
        A `A x N x O` tensor. Reverse mode differentiates it without limit.

    Raises:
        InputError: If shapes, dtypes or devices do not match, a value is not finite, or forward mode is used.
    """
    return spline_layers(stack, [SplineMap(weight, grid, squash)], index, check_finite=check_finite)


def spline_layers(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet, *, check_finite: bool = True) -> Tensor:
    """Stack of the outputs of several KAN layers, each of which takes the outputs of the one before.

    Args:
        stack: The inputs of the first, `A x N x I`.
        layers: The layers.
        index: The A multi-indices of the components.
        check_finite: Whether to refuse values that are not finite.

    Raises:
        InputError: As `spline_jet` does.
    """
    inputs = stack.shape[-1]
    for layer in layers:
        _check(stack, inputs, layer, index)
        inputs = layer.weight.shape[1]
    tensors = (stack, *(layer.weight for layer in layers))
    if check_finite:
        for name, tensor in zip(("stack", *["weight"] * len(layers)), tensors, strict=True):
            _check_finite(name, tensor)
    if any(torch._C._functorch.is_functorch_wrapped_tensor(t) for t in tensors):
        return differentiable(stack, layers, index)
    if torch.compiler.is_compiling() or not all(_is_plain(t) for t in tensors):
        for layer in layers:
            stack = registered_spline_jet(stack, layer, index)
        return stack
    kinds = [(grid, squash) for _, grid, squash in layers]
    return LayerStackFunction.apply(index, kinds, *tensors)  # type: ignore[no-any-return, no-untyped-call]


def spline_jacobian(stack: Tensor, layer: SplineMap, index: IndexSet, grad: Tensor, out: Tensor) -> None:
    """Add the per-sample Jacobian of a KAN layer's weight.

    Args:
        stack: The inputs, `A x N x I`.
        layer: The layer.
        index: The A multi-indices of the components.
        grad: The cotangents of the outputs, `A x N x O`.
        out: A `N x (I (K + 1) O)` tensor to add to; row n gets the cotangent of the weight that point n brings.
    """
    layer = layer._replace(weight=layer.weight.detach())
    backend_for(layer, index).jacobian(stack.detach().contiguous(), layer, index, grad.contiguous(), out)


def _is_plain(tensor: Tensor) -> bool:
    """Whether a tensor is nothing but that, such as no tracer's stand-in."""
    return type(tensor) in (Tensor, Parameter)


def _check(stack: Tensor, inputs: int, layer: SplineMap, index: IndexSet) -> None:
    """Refuse what does not fit together."""
    weight, grid, squash = layer
    check_name("bounded map", squash, BOUNDED_MAPS)
    if stack.dim() != 3 or stack.shape[0] != len(index):
        raise InputError(
            f"spline_jet: the stack has shape {tuple(stack.shape)}; {len(index)} components ask for ({len(index)}, N, I)"
        )
    rows = inputs * (grid.size + 1)
    if weight.dim() != 2 or weight.shape[0] != rows:
        raise InputError(
            f"spline_jet: the weight has shape {tuple(weight.shape)}; {inputs} inputs with {grid.size} splines and "
            f"a base function ask for ({rows}, O)"
        )
    if stack.dtype not in (torch.float32, torch.float64):
        raise InputError(f"spline_jet: the stack is {_name(stack.dtype)}, and splines are float32 or float64")
    for name, tensor in (("weight", weight), ("grid", grid.edges)):
        if tensor.dtype != stack.dtype:
            raise InputError(f"spline_jet: the stack is {_name(stack.dtype)} and the {name} {_name(tensor.dtype)}")
        if tensor.device != stack.device:
            raise InputError(f"spline_jet: the stack is on {stack.device} and the {name} on {tensor.device}")
    for name, tensor in (("stack", stack), ("weight", weight)):
        if _has_tangent(tensor):
            raise InputError(
                f"spline_jet: the {name} carries a forward-mode tangent, and the op has reverse mode only; take the "
                "derivatives from the jet, or use torch.autograd.grad"
            )


def _check_finite(name: str, values: Tensor) -> None:
    bad = ~torch.isfinite(values)
    if bool(bad.any()):
        where = tuple(int(n) for n in bad.nonzero()[0])
        raise InputError(f"spline_jet: the {name} is {float(values[where])} at {where}")


def _has_tangent(tensor: Tensor) -> bool:
    unpack: Any = forward_ad.unpack_dual
    return forward_ad._current_level >= 0 and unpack(tensor).tangent is not None


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def first_call_seconds() -> tuple[float, float]:
    """Seconds of a first small step, which compiles or loads kernels, and of a second, on the CPU in float64."""
    grid, index = SplineGrid.uniform(8, 3), IndexSet.full(2, 2)
    stack = torch.zeros(len(index), 16, 2, dtype=torch.float64)
    weight = torch.zeros(2 * (grid.size + 1), 4, dtype=torch.float64, requires_grad=True)

    def step() -> float:
        start = time.perf_counter()
        torch.autograd.grad(spline_jet(stack, weight, grid, index, squash="tanh").sum(), weight)
        return time.perf_counter() - start

    return step(), step()
