"""Elementary functions in vector code, against torch in float64."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from kinn.ops.cpu import functions
from kinn.ops.cpu.compiled_layer import compiled
from kinn.ops.cpu.edge_kernel import lanes_of
from kinn.ops.cpu.ir_builder import KernelBuilder, Vectors, integer
from kinn.ops.cpu.tiles import Array, call, compiled_loop
from kinn.ops.reference import BOUNDED_MAPS

ORDER = 4

FUNCTIONS = {
    **functions.BOUNDED_MAPS,
    "silu": functions.silu,
    "silu behind a map": partial(functions.silu, bounded=True),
}
UNBOUNDED = ["silu", "softsign", "tanh"]


@compiled_loop
def _apply(address: int, count: int, x: Array, out: Array) -> None:
    call(address, (count, x, out))


def derivatives(name: str, x: Array) -> Array:
    """Return the derivatives 0..ORDER of a function at x, evaluated by vector code, a row each."""
    dtype = str(x.dtype)
    code = KernelBuilder("rows", {"count": "int", "x": dtype, "out": dtype})
    v = Vectors(code, dtype, lanes_of(dtype))
    with code.loop(code["count"], v.lanes) as at:
        for n, values in enumerate(FUNCTIONS[name](v, v.load(code["x"], at), ORDER + 1)):
            v.store(values, code["out"], code.plus(at, (integer(n), code["count"])))
    out = np.empty((ORDER + 1, len(x)), x.dtype)
    _apply(compiled(code.finish()), len(x), x, out)
    return out


def expected(name: str, x: Array) -> list[Array]:
    """Return the same by torch in float64."""
    argument = torch.from_numpy(x.astype(np.float64)).requires_grad_()
    if name.startswith("silu"):
        value = torch.nn.functional.silu(argument)
    else:
        rows = BOUNDED_MAPS[name]
        assert rows is not None
        value = next(rows(argument))
    out = [value.detach().numpy()]
    for _ in range(ORDER):
        (value,) = torch.autograd.grad(value.sum(), argument, create_graph=True)
        out.append(value.detach().numpy())
    return out


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_and_their_derivatives(name: str, dtype: str) -> None:
    reach = 12 if name in UNBOUNDED else 1
    x = np.concatenate(
        [np.linspace(-reach, reach, 160), np.geomspace(1e-12, 1e-2, 48), -np.geomspace(1e-12, 1e-2, 48)]
    ).astype(dtype)
    rounding = 32 * float(np.finfo(dtype).eps)
    for order, (ours, theirs) in enumerate(zip(derivatives(name, x), expected(name, x), strict=True)):
        # derivatives are polynomials in the function, times x for silu: their terms have this size
        size = 1 + np.abs(x.astype(np.float64))
        np.testing.assert_array_less(np.abs(ours - theirs) / size, rounding, err_msg=f"derivative {order}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_small_arguments_keep_their_relative_accuracy(name: str, dtype: str) -> None:
    x = np.geomspace(1e-30, 1e-3, 64).astype(dtype)
    np.testing.assert_allclose(derivatives(name, x)[0], expected(name, x)[0], rtol=8 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", UNBOUNDED)
def test_far_out_functions_neither_overflow_nor_lose_nan(name: str, dtype: str) -> None:
    x = np.array([1e4, -1e4, 200.0, -200.0, 1e30, -1e30, np.nan, 0.0] * 2, dtype)
    values = derivatives(name, x)[:2]
    assert np.isnan(values[:, 6]).all()
    finite = np.delete(values, [6, 14], axis=1)
    assert np.isfinite(finite).all()
    np.testing.assert_allclose(finite[0, :4], np.delete(expected(name, x)[0], [6, 14])[:4], rtol=1e-6, atol=1e-30)
