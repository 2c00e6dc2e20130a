"""The back ends of the spline op, and which of them evaluates a layer.

`torch` is the reference and evaluates everything; `numba` compiles for the processor, `cupy` for CUDA devices. The
environment variable KINN_BACKEND overrides the choice; a back end that is missing or broken is replaced by the
reference, with one warning that names the cause.
"""

from __future__ import annotations

import os
import warnings
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import NamedTuple, Protocol, cast

from torch import Tensor

from kinn.errors import check_name
from kinn.jets import IndexSet
from kinn.ops.grid import SplineGrid

#: The back ends by name, and the modules that hold them.
MODULES = {"torch": "kinn.ops.reference", "numba": "kinn.ops.cpu", "cupy": "kinn.ops.gpu"}

#: The back end for a kind of device.
DEFAULTS = {"cpu": "numba", "cuda": "cupy"}

VARIABLE = "KINN_BACKEND"


class SplineMap(NamedTuple):
    """A KAN layer as the op sees it.

    Attributes:
        weight: A `I (K + 1) x O` tensor: for every input the coefficients of its K = G + k splines, then that of silu.
        grid: The grid of the splines.
        squash: The map in front of them.
    """

    weight: Tensor
    grid: SplineGrid
    squash: str


class LayerStack(Protocol):
    """Several layers applied to a stack, forward and back."""

    def forward(self) -> Tensor:
        """Outputs of the last layer, which this object does not keep."""

    def adjoint(self, grad: Tensor, *, needs_input_grad: bool = True) -> tuple[Tensor | None, list[Tensor]]:
        """Cotangents of the inputs (None if not needed) and of the weights, given those of the outputs."""


class Backend(Protocol):
    """What evaluates a layer. Tensors come checked, contiguous and on one device.

    A back end that takes several layers at once also has `layer_stack(stack, layers, index) -> LayerStack`.
    """

    def supports(self, layer: SplineMap, index: IndexSet) -> bool:
        """Whether the back end evaluates such a layer."""

    def forward(self, stack: Tensor, layer: SplineMap, index: IndexSet) -> Tensor:
        """Outputs (A, N, O)."""

    def adjoint(
        self, stack: Tensor, layer: SplineMap, index: IndexSet, grad: Tensor, *, needs_input_grad: bool = True
    ) -> tuple[Tensor | None, Tensor]:
        """Cotangents of stack (None if not needed) and weight, given those of the outputs (A, N, O)."""

    def jacobian(self, stack: Tensor, layer: SplineMap, index: IndexSet, grad: Tensor, out: Tensor) -> None:
        """Add each point's own cotangent of the weight to `out` (N, numel of weight), whose rows may lie apart."""


def backend_for(layer: SplineMap, index: IndexSet) -> Backend:
    """Back end that evaluates a layer on the device of its weight.

    Raises:
        InputError: If KINN_BACKEND names no back end.
    """
    kind = layer.weight.device.type
    name = os.environ.get(VARIABLE) or DEFAULTS.get(kind, "torch")
    check_name("value of KINN_BACKEND", name, MODULES)
    if DEFAULTS.get(kind) != name:  # a back end for another kind of device
        name = "torch"
    backend = _loaded(name)
    return backend if backend.supports(layer, index) else _loaded("torch")


def name_of(backend: Backend) -> str:
    """Name of a back end."""
    module = cast("ModuleType", backend).__name__
    return next(name for name, path in MODULES.items() if path == module)


@cache
def _loaded(name: str) -> Backend:
    """The back end, or the reference where it does not work."""
    try:
        return _probed(name)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a back end, the reference goes on
        warnings.warn(
            f"the {name} back end cannot be used ({type(error).__name__}: {error}); splines are evaluated by torch, slower",
            RuntimeWarning,
            stacklevel=2,
        )
        return _loaded("torch")


def _probed(name: str) -> Backend:
    """The back end, imported and tried out; raises whatever is wrong with it."""
    backend = import_module(MODULES[name])
    getattr(backend, "probe", lambda: None)()
    return cast("Backend", backend)


def available() -> dict[str, str]:
    """Readiness of every back end: "ready", or the reason why not."""
    status = dict.fromkeys(MODULES, "ready")
    for name in MODULES:
        try:
            _probed(name)
        except Exception as error:  # noqa: BLE001
            status[name] = f"{type(error).__name__}: {error}"
    return status
