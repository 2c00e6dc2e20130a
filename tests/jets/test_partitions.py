from __future__ import annotations

from math import prod

import pytest
import torch

from kinn.jets import IndexSet, compose, univariate
from kinn.jets.faa_di_bruno import composition
from kinn.jets.index import trace


def test_the_numbers_of_partitions_are_those_of_bell() -> None:
    index = IndexSet.closure(1, [(4,)])
    rule = composition(index)
    assert rule.orders == (1, 2, 3, 4)
    for order, bell in ((1, 1), (2, 2), (3, 5), (4, 15)):
        rows = {n for n, (a, _) in enumerate(rule.rows) if a == order}
        assert sum(factor for row, factor, _ in rule.monomials if row in rows) == bell


@pytest.mark.parametrize(
    "index", [IndexSet.full(1, 4), IndexSet.full(3, 3), IndexSet.closure(3, [trace(3, (0, 1, 2)), (1, 1, 0)])]
)
def test_the_formula_composes_jets(index: IndexSet) -> None:
    stack = 0.5 * torch.randn(len(index), 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rule = composition(index)
    stream = univariate.tanh(stack[0])
    tables = [next(stream) for _ in range(index.order + 1)]
    products = [torch.zeros_like(stack[0]) for _ in rule.rows]
    for row, factor, positions in rule.monomials:
        products[row] += factor * prod((stack[p] for p in positions), start=torch.ones_like(stack[0]))
    out = torch.zeros_like(stack)
    out[0] = tables[0]
    for (a, m), product in zip(rule.rows, products, strict=True):
        out[a] += tables[m] * product
    torch.testing.assert_close(out, compose(univariate.tanh, stack, index))
