"""What the back end takes, what it refuses, and what happens where CuPy cannot be used."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from kinn.errors import InputError
from kinn.ops import SplineGrid, SplineMap, backends, gpu, reference
from kinn.ops.gpu import devices, launch_config
from kinn.ops.gpu import layer as gpu_layer
from kinn.ops.gpu.variant import Variant
from tests.ops.layers import INDEX_SETS, Layer


def test_cupy_is_not_imported_with_kinn() -> None:
    code = "import sys, kinn, kinn.ops.gpu, kinn.ops.gpu.devices; print('cupy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", INDEX_SETS)
def test_derivatives_up_to_order_two_are_supported(name: str) -> None:
    layer = SplineMap(torch.zeros(14, 1), SplineGrid.uniform(10, 3), "tanh")
    assert gpu.supports(layer, INDEX_SETS[name]) == (INDEX_SETS[name].order <= 2)


def test_enormous_grids_are_left_to_the_reference() -> None:
    index = INDEX_SETS["value"]
    weight, matrices = torch.zeros(1025, 1), torch.zeros(1, 4, 4)
    for cells, supported in ((1021, True), (1022, False)):  # of degree 3
        grid = SplineGrid(3, torch.zeros(cells + 1), matrices)
        assert gpu.supports(SplineMap(weight, grid, "none"), index) == supported


def arguments(**changes: Any) -> tuple[Any, ...]:
    layer = Layer(INDEX_SETS["laplacian"])
    tensors = {"stack": layer.stack, "weight": layer.weight, "grid": layer.grid, "grad": layer.grad} | changes
    return tensors["stack"], SplineMap(tensors["weight"], tensors["grid"], "none"), layer.index, tensors["grad"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "takes tensors on a CUDA device, and the stack is on cpu"),
        (
            {"stack": torch.zeros(3, 70, 5, dtype=torch.float64).permute(2, 1, 0)},
            r"the stack of shape \(5, 70, 3\) has strides \(1, 5, 350\); a contiguous tensor is needed",
        ),
        ({"weight": torch.zeros(5, 27, dtype=torch.float64).T}, "the weight of shape .* a contiguous tensor is needed"),
        (
            {"grad": torch.zeros(5, 5, 70, dtype=torch.float64).transpose(1, 2)},
            "the grad of shape .* a contiguous tensor is needed",
        ),
        ({"grad": torch.zeros(5, 70, 5)}, "the stack is torch.float64 and the grad torch.float32"),
        (
            {"weight": torch.zeros(27, 5, dtype=torch.float64, device="meta")},
            "the stack is on cpu and the weight on meta",
        ),
        (
            {"grid": SplineGrid.uniform(5, 3).to(torch.float64, torch.device("meta"))},
            "the stack is on cpu and the grid on meta",
        ),
    ],
)
def test_bad_tensors(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        gpu.adjoint(*arguments(**changes))


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (torch.zeros(70, 134, dtype=torch.float64), r"has shape \(70, 134\)"),
        (torch.zeros(135, 70, dtype=torch.float64).T, r"strides \(1, 70\)"),
        (torch.zeros(70, 135), "type torch.float32"),
        (torch.zeros(70, 135, dtype=torch.float64, device="meta"), "on cpu and the Jacobian on meta"),
    ],
)
def test_bad_jacobians(out: torch.Tensor, message: str) -> None:
    with pytest.raises(InputError, match=message):
        gpu.jacobian(*arguments(), out)


def test_a_grid_is_looked_at_once_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(SplineGrid, "even", property(lambda grid: looks.append(grid) or True))
    grid = SplineGrid.uniform(4, 3)
    same = SplineGrid(3, grid.edges, grid.matrices)
    assert gpu_layer.is_even(grid)
    assert gpu_layer.is_even(same)
    assert len(looks) == 1
    grid.edges.mul_(2)
    assert gpu_layer.is_even(grid)
    assert len(looks) == 2


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No back end loaded yet, and none after."""
    backends._loaded.cache_clear()
    yield
    backends._loaded.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_without_cupy_the_reference_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.warns(RuntimeWarning, match=r"the cupy back end cannot be used .*pip install 'kinn\[cuda12\]'") as seen:
        assert backends._loaded("cupy") is reference
    assert backends._loaded("cupy") is reference
    assert len(seen) == 1


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("broken", ["on import", "compiler"])
def test_with_broken_cupy_the_reference_goes_on(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(ModuleType):
        def __getattr__(self, name: str) -> Any:
            if broken == "compiler" and name == "RawModule":
                raise OSError("libnvrtc.so.13 is missing")
            if name == "__spec__":
                return None
            raise ImportError("libcuda.so.1 is missing")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setitem(sys.modules, "cupy", Broken("cupy"))
    cause = "libnvrtc.so.13" if broken == "compiler" else "libcuda.so.1"
    if broken == "on import":
        monkeypatch.setattr(gpu, "probe", lambda: sys.modules["cupy"].anything)
    with pytest.warns(RuntimeWarning, match=f"the cupy back end cannot be used .*{cause} is missing"):
        assert backends._loaded("cupy") is reference


def test_without_a_device_the_probe_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="torch sees no CUDA device"):
        gpu.probe()


