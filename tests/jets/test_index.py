from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinn.errors import InputError
from kinn.jets import IndexSet
from kinn.jets.index import TRACE, below, binomial, trace


@given(st.integers(1, 4).flatmap(lambda d: st.lists(st.tuples(*[st.integers(0, 2)] * d), min_size=1, max_size=4)))
def test_closure_is_downward_closed_and_smallest(wanted: list[tuple[int, ...]]) -> None:
    wanted = [a for a in wanted if sum(a) <= 4] or [tuple([0] * len(wanted[0]))]
    closed = IndexSet.closure(len(wanted[0]), wanted)
    for a in closed:
        assert all(b in closed for b in below(a))
        assert any(all(i <= j for i, j in zip(a, w, strict=True)) for w in wanted) or not any(a)
    assert closed.indices[0] == (0,) * closed.dimension
    assert [sum(a) for a in closed] == sorted(sum(a) for a in closed)


def test_second_derivatives_know_their_factors() -> None:
    index = IndexSet.full(3, 2)
    for ij, ((i, j),) in index.seconds:
        total = tuple(a + b for a, b in zip(index.indices[i], index.indices[j], strict=True))
        assert index.indices[ij] == total
    assert len(index) == 10
    assert len(IndexSet.full(2, 4)) == 15


def test_a_sum_of_second_derivatives_is_one_component() -> None:
    index = IndexSet.closure(3, [trace(3, [0, 2])])
    assert index.indices == ((0, 0, 0), (1, 0, 0), (0, 0, 1), (TRACE, 0, TRACE))
    assert index.order == 2
    assert index.seconds == ((3, ((1, 1), (2, 2))),)


def test_binomial_is_that_of_leibniz() -> None:
    assert binomial((3, 2), (1, 1)) == 6
    assert sum(binomial((2, 1), b) for b in below((2, 1))) == 2**3


@pytest.mark.parametrize(("dimension", "wanted"), [(0, []), (7, []), (2, [(3, 2)])])
def test_out_of_range_is_refused(dimension: int, wanted: list[tuple[int, ...]]) -> None:
    with pytest.raises(InputError, match="derivatives are supported"):
        IndexSet.closure(dimension, wanted)
