from __future__ import annotations

import pytest

from kinn import KAN, MLP, InputError, match_parameters


@pytest.mark.parametrize("count", [50, 312, 1051, 5000])
@pytest.mark.parametrize("architecture", [MLP((20, 20)), MLP((9,)), KAN((8,), 8)])
def test_nearest_count(architecture: MLP | KAN, count: int) -> None:
    matched = match_parameters(architecture, count, 2, 1)
    reached = matched.parameter_count(2, 1)
    for factor in (0.9, 0.95, 1.05, 1.1):
        assert abs(reached - count) <= abs(matched.resized(factor).parameter_count(2, 1) - count)
    assert abs(reached - count) <= 0.25 * count + 20


def test_nothing_to_match() -> None:
    with pytest.raises(InputError, match="at least 1"):
        match_parameters(MLP(), 0, 2, 1)
