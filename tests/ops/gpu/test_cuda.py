"""The back end on a CUDA device."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from kinn.errors import InputError
from kinn.jets import IndexSet
from kinn.ops import SplineGrid, SplineMap, backends, gpu, reference, spline_jet
from tests.ops.layers import GRIDS, INDEX_SETS, Layer, close

pytestmark = pytest.mark.gpu


@pytest.fixture(autouse=True)
def cupy_back_end() -> Iterator[None]:
    """Fail where a layer on the device is not evaluated by the kernels."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer = Layer(INDEX_SETS["value"], device="cuda")
        assert backends.backend_for(layer.spline_map, layer.index) is gpu
        yield


def arguments(layer: Layer) -> tuple[Any, ...]:
    return layer.stack, layer.spline_map, layer.index


@pytest.mark.parametrize("name", [name for name, index in INDEX_SETS.items() if index.order <= 2])
@pytest.mark.parametrize("squash", ["none", "tanh", "softsign"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_set_of_derivatives(name: str, squash: str, dtype: torch.dtype) -> None:
    layer = Layer(INDEX_SETS[name], squash=squash, degree=5, points=1000, dtype=dtype, device="cuda")
    layer.check(1e-10 if dtype == torch.float64 else 5e-5)


@pytest.mark.parametrize("degree", range(1, 8))
@pytest.mark.parametrize("edges", GRIDS)
def test_every_degree_and_grid(degree: int, edges: str) -> None:
    Layer(INDEX_SETS["laplacian"], degree=degree, edges=edges, device="cuda").check(1e-9)


@pytest.mark.parametrize(
    ("points", "inputs", "outputs"),
    [(1, 1, 1), (65, 1, 3), (7, 2, 5), (129, 17, 17), (40, 9, 65), (20_000, 16, 16), (5_000, 64, 64)],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shapes(points: int, inputs: int, outputs: int, dtype: torch.dtype) -> None:
    layer = Layer(
        INDEX_SETS["collapsed"],
        points=points,
        inputs=inputs,
        outputs=outputs,
        squash="tanh",
        dtype=dtype,
        device="cuda",
    )
    layer.check(1e-10 if dtype == torch.float64 else 1e-4)


def test_all_second_derivatives_in_six_coordinates() -> None:
    Layer(IndexSet.full(6, 2), degree=7, points=333, inputs=5, outputs=7, device="cuda").check(1e-9)


def test_results_repeat_bit_for_bit() -> None:
    layer = Layer(INDEX_SETS["hessian"], points=50_000, outputs=16, squash="tanh", dtype=torch.float32, device="cuda")
    once, again = gpu.adjoint(*arguments(layer), layer.grad), gpu.adjoint(*arguments(layer), layer.grad)
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True) if a is not None and b is not None)


def test_kernels_run_on_the_current_stream() -> None:
    """A long wait on the stream delays what is put on it, and nothing else."""
    layer = Layer(INDEX_SETS["laplacian"], points=1000, device="cuda")
    expected = gpu.forward(*arguments(layer))
    target = torch.zeros_like(layer.stack)
    torch.cuda.synchronize()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(50_000_000)
        target.copy_(layer.stack, non_blocking=True)
        found = gpu.forward(target, *arguments(layer)[1:])
    stream.synchronize()
    assert torch.equal(found, expected)


def test_nothing_waits_for_the_device_and_torch_gives_the_memory() -> None:
    import cupy

    layer = Layer(INDEX_SETS["collapsed"], points=10_000, inputs=16, outputs=16, device="cuda")
    out = torch.zeros(10_000, layer.weight.numel(), dtype=torch.float64, device="cuda")
    gpu.forward(*arguments(layer))
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(2):
            gpu.forward(*arguments(layer))
            gpu.adjoint(*arguments(layer), layer.grad)
            gpu.jacobian(*arguments(layer), layer.grad, out)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert cupy.get_default_memory_pool().total_bytes() == 0


def test_cuda_graphs_hold_layers() -> None:
    layer = Layer(INDEX_SETS["collapsed"], points=4096, inputs=16, outputs=16, squash="tanh", device="cuda")
    stack, weight = layer.stack.clone().requires_grad_(), layer.weight.clone().requires_grad_()

    def step() -> tuple[torch.Tensor, ...]:
        out = spline_jet(stack, weight, layer.grid, layer.index, squash="tanh", check_finite=False)
        return (out, *torch.autograd.grad(out, (stack, weight), layer.grad))

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        results = step()
    with torch.no_grad():
        stack.mul_(0.5)
        weight.mul_(-1.5)
    graph.replay()
    torch.cuda.synchronize()
    start = stack.detach(), SplineMap(weight.detach(), layer.grid, "tanh"), layer.index
    close(results[0], reference.forward(*start), 1e-10)
    for found, expected in zip(results[1:], reference.adjoint(*start, layer.grad), strict=True):
        assert expected is not None
        close(found, expected, 1e-10)


def test_a_new_grid_in_a_graph_is_refused() -> None:
    layer = Layer(INDEX_SETS["value"], device="cuda")
    gpu.forward(*arguments(layer))
    layer.grid = SplineGrid(3, layer.grid.edges.clone(), layer.grid.matrices)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with pytest.raises(InputError, match="evaluate the layer once before capturing"), torch.cuda.graph(graph):
        gpu.forward(*arguments(layer))


def test_bad_tensors() -> None:
    layer = Layer(INDEX_SETS["laplacian"], device="cuda")
    stack, *rest = arguments(layer)
    with pytest.raises(InputError, match="a contiguous tensor is needed"):
        gpu.forward(stack.transpose(0, 1).contiguous().transpose(0, 1), *rest)
    with pytest.raises(InputError, match=r"the stack is on cpu and the grid on cuda:0"):
        gpu.forward(stack.cpu(), *rest)
    with pytest.raises(InputError, match=r"the stack is on cuda:0 and the weight on cpu"):
        spline_jet(stack, layer.weight.cpu(), layer.grid, layer.index)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_other_devices() -> None:
    Layer(INDEX_SETS["laplacian"], device="cuda:1").check(1e-10)
    layer, other = Layer(INDEX_SETS["laplacian"], device="cuda:0"), Layer(INDEX_SETS["laplacian"], device="cuda:1")
    with pytest.raises(InputError, match=r"the stack is on cuda:0 and the weight on cuda:1"):
        gpu.forward(layer.stack, SplineMap(other.weight, layer.grid, layer.squash), layer.index)
