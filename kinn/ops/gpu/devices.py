"""CUDA devices: sources of kernels, compiling them for a device and launching them on torch's current stream."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

import kinn
from kinn.errors import InputError
from kinn.ops.gpu.launch_config import Launch, Limits
from kinn.ops.gpu.variant import Variant


class CudaDevice:
    """A CUDA device, by its number."""

    def __init__(self, number: int) -> None:
        import cupy

        self._cupy = cupy
        self._number = number
        attributes = cupy.cuda.Device(number).attributes
        #: Resources of the device.
        self.limits = Limits(attributes["MultiProcessorCount"], attributes["MaxSharedMemoryPerBlockOptin"])
        self._kernels: dict[tuple[str, Variant], Any] = {}
        self._known: WeakKeyDictionary[Launch, Any] = WeakKeyDictionary()
        self._streams: dict[int, Any] = {}

    def launch(self, launch: Launch, tensors: Sequence[Tensor]) -> None:
        """Launch a kernel on the device's current torch stream, which it is compiled for if need be."""
        pointers = tuple(tensor.data_ptr() for tensor in tensors)
        with torch.cuda.device(self._number):
            kernel = self._known.get(launch)
            if kernel is None:
                kernel = self._known[launch] = self._kernel(launch)
            with self._stream():
                kernel(launch.grid, launch.block, (*pointers, *launch.scalars), shared_mem=launch.shared)

    def _kernel(self, launch: Launch) -> Any:
        """The kernel, which may have as much shared memory as the device offers."""
        key = launch.kernel, launch.variant
        if key not in self._kernels:
            code = launch.variant.prologue + source(launch.source)
            module = self._cupy.RawModule(code=code, options=("-std=c++17",), backend="nvrtc")
            kernel = self._kernels[key] = module.get_function(launch.kernel)
            kernel.max_dynamic_shared_size_bytes = self.limits.shared
        return self._kernels[key]

    def _stream(self) -> Any:
        """Torch's current stream as one of CuPy's."""
        pointer = torch.cuda.current_stream(self._number).cuda_stream
        stream = self._streams.get(pointer)
        if stream is None:
            stream = self._streams[pointer] = self._cupy.cuda.Stream.from_external(_Stream(pointer))
        return stream


class _Stream:
    """A stream under the CUDA stream protocol, which the streams of older torch do not follow."""

    def __init__(self, pointer: int) -> None:
        self._pointer = pointer

    def __cuda_stream__(self) -> tuple[int, int]:
        """Protocol's version and the stream."""
        return 0, self._pointer


@cache
def _cuda_device(number: int) -> CudaDevice:
    return CudaDevice(number)


def device_for(tensor: Tensor) -> CudaDevice:
    """Device that a tensor is on.

    Raises:
        InputError: If it is no CUDA device.
    """
    if not tensor.is_cuda:
        raise InputError(f"the cupy back end takes tensors on a CUDA device, and the stack is on {tensor.device}")
    return _cuda_device(tensor.get_device())


def probe() -> None:
    """Compile a kernel for the current device and run it.

    Raises:
        Exception: Whatever goes wrong, in the words of what failed.
    """
    if not torch.cuda.is_available():
        raise RuntimeError("torch sees no CUDA device")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what CuPy says of an installation comes with the error, if it is one
        try:
            import cupy
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(f"{error}; pip install 'kinn[cuda12]' or 'kinn[cuda13]'") from error
    module = cupy.RawModule(code='extern "C" __global__ void kinn_probe() {}', backend="nvrtc")
    module.get_function("kinn_probe")((1,), (1,), ())


_INCLUDE = re.compile(r'^#include "([\w.]+)"$', re.MULTILINE)


def read_source(name: str) -> str:
    """Text of a file of `kernels/`, which is the data of kinn._cuda where KINN is installed.

    Raises:
        FileNotFoundError: If the installation lacks it.
    """
    installed = files("kinn").joinpath("_cuda", name)
    checkout = Path(kinn.__file__).resolve().parents[1] / "kernels" / name  # editable installs map no data
    for place in (installed, checkout):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise FileNotFoundError(f"the CUDA source {name} is missing from this installation of kinn")


@cache
def source(name: str) -> str:
    """Source with its headers in place of the lines that include them.

    CuPy keeps compiled programs on disk by their text: a header that changes must change it.
    """
    included = {name}

    def inlined(text: str) -> str:
        def header(match: re.Match[str]) -> str:
            name = match[1]
            if name in included:
                return ""
            included.add(name)
            return inlined(read_source(name))

        return _INCLUDE.sub(header, text.replace("#pragma once\n", ""))

    return inlined(read_source(name))
