"""The kernels on host threads in place of a CUDA device."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from kinn.ops import backends, gpu
from kinn.ops.gpu import devices
from kinn.ops.gpu.launch_config import Limits
from tests.ops.gpu.shim_device import ShimDevice, compiler

#: Small blocks: every thread costs time here. Shared memory is that of the smallest devices.
SMALL = Limits(multiprocessors=1, shared=64 << 10, threads=32)


@pytest.fixture
def shim(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ShimDevice]]:
    """Send layers on the CPU to the kernels; the function called with other limits or sanitizers changes the device."""
    if compiler() is None:
        pytest.skip("needs Linux and a compiler that knows C++20, such as g++ 11")
    opened: list[ShimDevice] = []

    def open_device(limits: Limits = SMALL, *sanitizers: str) -> ShimDevice:
        opened.append(ShimDevice(limits, *sanitizers))
        monkeypatch.setattr(devices, "device_for", lambda tensor: opened[-1])
        return opened[-1]

    open_device()
    monkeypatch.setitem(backends.DEFAULTS, "cpu", "cupy")
    monkeypatch.setattr(gpu, "probe", lambda: None)
    backends._loaded.cache_clear()
    torch.use_deterministic_algorithms(True)  # fills new tensors with NaN: outputs are written, or seen not to be
    try:
        yield open_device
    finally:
        torch.use_deterministic_algorithms(False)
        backends._loaded.cache_clear()
        for device in opened:
            device.close()
