"""The spline op against the torch reference, on whatever back end the processor has."""

from __future__ import annotations

import gc
import warnings
import weakref
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx

from kinn.errors import InputError
from kinn.ops import SplineGrid, SplineMap, backends, reference, spline_jet, spline_layers
from kinn.ops.autograd import _adjoint, _apply, _flat
from tests.ops.layers import GRIDS, INDEX_SETS, Layer, close

BELOW = torch.tensor(-9.0, dtype=torch.float64)


@pytest.mark.parametrize("name", INDEX_SETS)
@pytest.mark.parametrize("squash", ["none", "tanh", "softsign"])
def test_every_set_of_derivatives(name: str, squash: str) -> None:
    Layer(INDEX_SETS[name], squash=squash, degree=5).check(1e-10)


@pytest.mark.parametrize("degree", range(1, 8))
@pytest.mark.parametrize("edges", GRIDS)
def test_every_degree_and_grid(degree: int, edges: str) -> None:
    Layer(INDEX_SETS["laplacian"], degree=degree, edges=edges).check(1e-9 if edges == "graded" else 1e-10)


@pytest.mark.parametrize(
    ("points", "inputs", "outputs"), [(1, 1, 1), (65, 1, 2), (7, 2, 3), (129, 17, 17), (40, 9, 65)]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_odd_shapes(points: int, inputs: int, outputs: int, dtype: torch.dtype) -> None:
    layer = Layer(INDEX_SETS["collapsed"], points=points, inputs=inputs, outputs=outputs, squash="tanh", dtype=dtype)
    layer.check(1e-11 if dtype == torch.float64 else 2e-5)


@pytest.mark.parametrize("name", ["value", "hessian", "fourth"])
@pytest.mark.parametrize("squash", ["none", "tanh", "softsign"])
def test_float32(name: str, squash: str) -> None:
    Layer(INDEX_SETS[name], squash=squash, degree=5, dtype=torch.float32).check(2e-4 if name == "fourth" else 2e-5)


@pytest.mark.parametrize("edges", GRIDS)
@pytest.mark.parametrize("outputs", [1, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_on_knots_and_beyond_the_grid(edges: str, outputs: int, dtype: torch.dtype) -> None:
    """A cubic's third derivative, which the adjoint contains, jumps at a knot: the cell on the right has it."""
    layer = Layer(INDEX_SETS["laplacian"], edges=edges, inputs=1, outputs=outputs, dtype=dtype)
    knots = layer.grid.edges
    where = torch.cat(
        [knots, knots.new_tensor([-40.0, -3.0, float(knots[0]) - 1e-3, float(knots[-1]) + 1e-3, 5.0, 1e6])]
    )
    layer.stack, layer.grad = layer.stack[:, : len(where)].clone(), layer.grad[:, : len(where)].clone()
    layer.stack[0, :, 0] = where
    layer.check(1e-9 if dtype == torch.float64 else 3e-4)


def test_uniform_grids_of_many_cells_find_every_knot() -> None:
    index = INDEX_SETS["laplacian"]
    for intervals in (7, 10, 33, 100):
        grid = SplineGrid.uniform(intervals, 3)
        x = torch.cat([grid.edges, torch.nextafter(grid.edges, BELOW), torch.nextafter(grid.edges, -BELOW)])
        stack = torch.randn(len(index), len(x), 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        stack[0, :, 0] = x
        weight = torch.randn(grid.size + 1, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        grad = torch.ones(len(index), len(x), 3, dtype=torch.float64)
        variable = stack.clone().requires_grad_()
        (found,) = torch.autograd.grad(spline_jet(variable, weight, grid, index), variable, grad)
        expected, _ = reference.adjoint(stack, SplineMap(weight, grid, "none"), index, grad)
        assert expected is not None
        on_knots = slice(0, len(grid.edges))
        close(found[:, on_knots], expected[:, on_knots], 1e-8)


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    layer = Layer(INDEX_SETS["hessian"], points=3000, outputs=8, squash="tanh")
    threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            stack, weight = layer.stack.clone().requires_grad_(), layer.weight.clone().requires_grad_()
            out = spline_jet(stack, weight, layer.grid, layer.index, squash="tanh")
            results.append((out.detach(), *torch.autograd.grad(out, (stack, weight), layer.grad)))
    finally:
        torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_many_points_are_cut_into_ranges() -> None:
    Layer(INDEX_SETS["collapsed"], points=5001, inputs=2, outputs=1).check(1e-10)


def test_reverse_mode_nests_without_limit() -> None:
    layer = Layer(INDEX_SETS["collapsed"], points=4, inputs=2, outputs=2, degree=5)
    stack, weight = layer.stack.clone().requires_grad_(), layer.weight.clone().requires_grad_()

    def op(s: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return spline_jet(s, w, layer.grid, layer.index, squash="tanh")

    assert torch.autograd.gradcheck(op, (stack, weight))
    assert torch.autograd.gradgradcheck(op, (stack, weight))
    assert torch.autograd.gradcheck(lambda w: op(stack.detach(), w), weight)


def test_torch_func_takes_the_reference() -> None:
    layer = Layer(INDEX_SETS["laplacian"], points=3)

    def total(s: torch.Tensor) -> torch.Tensor:
        return spline_jet(s, layer.weight, layer.grid, layer.index, check_finite=False).sum()

    stack = layer.stack.clone().requires_grad_()
    (expected,) = torch.autograd.grad(total(stack), stack)
    torch.testing.assert_close(torch.func.grad(total)(layer.stack), expected)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch's own
@pytest.mark.parametrize("transform", ["dual", "jvp"])
def test_forward_mode_is_refused(transform: str) -> None:
    layer = Layer(INDEX_SETS["laplacian"])

    def op(s: torch.Tensor) -> torch.Tensor:
        return spline_jet(s, layer.weight, layer.grid, layer.index, check_finite=False)

    def differentiate() -> None:
        if transform == "jvp":
            torch.func.jvp(op, (layer.stack,), (layer.stack,))
        else:
            with forward_ad.dual_level():
                op(forward_ad.make_dual(layer.stack, layer.stack))

    with pytest.raises(InputError, match="reverse mode only"):
        differentiate()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_knows_the_op(dtype: torch.dtype) -> None:
    layer = Layer(INDEX_SETS["collapsed"], points=6, dtype=dtype)
    stack, weight = layer.stack.clone().requires_grad_(), layer.weight.clone().requires_grad_()
    rest = (layer.grid.edges, layer.grid.matrices, _flat(layer.index), "tanh")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.library.opcheck(_apply, (stack, weight, *rest))
        torch.library.opcheck(_adjoint, (layer.stack, layer.weight, *rest, layer.grad))


def test_compiled_programs_contain_the_op() -> None:
    layer = Layer(INDEX_SETS["laplacian"], points=5)

    def op(s: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return spline_jet(s, w, layer.grid, layer.index, squash="tanh", check_finite=False) * 2

    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fakes = mode.from_tensor(layer.stack), mode.from_tensor(layer.weight)
        program = make_fx(op)(*fakes)
    assert "kinn.spline_jet" in program.code
    torch.testing.assert_close(program(layer.stack, layer.weight), op(layer.stack, layer.weight))


def test_a_strided_stack_is_taken_as_it_is() -> None:
    layer = Layer(INDEX_SETS["laplacian"], inputs=4)
    layer.stack = layer.stack.transpose(1, 2).contiguous().transpose(1, 2)
    assert not layer.stack.is_contiguous()
    layer.check()


def test_diverged_values_come_out_as_nan() -> None:
    for outputs in (1, 5):
        layer = Layer(INDEX_SETS["laplacian"], outputs=outputs, squash="tanh")
        layer.stack[0, 3, 1] = torch.nan
        out = spline_jet(layer.stack, layer.weight, layer.grid, layer.index, squash="tanh", check_finite=False)
        assert bool(out[0, 3].isnan().all())
        assert bool(torch.isfinite(out[:, :3]).all())
        assert bool(torch.isfinite(out[:, 4:]).all())


def bad(**changes: Any) -> dict[str, Any]:
    layer = Layer(INDEX_SETS["laplacian"])
    return {"stack": layer.stack, "weight": layer.weight, "grid": layer.grid, "index": layer.index} | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stack": torch.zeros(4, 5, 3, dtype=torch.float64)}, r"5 components ask for \(5, N, I\)"),
        ({"stack": torch.zeros(5, 3, dtype=torch.float64)}, r"shape \(5, 3\)"),
        ({"weight": torch.zeros(7, 2, dtype=torch.float64)}, r"ask for \(27, O\)"),
        ({"weight": torch.zeros(27, 5)}, "the stack is float64 and the weight float32"),
        ({"grid": SplineGrid.uniform(5, 3, dtype=torch.float32)}, "the stack is float64 and the grid float32"),
        ({"stack": torch.zeros(5, 70, 3, dtype=torch.float16)}, "float16, and splines are float32 or float64"),
        ({"weight": torch.zeros(27, 5, dtype=torch.float64, device="meta")}, "on cpu and the weight on meta"),
        ({"stack": torch.full((5, 70, 3), torch.nan, dtype=torch.float64)}, r"the stack is nan at \(0, 0, 0\)"),
        ({"weight": torch.full((27, 5), torch.inf, dtype=torch.float64)}, r"the weight is inf at \(0, 0\)"),
        ({"squash": "tahn"}, "did you mean 'tanh'"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        spline_jet(**bad(**changes))


def test_the_environment_chooses_the_back_end(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Layer(INDEX_SETS["laplacian"])
    arguments = (layer.spline_map, layer.index)
    monkeypatch.delenv(backends.VARIABLE, raising=False)
    assert backends.backend_for(*arguments).__name__ == "kinn.ops.cpu"  # type: ignore[attr-defined]
    monkeypatch.setenv(backends.VARIABLE, "torch")
    assert backends.backend_for(*arguments) is reference
    monkeypatch.setenv(backends.VARIABLE, "cupy")  # for another device: the reference goes on
    assert backends.backend_for(*arguments) is reference
    monkeypatch.setenv(backends.VARIABLE, "nmba")
    with pytest.raises(InputError, match="did you mean 'numba'"):
        backends.backend_for(*arguments)


def test_a_broken_back_end_is_replaced_with_one_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backends.MODULES, "numba", "kinn.ops.nowhere")
    backends._loaded.cache_clear()
    layer = Layer(INDEX_SETS["laplacian"])
    message = r"numba back end cannot be used .*No module named 'kinn.ops.nowhere'"
    try:
        with pytest.warns(RuntimeWarning, match=message):
            spline_jet(layer.stack, layer.weight, layer.grid, layer.index)
        spline_jet(layer.stack, layer.weight, layer.grid, layer.index)  # a second warning would be an error
    finally:
        backends._loaded.cache_clear()


def test_a_chain_of_layers_is_one_layer_after_the_other() -> None:
    index = INDEX_SETS["laplacian"]
    first = Layer(index, outputs=5, squash="tanh")
    second = Layer(index, inputs=5, outputs=2)
    weights = [first.weight.clone().requires_grad_(), second.weight.clone().requires_grad_()]
    stack = first.stack.clone().requires_grad_()
    maps = [SplineMap(weights[0], first.grid, "tanh"), SplineMap(weights[1], second.grid, "none")]
    together = spline_layers(stack, maps, index)
    apart = spline_jet(spline_jet(stack, weights[0], first.grid, index, squash="tanh"), weights[1], second.grid, index)
    torch.testing.assert_close(together, apart, rtol=0, atol=0)
    grads = [torch.autograd.grad(out.square().sum(), (stack, *weights), retain_graph=True) for out in (together, apart)]
    for ours, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-13)
    with pytest.raises(InputError, match=r"5 inputs with 8 splines"):
        spline_layers(stack, [maps[0], maps[0]], index)


def test_a_chain_can_be_differentiated_twice() -> None:
    index = INDEX_SETS["laplacian"]
    first, second = Layer(index, points=3, outputs=2, squash="tanh"), Layer(index, inputs=2, outputs=1)

    def chain(stack: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        maps = [SplineMap(weights[0], first.grid, "tanh"), SplineMap(weights[1], second.grid, "none")]
        return spline_layers(stack, maps, index)

    arguments = [t.clone().requires_grad_() for t in (first.stack, first.weight, second.weight)]
    assert torch.autograd.gradgradcheck(chain, arguments, atol=1e-4, rtol=1e-4)


def test_a_step_leaves_no_cycle_behind() -> None:
    layer = Layer(INDEX_SETS["laplacian"])
    weight = layer.weight.clone().requires_grad_()
    gc.collect()
    gc.disable()
    try:
        out = spline_jet(layer.stack, weight, layer.grid, layer.index)
        gone = weakref.ref(out)
        torch.autograd.grad(out.sum(), weight)
        del out
        assert gone() is None
    finally:
        gc.enable()
