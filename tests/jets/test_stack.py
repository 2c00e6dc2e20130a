from __future__ import annotations

import pytest
import torch

from kinn.jets import IndexSet, Jet, compose, univariate
from kinn.jets.index import trace
from kinn.ops import SplineGrid, basis

INDEX_SETS = {
    "value": IndexSet.full(2, 0),
    "first": IndexSet.full(2, 1),
    "laplacian": IndexSet.closure(2, [(2, 0), (0, 2)]),
    "collapsed": IndexSet.closure(2, [trace(2, (0, 1))]),
    "mixed only": IndexSet.closure(3, [(1, 0, 1), (0, 2, 0)]),
    "third": IndexSet.closure(1, [(3,)]),
    "fourth": IndexSet.full(2, 4),
}


def random_stack(index: IndexSet, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return 0.4 * torch.randn(len(index), 5, 3, generator=generator, dtype=dtype)


@pytest.mark.parametrize("name", INDEX_SETS)
@pytest.mark.parametrize("function", [univariate.tanh, univariate.sin, univariate.silu])
def test_fused_equals_lazy(name: str, function: univariate.Univariate) -> None:
    index = INDEX_SETS[name]
    stack = random_stack(index)
    lazy = Jet(index.dimension, lambda a: stack[index.position[a]]).compose(function)
    expected = torch.stack([torch.as_tensor(lazy[a]) for a in index])
    torch.testing.assert_close(compose(function, stack, index), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["value", "first", "laplacian", "collapsed", "mixed only", "third"])
def test_adjoint(name: str) -> None:
    index = INDEX_SETS[name]
    stack = random_stack(index).requires_grad_()
    assert torch.autograd.gradcheck(lambda s: compose(univariate.tanh, s, index), stack)
    grid = SplineGrid.uniform(4, 5)
    assert torch.autograd.gradcheck(lambda s: compose(lambda u: basis(u, grid), s, index), stack)


def test_several_functions_at_once() -> None:
    index = INDEX_SETS["laplacian"]
    stack = random_stack(index)
    grid = SplineGrid.uniform(6, 4)
    wide = compose(lambda u: basis(u, grid), stack, index)
    assert wide.shape == (*stack.shape, grid.size)
    for k in (0, 4, grid.size - 1):
        single = compose(lambda u, k=k: (t[..., k] for t in basis(u, grid)), stack, index)  # type: ignore[misc]
        torch.testing.assert_close(wide[..., k], single)


def test_float32() -> None:
    index = INDEX_SETS["laplacian"]
    stack = random_stack(index)
    out = compose(univariate.gelu, stack.float(), index)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out.double(), compose(univariate.gelu, stack, index), rtol=1e-4, atol=1e-5)
