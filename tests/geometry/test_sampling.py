from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinn.errors import InputError
from kinn.geometry.sampling import METHODS, apportion, grid, sample_by_rejection, unit_cube


@given(n=st.integers(1, 300), dim=st.integers(0, 4), method=st.sampled_from(METHODS), seed=st.integers(0, 2**40))
def test_any_number_of_points_in_the_unit_cube(n: int, dim: int, method: str, seed: int) -> None:
    points = unit_cube(n, dim, method, seed)
    assert points.shape == (n, dim)
    assert ((points >= 0) & (points < 1)).all()


@pytest.mark.parametrize("method", ["random", "sobol", "halton"])
def test_a_longer_sample_begins_with_a_shorter_one(method: str) -> None:
    assert np.array_equal(unit_cube(300, 3, method, 7)[:41], unit_cube(41, 3, method, 7))


def test_streams_of_one_seed_differ() -> None:
    assert not np.array_equal(unit_cube(8, 2, stream=1), unit_cube(8, 2, stream=2))


def test_low_discrepancy_beats_random() -> None:
    def error(method: str) -> float:
        return float(np.mean([abs(np.prod(unit_cube(500, 2, method, s), axis=1).mean() - 0.25) for s in range(20)]))

    assert error("sobol") < 0.1 * error("random")
    assert error("halton") < 0.2 * error("random")
    assert error("lhs") < 0.5 * error("random")


def test_the_grid_is_regular_where_the_number_allows() -> None:
    points = grid(200, (2.0, 1.0))
    assert np.allclose(np.unique(points[:, 0]), (np.arange(20) + 0.5) / 20)
    assert np.allclose(np.unique(points[:, 1]), (np.arange(10) + 0.5) / 10)
    assert len(np.unique(grid(125, (1.0, 1.0, 1.0))[:, 2])) == 5


@given(n=st.integers(1, 400), extents=st.lists(st.floats(0.01, 100), min_size=1, max_size=3))
def test_the_grid_has_exactly_n_different_points(n: int, extents: list[float]) -> None:
    points = grid(n, extents)
    assert len(np.unique(points, axis=0)) == n == len(points)


@given(n=st.integers(0, 1000), weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_shares_follow_the_weights(n: int, weights: list[float]) -> None:
    shares = apportion(n, weights)
    assert sum(shares) == n
    assert min(shares) >= 0
    exact = n * np.array(weights) / sum(weights)
    assert np.all(np.abs(np.array(shares) - exact) < 1 + 1e-6)


def test_few_points_on_many_equal_pieces_are_spread() -> None:
    assert apportion(4, [1.0] * 12) == [0, 1, 0] * 4


def test_fill_goes_on_until_there_are_enough() -> None:
    assert np.array_equal(sample_by_rejection(10, lambda m: np.arange(0, m, 7), "it"), np.arange(0, 70, 7))
    assert np.array_equal(sample_by_rejection(3, lambda m: np.arange(max(9, m)), "it", spread=True), [0, 4, 8])
    with pytest.raises(InputError, match="it is an empty domain: 0 of"):
        sample_by_rejection(3, lambda m: np.zeros(m)[:0], "it")


@pytest.mark.parametrize("seed", [-1, 1.5, "a", None, True])
def test_bad_seeds(seed: object) -> None:
    with pytest.raises(InputError, match="seed"):
        unit_cube(3, 1, seed=seed)  # type: ignore[arg-type]
