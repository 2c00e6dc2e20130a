"""The kernels, run on host threads, against the torch reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from kinn.jets import IndexSet
from kinn.jets.index import trace
from kinn.ops import SplineGrid, gpu, reference
from kinn.ops.gpu.launch_config import Limits
from tests.ops.gpu.conftest import SMALL
from tests.ops.gpu.shim_device import ShimDevice, supports_sanitizers
from tests.ops.layers import GRIDS, INDEX_SETS, Layer, close

Shim = Callable[..., ShimDevice]

#: The kernels of a layer whose cotangents are asked for.
KERNELS = {"kinn_forward", "kinn_input_grad", "kinn_weight_parts", "kinn_jacobian"}

BOUNDS = ("none", "tanh", "softsign")


def check(layer: Layer, shim: Shim, rtol: float, limits: Limits = SMALL, *sanitizers: str) -> ShimDevice:
    """Hold a layer against the reference, and see that kernels evaluated it."""
    device = shim(limits, *sanitizers)
    layer.check(rtol)
    assert {launch.kernel for launch in device.launches} >= KERNELS
    return device


@pytest.mark.parametrize("degree", range(1, 8))
def test_every_degree(degree: int, shim: Shim) -> None:
    edges = ("uniform", "graded", "one cell")[degree % 3]
    layer = Layer(INDEX_SETS["laplacian"], degree=degree, edges=edges, squash=BOUNDS[degree // 3])
    check(layer, shim, 1e-9 if edges == "graded" else 1e-10)


@pytest.mark.parametrize(
    ("name", "squash", "dtype"),
    [
        ("value", "softsign", torch.float64),
        ("slope 1d", "none", torch.float32),
        ("slope 6d", "tanh", torch.float64),
        ("collapsed 6d", "softsign", torch.float32),
        ("mixed", "none", torch.float64),
        ("mixed", "tanh", torch.float32),
        ("hessian", "softsign", torch.float64),
    ],
)
def test_every_set_of_derivatives(name: str, squash: str, dtype: torch.dtype, shim: Shim) -> None:
    layer = Layer(INDEX_SETS[name], degree=5, points=40, squash=squash, dtype=dtype)
    check(layer, shim, 1e-10 if dtype == torch.float64 else 3e-5)


def test_partial_sums_of_second_derivatives(shim: Shim) -> None:
    index = IndexSet.closure(4, [trace(4, (1, 3)), (2, 0, 0, 0), (1, 0, 1, 0)])
    check(Layer(index, points=40, squash="tanh"), shim, 1e-10)


def test_all_second_derivatives_in_six_coordinates(shim: Shim) -> None:
    check(Layer(IndexSet.full(6, 2), degree=7, points=33, inputs=2, outputs=3), shim, 1e-10)


@pytest.mark.parametrize(("points", "inputs", "outputs"), [(1, 1, 1), (65, 1, 3), (7, 2, 5), (70, 17, 17), (40, 3, 65)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_odd_shapes(points: int, inputs: int, outputs: int, dtype: torch.dtype, shim: Shim) -> None:
    layer = Layer(INDEX_SETS["collapsed"], points=points, inputs=inputs, outputs=outputs, squash="tanh", dtype=dtype)
    check(layer, shim, 1e-11 if dtype == torch.float64 else 2e-5)


def test_blocks_of_full_size(shim: Shim) -> None:
    limits = Limits(multiprocessors=1, shared=227 << 10)
    layer = Layer(INDEX_SETS["collapsed"], points=300, inputs=4, outputs=16, squash="tanh", dtype=torch.float32)
    device = check(layer, shim, 2e-5, limits)
    assert max(launch.variant.outputs for launch in device.launches) == 16
    assert all(launch.block[0] == 128 for launch in device.launches if launch.kernel != "kinn_weight_sum")


@pytest.mark.parametrize("edges", GRIDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_on_knots_and_beyond_the_grid(edges: str, dtype: torch.dtype, shim: Shim) -> None:
    """A cubic's third derivative, which the adjoint contains, jumps at a knot: the cell on the right has it."""
    layer = Layer(INDEX_SETS["laplacian"], edges=edges, inputs=1, outputs=1, dtype=dtype)
    knots = layer.grid.edges
    beyond = [-40.0, -3.0, float(knots[0]) - 1e-3, float(knots[-1]) + 1e-3, 5.0, 1e6]
    where = torch.cat([knots, knots.new_tensor(beyond)])
    layer.stack, layer.grad = layer.stack[:, : len(where)].clone(), layer.grad[:, : len(where)].clone()
    layer.stack[0, :, 0] = where
    check(layer, shim, 1e-9 if dtype == torch.float64 else 3e-4)


def test_grids_of_many_cells_find_every_knot(shim: Shim) -> None:
    below = torch.tensor(-9.0, dtype=torch.float64)
    for intervals in (7, 10, 33, 100):
        layer = Layer(INDEX_SETS["laplacian"], inputs=1, outputs=1)
        layer.grid = grid = SplineGrid.uniform(intervals, 3)
        where = torch.cat([grid.edges, torch.nextafter(grid.edges, below), torch.nextafter(grid.edges, -below)])
        generator = torch.Generator().manual_seed(intervals)
        layer.stack = torch.randn(5, len(where), 1, dtype=torch.float64, generator=generator)
        layer.stack[0, :, 0] = where
        layer.weight = torch.randn(grid.size + 1, 1, dtype=torch.float64, generator=generator)
        grad = torch.ones(5, len(where), 1, dtype=torch.float64)
        arguments = (layer.stack, layer.spline_map, layer.index, grad)
        found, expected = gpu.adjoint(*arguments)[0], reference.adjoint(*arguments)[0]
        assert found is not None
        assert expected is not None
        on_knots = slice(0, len(grid.edges))
        close(found[:, on_knots], expected[:, on_knots], 1e-8)