class FakeCupy:
    """As much of CuPy as launches a kernel; keeps what it is asked for."""

    def __init__(self) -> None:
        self.compiled: list[tuple[str, tuple[str, ...]]] = []
        self.launched: list[tuple[Any, ...]] = []
        self.stream = 0
        attributes = {"MultiProcessorCount": 3, "MaxSharedMemoryPerBlockOptin": 100_000}
        external = SimpleNamespace(from_external=self.enter)
        self.cuda = SimpleNamespace(Device=lambda n: SimpleNamespace(attributes=attributes), Stream=external)

    @contextlib.contextmanager
    def _entered(self, pointer: int) -> Iterator[None]:
        self.stream = pointer
        yield
        self.stream = 0

    def enter(self, stream: Any) -> Any:
        fake, (version, pointer) = self, stream.__cuda_stream__()
        assert version == 0

        class Stream:
            def __enter__(self) -> None:
                self.inside = fake._entered(pointer)
                self.inside.__enter__()

            def __exit__(self, *error: object) -> None:
                self.inside.__exit__(None, None, None)

        return Stream()

    def RawModule(self, *, code: str, options: tuple[str, ...], backend: str) -> Any:
        assert backend == "nvrtc"
        self.compiled.append((code, options))

        def kernel(grid: Any, block: Any, arguments: Any, *, shared_mem: int) -> None:
            self.launched.append((grid, block, arguments, shared_mem, self.stream))

        kernel.max_dynamic_shared_size_bytes = 0  # type: ignore[attr-defined]
        self.kernel = kernel
        return SimpleNamespace(get_function=lambda name: kernel)


def test_launches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw pointers, 32-bit sizes, torch's current stream; one compilation for all sizes."""
    fake, stream = FakeCupy(), SimpleNamespace(cuda_stream=7)
    monkeypatch.setitem(sys.modules, "cupy", fake)
    monkeypatch.setattr(torch.cuda, "device", lambda number: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda number: stream)
    device = devices.CudaDevice(0)
    assert device.limits == launch_config.Limits(3, 100_000)
    layer = Layer(INDEX_SETS["collapsed"])
    variant = Variant.of(layer.index, "double", 3, "tanh", even=True)
    tensors = [layer.stack, layer.weight, layer.grid.edges, layer.grid.matrices, torch.empty(4, 70, 5)]
    for points in (40_000, 70_000):
        launch = launch_config.forward(variant, launch_config.Sizes(points, 3, 5, 5), device.limits)
        device.launch(launch, tensors)
        device.launch(launch, tensors)
        stream.cuda_stream += 1
    assert len(fake.compiled) == 1
    code, options = fake.compiled[0]
    assert code.startswith("#define KINN_REAL double\n#define KINN_DEGREE 3\n")
    assert options == ("-std=c++17",)
    assert fake.kernel.max_dynamic_shared_size_bytes == 100_000  # type: ignore[attr-defined]
    assert [entry[-1] for entry in fake.launched] == [7, 7, 8, 8]
    grid, block, passed, shared, _ = fake.launched[0]
    assert (grid, block) == ((313, 1), (128, 1))
    assert list(passed[:5]) == [t.data_ptr() for t in tensors]
    assert passed[5:9] == (40_000, 3, 5, 5)
    assert all(isinstance(n, np.int32) for n in passed[5:])
    assert shared > 0