def graded(layer: Layer, cells: int) -> Layer:
    """Return the layer on a grid of many cells of unequal widths."""
    edges = torch.linspace(-1.0, 1.0, cells + 1, dtype=torch.float64)
    layer.grid = SplineGrid.from_edges(edges + 0.3 * edges**3, layer.grid.degree)
    generator = torch.Generator().manual_seed(cells)
    rows = layer.stack.shape[2] * (layer.grid.size + 1)
    layer.weight = torch.randn(rows, layer.weight.shape[1], dtype=torch.float64, generator=generator)
    return layer


def test_matrices_that_are_too_many_for_shared_memory_stay_outside(shim: Shim) -> None:
    device = check(graded(Layer(INDEX_SETS["laplacian"], squash="tanh"), 120), shim, 1e-9)
    # the fifth number after the pointers says whether they were copied
    assert {int(launch.scalars[4]) for launch in device.launches if "sum" not in launch.kernel} == {0}


def test_weights_that_are_too_many_for_shared_memory_are_tiled(shim: Shim) -> None:
    limits = Limits(multiprocessors=2, shared=20 << 10, threads=32)
    device = check(graded(Layer(INDEX_SETS["collapsed"], inputs=5, outputs=7), 150), shim, 1e-9, limits)
    assert max(launch.shared for launch in device.launches) <= limits.shared
    assert min(launch.grid[0] for launch in device.launches if launch.kernel == "kinn_weight_parts") > 5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_cotangent_of_the_weight_is_added_up_in_parts(dtype: torch.dtype, shim: Shim) -> None:
    limits = Limits(multiprocessors=8, shared=64 << 10, threads=64)
    layer = Layer(INDEX_SETS["collapsed"], points=3001, inputs=2, outputs=3, squash="tanh", dtype=dtype)
    device = check(layer, shim, 1e-10 if dtype == torch.float64 else 3e-5, limits)
    assert "kinn_weight_sum" in {launch.kernel for launch in device.launches}


def test_results_repeat_bit_for_bit(shim: Shim) -> None:
    shim(Limits(multiprocessors=8, shared=64 << 10, threads=64))
    layer = Layer(INDEX_SETS["collapsed"], points=3001, inputs=2, outputs=3, squash="tanh")
    arguments = (layer.stack, layer.spline_map, layer.index, layer.grad)
    once, again = gpu.adjoint(*arguments), gpu.adjoint(*arguments)
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True) if a is not None and b is not None)


def test_diverged_values_come_out_as_nan(shim: Shim) -> None:
    layer = Layer(INDEX_SETS["collapsed"], points=70, inputs=17, outputs=17, squash="tanh")
    layer.stack[0, 3, 1] = torch.nan
    out = gpu.forward(layer.stack, layer.spline_map, layer.index)
    assert bool(out[0, 3].isnan().all())
    assert bool(torch.isfinite(out[:, :3]).all())
    assert bool(torch.isfinite(out[:, 4:]).all())


def test_layers_without_points(shim: Shim) -> None:
    layer = Layer(INDEX_SETS["collapsed"], points=0)
    arguments = (layer.stack, layer.spline_map, layer.index)
    assert gpu.forward(*arguments).shape == (4, 0, 5)
    stack_grad, weight_grad = gpu.adjoint(*arguments, layer.grad)
    assert stack_grad is not None
    assert stack_grad.shape == layer.stack.shape
    assert not weight_grad.any()
    gpu.jacobian(*arguments, layer.grad, torch.zeros(0, layer.weight.numel(), dtype=torch.float64))


WIDE = {"points": 70, "inputs": 17, "outputs": 17, "squash": "tanh", "dtype": torch.float32}
GRADED = {"points": 33, "inputs": 2, "outputs": 3, "squash": "softsign", "edges": "graded", "degree": 5}
NARROW = {"points": 257, "inputs": 1, "outputs": 1}


@pytest.mark.parametrize(
    ("sanitizers", "name", "settings"),
    [
        (("address", "undefined"), "collapsed", WIDE),
        (("address", "undefined"), "mixed", GRADED),
        (("thread",), "collapsed", WIDE),
        (("thread",), "slope 1d", NARROW),
    ],
)
def test_sanitizers_find_nothing(sanitizers: tuple[str, ...], name: str, settings: Any, shim: Shim) -> None:
    """Steps beyond buffers and shared memory, undefined arithmetic, and accesses with no barrier between them."""
    if not supports_sanitizers(*sanitizers):
        pytest.skip(f"the C++ compiler has no {' or '.join(sanitizers)} sanitizer")
    layer = Layer(INDEX_SETS[name], **settings)
    check(layer, shim, 3e-5 if layer.stack.dtype == torch.float32 else 1e-9, SMALL, *sanitizers)
    layer.stack[0, 0, 0] = torch.nan  # whose cell is as good as any, if it is one
    gpu.forward(layer.stack, layer.spline_map, layer.index)
    gpu.adjoint(layer.stack, layer.spline_map, layer.index, layer.grad)
